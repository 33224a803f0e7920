"""Foretell an unbroken stream of embedded Reber strings, whose ends nobody announces."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import cross_entropy, only_possible_most_active
from throughtime.problems.problem import Examples, Problem
from throughtime.problems.reber_grammar import (
    SYMBOLS,
    costs,
    draw_stream,
    possible_after,
    right_by_guessing,
)


class ContinualReber(Problem):
    r"""Embedded Reber strings one after another: what is remembered of one has to be forgotten for the next.

    **Equations**

        input       x_1 ... x_n of a stream of strings of the problem `embedded_reber`; target x_2 ... x_{n+1}
        loss        the cross-entropy, averaged over all steps

    **Shapes**

        an element and an answer `[7]`, the symbols B, T, P, S, X, V, E one-hot

    Arguments:
        length: n, symbols of a stream to learn from, at least 10; a string has 12 on average.
        test_length: symbols of a test stream, at least 10.

    A stream is answered right if at each of its steps the one or two symbols that can come next have larger
    outputs than all others.

    **Differs from**

        The paper, whose streams end with the first wrong answer or after a million symbols; here they end
        after a fixed number of symbols, and the state begins anew with each.

    **Source**

        Gers, Schmidhuber & Cummins 2000, "Learning to forget: continual prediction with LSTM", Neural
        Computation 12(10), section 4.
    """

    kind: ClassVar[str] = "continual_reber"

    length: Annotated[int, Field(ge=10)] = 100
    test_length: Annotated[int, Field(ge=10)] = 1000

    @property
    def feature_count(self) -> int:
        """One for each symbol."""
        return len(SYMBOLS)

    @property
    def output_size(self) -> int:
        """One for each symbol."""
        return len(SYMBOLS)

    @property
    def chance(self) -> float:
        """The grammar known, and T or P guessed wherever a second symbol comes again."""
        return right_by_guessing(self.length)

    @property
    def trivial_loss(self) -> float:
        """Each symbol as often as it comes after the one at hand."""
        return costs(self.length).memoryless

    @property
    def optimal_loss(self) -> float:
        """Either of the symbols that can come next with the same probability."""
        return costs(self.length).least

    @property
    def success(self) -> float:
        """All streams."""
        return 1.0

    @property
    def tested_on(self) -> Problem:
        """Streams as long as a test stream."""
        return self.model_copy(update={"length": self.test_length})

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return streams, all of the same length."""
        symbols = draw_stream(self.length + 1, count, generator)
        return Examples(
            np.eye(len(SYMBOLS), dtype=np.float32)[symbols[:-1]],
            symbols[1:],
            np.ones((self.length, count), np.float32),
            np.full(count, self.length),
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the symbols that can come next are the most active ones at every step."""
        return only_possible_most_active(outputs, possible_after(examples.inputs), examples)
