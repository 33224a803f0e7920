"""Say the first symbol again at the end, after many that mean nothing and are still asked for."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem


class RandomPermutation(Problem):
    r"""Foretell the next symbol of a sequence in which only the last one, the same as the first, can be told.

    What is to be learned is one step among many whose answers are noise: the loss hardly shows it.

    **Equations**

        symbols     s_1 and s_T are the same one of 1 and 2; s_2 ... s_{T-1} any of 3, 4, ..., S, each
                    independent of the others
        input       s_1 ... s_{T-1}; target s_2 ... s_T
        loss        the cross-entropy, averaged over all T - 1 steps

    **Shapes**

        an element and an answer `[S]`, the symbols one-hot

    Arguments:
        length: T, at least 3 steps.
        symbols: S, how many different ones, at least 3.

    **Differs from**

        Its name: symbols may come again, as in Hochreiter & Schmidhuber's experiment 2b, from which it is
        taken.

    **Source**

        Martens & Sutskever 2011, "Learning recurrent neural networks with Hessian-free optimization", section
        4.1; Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.2.
    """

    kind: ClassVar[str] = "random_permutation"

    length: Annotated[int, Field(ge=3)] = 100
    symbols: Annotated[int, Field(ge=3)] = 100

    @property
    def feature_count(self) -> int:
        """One for each symbol."""
        return self.symbols

    @property
    def output_size(self) -> int:
        """One for each symbol."""
        return self.symbols

    @property
    def chance(self) -> float:
        """One of the two symbols that can stand at the end."""
        return 0.5

    @property
    def trivial_loss(self) -> float:
        """Any symbol with the same probability, and at the end either of two."""
        return float(self.optimal_loss + np.log(2) / (self.length - 1))

    @property
    def optimal_loss(self) -> float:
        """Any symbol with the same probability, and at the end the first."""
        return float((self.length - 2) * np.log(self.symbols - 2) / (self.length - 1))

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, all of the same length."""
        symbols = generator.integers(2, self.symbols, (self.length, count))
        symbols[0] = symbols[-1] = generator.integers(2, size=count)
        steps = self.length - 1
        return Examples(
            np.eye(self.symbols, dtype=np.float32)[symbols[:-1]],
            symbols[1:],
            np.ones((steps, count), np.float32),
            np.full(count, steps),
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the last symbol is the likeliest one at its step; the others cannot be told."""
        only_last = np.zeros_like(examples.mask)
        only_last[-1] = 1
        return all_steps_right(outputs, examples._replace(mask=only_last))
