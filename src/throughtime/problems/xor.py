"""Is exactly one of two marked bits of a long sequence a one?"""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.marked_pair import (
    draw_pair,
    examples_of_pairs,
    marked_numbers,
    pair_lengths,
    pair_steps,
)
from throughtime.problems.problem import Examples, Problem


class Xor(Problem):
    r"""Two bits of a sequence are marked; does exactly one of them say 1?

    Neither bit alone tells anything about the answer, so that there is nothing to learn from the later one
    before the earlier one is remembered.

    **Equations**

        an element  (x_t, m_t), x_t 0 or 1 with the same probability; the mark m_t is 1 at two steps i and j,
                    and 0 elsewhere
        the length  is any of T ... 1.1 T; i is in the first tenth of T, j behind it in the first half
        target      x_i + x_j  mod 2
        loss        the cross-entropy of the answer at the last step

    **Shapes**

        an element `[2]`, an answer `[2]`: alike and different

    Arguments:
        length: T, at least 20 steps.

    **Source**

        Martens & Sutskever 2011, "Learning recurrent neural networks with Hessian-free optimization", section
        4.1.
    """

    kind: ClassVar[str] = "xor"

    length: Annotated[int, Field(ge=20)] = 100

    @property
    def feature_count(self) -> int:
        """The bit and its mark."""
        return 2

    @property
    def output_size(self) -> int:
        """Alike or different."""
        return 2

    @property
    def chance(self) -> float:
        """One of two."""
        return 0.5

    @property
    def trivial_loss(self) -> float:
        """Alike and different with the same probability."""
        return float(np.log(2))

    @property
    def optimal_loss(self) -> float:
        """Both bits remembered."""
        return 0.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, padded to one length."""
        lengths = pair_lengths("martens", self.length, count, generator)
        bits = generator.integers(2, size=(pair_steps("martens", self.length), count))
        pair = draw_pair("martens", self.length, count, generator)
        targets = marked_numbers(bits, pair).sum(axis=0) % 2
        return examples_of_pairs("martens", bits, pair, lengths, targets)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the likelier class is the right one."""
        return all_steps_right(outputs, examples)
