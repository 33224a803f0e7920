"""Is the number of ones even or odd?"""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem


class Parity(Problem):
    r"""Bits, of which the number of ones is even or odd: every single bit matters.

    **Equations**

        target = x_1 + ... + x_k  mod 2
        loss   = the cross-entropy of the answer at the last step

    **Shapes**

        an element `[1]`, -1 or 1, or all k of them at once `[k]`; an answer `[2]`, even and odd

    Arguments:
        bits: k, at least 1.
        at_once: whether all bits are one element, for a network that is deep in space instead of time.

    **Source**

        Minsky & Papert 1969, "Perceptrons", theorem 3.1; as a sequence Hochreiter & Schmidhuber 1997, Neural
        Computation 9(8), section 5; at once Kalchbrenner, Danihelka & Graves 2015, arXiv 1507.01526, section
        4.1.
    """

    kind: ClassVar[str] = "parity"

    bits: Annotated[int, Field(ge=1)] = 32
    at_once: bool = False

    @property
    def feature_count(self) -> int:
        """One bit, or all."""
        return self.bits if self.at_once else 1

    @property
    def output_size(self) -> int:
        """Even or odd."""
        return 2

    @property
    def chance(self) -> float:
        """One of two."""
        return 0.5

    @property
    def trivial_loss(self) -> float:
        """Even and odd with the same probability, which is all there is to say while one bit is missing."""
        return float(np.log(2))

    @property
    def optimal_loss(self) -> float:
        """Every bit seen."""
        return 0.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences of all bits, or of one step."""
        bits = generator.integers(2, size=(self.bits, count))
        signs = (2.0 * bits - 1).astype(np.float32)
        inputs = signs.T[None] if self.at_once else signs[:, :, None]
        steps = len(inputs)
        targets = np.broadcast_to(bits.sum(axis=0) % 2, (steps, count))
        mask = np.zeros((steps, count), np.float32)
        mask[-1] = 1
        return Examples(inputs, targets, mask, np.full(count, steps))

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the likelier class is the right one."""
        return all_steps_right(outputs, examples)
