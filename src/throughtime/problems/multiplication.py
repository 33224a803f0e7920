"""Multiply two marked numbers of a long sequence."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field

from throughtime.problems.criteria import all_numbers_near
from throughtime.problems.marked_pair import (
    MARGIN,
    draw_pair,
    examples_of_pairs,
    first_is_marked,
    marked_numbers,
    pair_lengths,
    pair_steps,
)
from throughtime.problems.problem import Examples, Problem


class Multiplication(Problem):
    r"""Two numbers of a sequence are marked; what is their product?

    A network that only integrates what it has let through its gates can add, but not multiply.

    **Equations**

        an element      (x_t, m_t), x ~ U(0, 1); the mark m_t is 1 at two steps i and j, and 0 elsewhere
        "hochreiter"    length, i, j and m as in the problem `adding`; a marked first step counts as 1
        "martens"       length, i, j and m as in the problem `adding`
        target          x_i x_j
        loss            (answer at the last step - target)^2

    **Shapes**

        an element `[2]`, an answer `[1]`

    Arguments:
        length: T, at least 20 steps.
        version: whose rules.

    **Source**

        Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.5, who stop at fewer than 140, or
        fewer than 13, wrong answers among the last 2000; Martens & Sutskever 2011, "Learning recurrent neural
        networks with Hessian-free optimization", section 4.1.
    """

    kind: ClassVar[str] = "multiplication"

    length: Annotated[int, Field(ge=20)] = 100
    version: Literal["hochreiter", "martens"] = "hochreiter"

    @property
    def feature_count(self) -> int:
        """The number and its mark."""
        return 2

    @property
    def output_size(self) -> int:
        """The product."""
        return 1

    @property
    def chance(self) -> float:
        """The share of targets within the margin around their mean."""
        low, high = self._mean - MARGIN, self._mean + MARGIN
        product, one = _product_below(high) - _product_below(low), high - low
        return product + self._first_is_marked * (one - product)

    @property
    def trivial_loss(self) -> float:
        """The variance of the targets."""
        return 1 / 9 + self._first_is_marked * (1 / 3 - 1 / 9) - self._mean**2

    @property
    def optimal_loss(self) -> float:
        """The product itself."""
        return 0.0

    @property
    def success(self) -> float:
        """Fewer than 140 of 2000 may be wrong by the rules of 1997, and fewer than one of a hundred else."""
        return 1 - 139 / 2000 if self.version == "hochreiter" else 0.99

    @property
    def _first_is_marked(self) -> float:
        return first_is_marked(self.version, self.length)

    @property
    def _mean(self) -> float:
        return 1 / 4 + self._first_is_marked / 4

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, padded to one length."""
        lengths = pair_lengths(self.version, self.length, count, generator)
        numbers = generator.uniform(0, 1, (pair_steps(self.version, self.length), count))
        pair = draw_pair(self.version, self.length, count, generator)
        chosen = marked_numbers(numbers, pair)
        if self.version == "hochreiter":
            chosen = np.where(pair == 0, 1, chosen)
        targets = chosen.prod(axis=0)[:, None].astype(np.float32)
        return examples_of_pairs(self.version, numbers, pair, lengths, targets)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " O"]) -> Float[Array, ""]:
        """Return the squared error."""
        return (output[0] - target[0]) ** 2

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the answer at the last step is off by less than 0.04."""
        return all_numbers_near(outputs[..., 0], examples.targets[..., 0], examples, MARGIN)


def _product_below(bound: float) -> float:
    """Return how often the product of two numbers from U(0, 1) is below this."""
    return float(bound - bound * np.log(bound))
