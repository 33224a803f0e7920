"""Foretell the strings of a grammar whose second symbol comes again at the last step but one."""

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer

from throughtime.problems.criteria import cross_entropy, only_possible_most_active
from throughtime.problems.lengths import one_hot, padded, real_steps
from throughtime.problems.problem import Examples, Problem
from throughtime.problems.reber_grammar import SYMBOLS, costs, draw_strings, possible_after


class EmbeddedReber(Problem):
    r"""B, then T or P, then a string of Reber's grammar, then the same of T and P, then E: what comes next?

    Short memories foretell everything but the last symbol but one.

    **Equations**

        Reber's grammar     (each of two ways with probability 1/2)
            B to 1;  1: T to 2, P to 3;  2: S to 2, X to 4;  3: T to 3, V to 5;  4: X to 3, S to 6;
            5: P to 4, V to 6;  6: E
        input               all symbols but the last; target all symbols but the first
        loss                the cross-entropy, averaged over all steps

    **Shapes**

        an element and an answer `[7]`, the symbols B, T, P, S, X, V, E one-hot

    A string is answered right if at each of its steps the one or two symbols that can come next have larger
    outputs than all others.

    **Differs from**

        The papers, in that the strings are as many as anyone wants, and not 256 to learn from and 256 to be
        tested on. Whoever trains until 512 test strings are right asks for the same.

    **Source**

        Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.1; Cleeremans, Servan-Schreiber &
        McClelland 1989, "Finite state automata and simple recurrent networks", Neural Computation 1(3); Smith
        & Zipser 1989, "Learning sequential structure with the real-time recurrent learning algorithm".
    """

    kind: ClassVar[str] = "embedded_reber"

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
        """The grammar known, and T or P guessed where the second symbol comes again."""
        return 0.5

    @property
    def trivial_loss(self) -> float:
        """Each symbol as often as it comes after the one at hand."""
        return costs(None).memoryless

    @property
    def optimal_loss(self) -> float:
        """Either of the symbols that can come next with the same probability."""
        return costs(None).least

    @property
    def success(self) -> float:
        """All strings."""
        return 1.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return strings without their last symbol, padded to a multiple of 32 steps."""
        strings, lengths = draw_strings(count, generator)
        symbols = np.zeros((padded(len(strings) - 1) + 1, count), int)
        symbols[: len(strings)] = strings
        mask = real_steps(lengths - 1, len(symbols) - 1).astype(np.float32)
        return Examples(one_hot(symbols[:-1], len(SYMBOLS), lengths - 1), symbols[1:], mask, lengths - 1)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the symbols that can come next are the most active ones at every step."""
        return only_possible_most_active(outputs, possible_after(examples.inputs), examples)
