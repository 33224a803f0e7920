"""In which order did the two or three symbols that matter come?"""

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_probabilities_near, all_steps_right, cross_entropy
from throughtime.problems.lengths import draw_lengths, last_steps, longest, one_hot
from throughtime.problems.problem import Examples, Problem

MARGIN = 0.3
"""Every output unit has to be nearer than this to what it should be, in the version of 1997."""

PLACES: dict[tuple[str, int], tuple[tuple[float, float], ...]] = {
    ("hochreiter", 2): ((0.1, 0.2), (0.5, 0.6)),
    ("hochreiter", 3): ((0.1, 0.2), (0.33, 0.43), (0.66, 0.76)),
    ("martens", 2): ((0.1, 0.2), (0.5, 0.6)),
    ("martens", 3): ((0.1, 0.2), (0.3, 0.4), (0.6, 0.7)),
}
"""Between which shares of T each symbol that matters stands, by version and number of bits."""

DISTRACTORS = 4
"""The symbols that mean nothing, numbered behind X and Y."""


class TemporalOrder(Problem):
    r"""Somewhere among other symbols there are two, or three, that are X or Y: which, and in which order?

    **Equations**

        "hochreiter"    E, then any of a, b, c, d at each step, but X or Y at t_1, t_2 (and t_3), and B at the
                        end; the length is any of T ... 1.1 T
        "martens"       any of a, b, c, d at each step, but X or Y at t_1, t_2 (and t_3); the length is T
        2 bits          t_1 in [0.1, 0.2] T; t_2 in [0.5, 0.6] T
        3 bits          t_1 in [0.1, 0.2] T; "hochreiter" t_2 in [0.33, 0.43] T, t_3 in [0.66, 0.76] T;
                        "martens" t_2 in [0.3, 0.4] T, t_3 in [0.6, 0.7] T
        target          which of the 4 or 8 orders, at the last step
        loss            the cross-entropy of the answer at the last step

    **Shapes**

        an element `[8]`, X, Y, a, b, c, d, E, B one-hot, or `[6]` without E and B; an answer `[4]` or `[8]`

    Arguments:
        bits: how many symbols matter, 2 or 3.
        length: T, at least 10 steps.
        version: whose rules. By those of 1997, an answer is right if every output unit, as a probability, is
            off by less than 0.3; by the others, if the right class is the likeliest.

    **Differs from**

        Hochreiter & Schmidhuber, whose output units are logistic and learn by the squared error. Martens &
        Sutskever count steps from T/10; whether the upper end belongs to it is not said, and here it does.

    **Source**

        Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.6; Martens & Sutskever 2011,
        "Learning recurrent neural networks with Hessian-free optimization", section 4.1; Pascanu, Mikolov &
        Bengio 2013, arXiv 1211.5063, section 4.1, with T up to 200.
    """

    kind: ClassVar[str] = "temporal_order"

    bits: Annotated[int, Field(ge=2, le=3)] = 2
    length: Annotated[int, Field(ge=10)] = 100
    version: Literal["hochreiter", "martens"] = "hochreiter"

    @property
    def feature_count(self) -> int:
        """X, Y, the distractors, and in one version the ends."""
        return 2 + DISTRACTORS + (2 if self.version == "hochreiter" else 0)

    @property
    def output_size(self) -> int:
        """One class for each order."""
        return 2**self.bits

    @property
    def chance(self) -> float:
        """One of the orders."""
        return 0.5**self.bits

    @property
    def trivial_loss(self) -> float:
        """Every order with the same probability."""
        return float(self.bits * np.log(2))

    @property
    def optimal_loss(self) -> float:
        """All symbols that matter remembered."""
        return 0.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, padded to one length where they have different ones."""
        first, last = 2 + DISTRACTORS, 3 + DISTRACTORS
        every = np.arange(count)
        if self.version == "hochreiter":
            steps, lengths = longest(self.length), draw_lengths(self.length, count, generator)
        else:
            steps, lengths = self.length, np.full(count, self.length)
        symbols = generator.integers(2, 2 + DISTRACTORS, (steps, count))
        if self.version == "hochreiter":
            symbols[0], symbols[lengths - 1, every] = first, last
        order = generator.integers(2, size=(self.bits, count))
        for symbol, (low, high) in zip(order, PLACES[self.version, self.bits], strict=True):
            where = generator.integers(round(low * self.length), round(high * self.length) + 1, count)
            symbols[where, every] = symbol
        target = np.sum(order * 2 ** np.arange(self.bits - 1, -1, -1)[:, None], axis=0)
        return Examples(
            one_hot(symbols, self.feature_count, lengths),
            np.broadcast_to(target, (steps, count)),
            last_steps(lengths, steps),
            lengths,
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell which orders were told, by the criterion of the version."""
        if self.version == "hochreiter":
            return all_probabilities_near(outputs, examples, MARGIN)
        return all_steps_right(outputs, examples)
