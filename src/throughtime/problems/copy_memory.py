"""Remember ten symbols over a long blank, and say them at the end."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem


class CopyMemory(Problem):
    r"""Symbols, a long blank, a sign, and then the symbols are to be said again.

    **Equations**

        input    s_1 ... s_n, blank x (T - 1), sign, blank x n           T + 2n steps
        target   blank x (T + n), s_1 ... s_n
        loss     the cross-entropy, averaged over all T + 2n steps

    **Shapes**

        an element `[symbols + 2]`, one-hot: the symbols, the blank, the sign; an answer `[symbols + 1]`,
        without the sign

    Arguments:
        delay: T, the steps for which the symbols have to be remembered, at least 1.
        length: n, how many symbols there are to remember, at least 1.
        symbols: how many different ones, at least 2.

    **Differs from**

        Hochreiter & Schmidhuber's problems, which ask for one or two symbols. Every step counts in the loss,
        as the papers below have it, so the loss of remembering nothing is small: n ln(symbols) / (T + 2n),
        0.0400 for T = 500, and a loss of that size means that nothing was learned.

    **Source**

        Arjovsky, Shah & Bengio 2016, "Unitary evolution recurrent neural networks", arXiv 1511.06464, section
        4.1; Chang et al. 2017, "Dilated recurrent neural networks", arXiv 1710.02224, section 4.1.
    """

    kind: ClassVar[str] = "copy_memory"

    delay: Annotated[int, Field(ge=1)] = 500
    length: Annotated[int, Field(ge=1)] = 10
    symbols: Annotated[int, Field(ge=2)] = 8

    @property
    def feature_count(self) -> int:
        """Symbols, blank and sign."""
        return self.symbols + 2

    @property
    def output_size(self) -> int:
        """Symbols and blank."""
        return self.symbols + 1

    @property
    def steps(self) -> int:
        """The length of every sequence."""
        return self.delay + 2 * self.length

    @property
    def chance(self) -> float:
        """All symbols guessed."""
        return float(self.symbols) ** -self.length

    @property
    def trivial_loss(self) -> float:
        """Blank until the sign, then any symbol with the same probability."""
        return float(self.length * np.log(self.symbols) / self.steps)

    @property
    def optimal_loss(self) -> float:
        """Every symbol remembered."""
        return 0.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, all of the same length."""
        symbols = generator.integers(self.symbols, size=(self.length, count))
        blank, sign = self.symbols, self.symbols + 1
        given = np.full((self.steps, count), blank)
        given[: self.length] = symbols
        given[self.delay + self.length - 1] = sign
        targets = np.full((self.steps, count), blank)
        targets[-self.length :] = symbols
        inputs = np.eye(self.feature_count, dtype=np.float32)[given]
        return Examples(inputs, targets, np.ones((self.steps, count), np.float32), np.full(count, self.steps))

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where every symbol, and every blank, is the likeliest one at its step."""
        return all_steps_right(outputs, examples)
