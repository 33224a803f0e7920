"""Remember a few bits over a long blank, and say them at the end."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.copy_memory import CopyMemory
from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem


class NoiselessMemorisation(Problem):
    r"""Five bits, a blank without any noise, a sign, and then the bits are to be said again.

    With its default sizes there are 32 different sequences, and all of them are alike but for their first
    steps. With `length=10` and `values=5` it is the larger of its two forms, which has 10 million.

    **Equations**

        input    b_1 ... b_n, blank x (T - 1), sign, blank x n           T + 2n steps
        target   blank x (T + n), b_1 ... b_n
        loss     the cross-entropy, averaged over all T + 2n steps

    **Shapes**

        an element `[values + 2]`, one-hot: the values, the blank, the sign; an answer `[values + 1]`, without
        the sign

    Arguments:
        delay: T, the steps for which the bits have to be remembered, at least 1.
        length: n, how many there are to remember, at least 1.
        values: how many different ones, at least 2.

    **Differs from**

        `copy_memory`, which is the same with more symbols and longer blanks.

    **Source**

        Martens & Sutskever 2011, "Learning recurrent neural networks with Hessian-free optimization", section
        4.1; after Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.2.
    """

    kind: ClassVar[str] = "noiseless_memorisation"

    delay: Annotated[int, Field(ge=1)] = 50
    length: Annotated[int, Field(ge=1)] = 5
    values: Annotated[int, Field(ge=2)] = 2

    @property
    def _copying(self) -> CopyMemory:
        return CopyMemory(delay=self.delay, length=self.length, symbols=self.values)

    @property
    def feature_count(self) -> int:
        """Values, blank and sign."""
        return self._copying.feature_count

    @property
    def output_size(self) -> int:
        """Values and blank."""
        return self._copying.output_size

    @property
    def chance(self) -> float:
        """All values guessed."""
        return self._copying.chance

    @property
    def trivial_loss(self) -> float:
        """Blank until the sign, then any value with the same probability."""
        return self._copying.trivial_loss

    @property
    def optimal_loss(self) -> float:
        """Every value remembered."""
        return 0.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, all of the same length."""
        return self._copying.draw(count, generator)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where every value, and every blank, is the likeliest one at its step."""
        return all_steps_right(outputs, examples)
