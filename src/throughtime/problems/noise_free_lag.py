"""Say the first symbol again after a long time without any noise: three versions, each harder."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_probabilities_near, cross_entropy
from throughtime.problems.lengths import last_steps, one_hot, padded
from throughtime.problems.problem import Examples, Problem

MARGIN = {"2a": 0.25, "2b": 0.25, "2c": 0.2}
"""Every output unit has to be nearer than this to what it should be."""

GOING_ON = 0.9
"""The probability of another symbol in version 2c, after those that are always there."""


class NoiseFreeLag(Problem):
    r"""The last symbol is the first one again, x or y; what stands between them tells nothing of it.

    **Equations**

        "2a"     x or y, then a_1, a_2, ..., a_{p-1} in this order, then the first again; every symbol but the
                 first is to be foretold
        "2b"     x or y, then p - 1 symbols, each any of a_1 ... a_{p-1}, then the first again, which alone
                 is to be foretold
        "2c"     b, x or y, q symbols and as many more as come before a coin of probability 1/10 falls, each
                 any of a_1 ... a_p, then e, then the symbol behind b again, which alone is to be foretold
        loss     the cross-entropy, averaged over the steps that count

    **Shapes**

        an element and an answer `[p + 1]`, a_1 ... a_{p-1}, x, y one-hot; `[p + 4]` in version 2c, with a_p
        before x and y, and e and b behind them

    Arguments:
        symbols: p, at least 2; in versions 2a and 2b the lag, too.
        lag: q, the smallest lag in version 2c, at least 1; unused in the others.
        version: as Hochreiter & Schmidhuber number their experiments.

    A sequence is answered right if every output unit, as a probability, is off by less than 0.25 at every
    step that counts, or less than 0.2 in version 2c.

    **Differs from**

        The paper, whose output units are logistic and learn by the squared error.

    **Source**

        Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.2.
    """

    kind: ClassVar[str] = "noise_free_lag"

    symbols: Annotated[int, Field(ge=2)] = 100
    lag: Annotated[int, Field(ge=1)] = 50
    version: Literal["2a", "2b", "2c"] = "2a"

    @property
    def feature_count(self) -> int:
        """One for each symbol."""
        return self.symbols + (4 if self.version == "2c" else 1)

    @property
    def output_size(self) -> int:
        """One for each symbol."""
        return self.feature_count

    @property
    def chance(self) -> float:
        """x or y."""
        return 0.5

    @property
    def trivial_loss(self) -> float:
        """x and y with the same probability, at one of p steps in version 2a."""
        return float(np.log(2) / (self.symbols if self.version == "2a" else 1))

    @property
    def optimal_loss(self) -> float:
        """The first symbol remembered."""
        return 0.0

    @property
    def success(self) -> float:
        """All sequences."""
        return 1.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences without their last symbol, in version 2c padded to a multiple of 32 steps."""
        if self.version == "2c":
            return self._of_any_length(count, generator)
        p = self.symbols
        first = p - 1 + generator.integers(2, size=count)
        between = (
            np.broadcast_to(np.arange(p - 1)[:, None], (p - 1, count))
            if self.version == "2a"
            else generator.integers(p - 1, size=(p - 1, count))
        )
        symbols = np.concatenate([first[None], between, first[None]])
        lengths = np.full(count, p)
        mask = np.ones((p, count), np.float32) if self.version == "2a" else last_steps(lengths, p)
        return Examples(one_hot(symbols[:-1], self.feature_count, lengths), symbols[1:], mask, lengths)

    def _of_any_length(self, count: int, generator: np.random.Generator) -> Examples:
        p = self.symbols
        end, begin = p + 2, p + 3
        first = p + generator.integers(2, size=count)
        # A coin that falls at once lets no further symbol come; NumPy counts the throws.
        lengths = 2 + self.lag + generator.geometric(1 - GOING_ON, count)
        steps = padded(int(lengths.max()))
        symbols = generator.integers(p, size=(steps, count))
        symbols[0], symbols[1], symbols[lengths - 1, np.arange(count)] = begin, first, end
        return Examples(
            one_hot(symbols, self.feature_count, lengths),
            np.broadcast_to(first, (steps, count)),
            last_steps(lengths, steps),
            lengths,
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where every symbol that was to be foretold has nearly all of the probability."""
        return all_probabilities_near(outputs, examples, MARGIN[self.version])
