"""Add two marked numbers of a long sequence: three versions, which are not comparable with one another."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field

from throughtime.problems.criteria import all_numbers_near
from throughtime.problems.marked_pair import (
    MARGIN,
    PairVersion,
    draw_pair,
    examples_of_pairs,
    first_is_marked,
    marked_numbers,
    pair_lengths,
    pair_steps,
)
from throughtime.problems.problem import Examples, Problem


class Adding(Problem):
    r"""Two numbers of a sequence are marked; what do they add up to?

    **Equations**

        an element      (x_t, m_t); the mark m_t is 1 at two steps i and j, and 0 elsewhere
        "hochreiter"    x ~ U(-1, 1); the length is any of T ... 1.1 T; i is one of the first 10 steps, j
                        another one of the first T/2 - 1; m = -1 at the first and the last step, unless they
                        are i or j; target 1/2 + (x_i + x_j) / 4, and a marked first step counts as 0
        "le"            x ~ U(0, 1); the length is T; i is in the first half, j in the second;
                        target x_i + x_j
        "martens"       x ~ U(0, 1); the length is any of T ... 1.1 T; i is in the first tenth, j behind it
                        in the first half; target (x_i + x_j) / 2
        loss            (answer at the last step - target)^2

    **Shapes**

        an element `[2]`, an answer `[1]`

    Arguments:
        length: T, at least 20 steps.
        version: whose rules.

    **Differs from**

        The papers, in one thing: "right" is Hochreiter & Schmidhuber's |error| < 0.04 in all versions. Le et
        al. report the mean squared error, of which 1/6 is had by always saying 1. A mean squared error below
        0.04 is another criterion, and a lax one.

    **Source**

        Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.4; Le, Jaitly & Hinton 2015, arXiv
        1504.00941, section 4.1; Martens & Sutskever 2011, "Learning recurrent neural networks with Hessian-
        free optimization", section 4.1.
    """

    kind: ClassVar[str] = "adding"

    length: Annotated[int, Field(ge=20)] = 100
    version: PairVersion = "hochreiter"

    @property
    def feature_count(self) -> int:
        """The number and its mark."""
        return 2

    @property
    def output_size(self) -> int:
        """The sum."""
        return 1

    @property
    def chance(self) -> float:
        """The share of targets within the margin around their mean."""
        scale = {"hochreiter": 4.0, "le": 1.0, "martens": 2.0}[self.version]
        if self.version == "hochreiter":
            both, one = _within(scale * MARGIN / 2), scale * MARGIN
            return both + self._first_is_marked * (one - both)
        return _within(scale * MARGIN)

    @property
    def trivial_loss(self) -> float:
        """The variance of the targets."""
        if self.version == "hochreiter":
            return (2 - self._first_is_marked) / 3 / 16
        return 1 / 6 if self.version == "le" else 1 / 24

    @property
    def optimal_loss(self) -> float:
        """The sum itself."""
        return 0.0

    @property
    def _first_is_marked(self) -> float:
        return first_is_marked(self.version, self.length)

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, padded to one length where they have different ones."""
        lengths = pair_lengths(self.version, self.length, count, generator)
        lowest = -1 if self.version == "hochreiter" else 0
        numbers = generator.uniform(lowest, 1, (pair_steps(self.version, self.length), count))
        pair = draw_pair(self.version, self.length, count, generator)
        chosen = marked_numbers(numbers, pair)
        if self.version == "hochreiter":
            chosen = np.where(pair == 0, 0, chosen)
        total = chosen.sum(axis=0)
        target = {"hochreiter": 0.5 + total / 4, "le": total, "martens": total / 2}[self.version]
        targets = target[:, None].astype(np.float32)
        return examples_of_pairs(self.version, numbers, pair, lengths, targets)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " O"]) -> Float[Array, ""]:
        """Return the squared error."""
        return (output[0] - target[0]) ** 2

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the answer at the last step is off by less than 0.04."""
        return all_numbers_near(outputs[..., 0], examples.targets[..., 0], examples, MARGIN)


def _within(distance: float) -> float:
    """Return how often the sum of two numbers from U(0, 1) is nearer than this to 1."""
    return 2 * distance - distance**2
