"""Languages that can only be foretold by counting: a^n b^n, and a^n b^n c^n."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field
from scipy.stats import entropy

from throughtime.problems.criteria import all_sets_right, cross_entropy_of_set
from throughtime.problems.lengths import one_hot, real_steps
from throughtime.problems.problem import Examples, Problem


class CountedLanguage(Problem):
    r"""Some a, as many b, and in one of the languages as many c: what can come next?

    **Equations**

        input       S a^n b^n, or S a^n b^n c^n, with n any of 1 ... N
        target      the set of symbols that can come next: a after S; a and b after an a; after a b another
                    one, or, if it was the n-th, the symbol that follows: T, or c; after a c likewise
        loss        the cross-entropy of one decision for each symbol, added up, averaged over all steps

    **Shapes**

        an element `[letters + 1]`, S and the letters one-hot; an answer `[letters + 1]`, the log-odds that
        each letter, and T, can come next

    Arguments:
        most: N, at least 1.
        test_most: N of the test sequences, at least 1; the same when left out. What was learned generalises
            if `test_most` is larger than `most`.

    A string is answered right if at each of its steps exactly the possible symbols have a probability above
    one half.

    **Differs from**

        The paper, whose output units learn by the squared error, and which teaches the strings in an order or
        in a random one until all of them are right.

    **Source**

        Gers & Schmidhuber 2001, "LSTM recurrent networks learn simple context-free and context-sensitive
        languages", IEEE Transactions on Neural Networks 12(6).
    """

    letters: ClassVar[int]

    most: Annotated[int, Field(ge=1)] = 10
    test_most: Annotated[int, Field(ge=1)] | None = None

    @property
    def feature_count(self) -> int:
        """S and the letters."""
        return self.letters + 1

    @property
    def output_size(self) -> int:
        """The letters and T."""
        return self.letters + 1

    @property
    def chance(self) -> float:
        """Only the ends of each run guessed, after the first, as often as they come."""
        n, end = np.arange(1, self.most + 1), self._share_of_ends
        return float(np.mean((end * (1 - end) ** (n - 1)) ** (self.letters - 1)))

    @property
    def trivial_loss(self) -> float:
        """Only the symbol at hand known: each b, or c, may be the last of its run."""
        runs = (self.letters - 1) * self._mean
        doubt = 2 * entropy([self._share_of_ends, 1 - self._share_of_ends])
        return float(runs * doubt / (self.letters * self._mean + 1))

    @property
    def optimal_loss(self) -> float:
        """All counted."""
        return 0.0

    @property
    def success(self) -> float:
        """All strings."""
        return 1.0

    @property
    def tested_on(self) -> Problem:
        """Strings as long as a test string can be."""
        return self if self.test_most is None else self.model_copy(update={"most": self.test_most})

    @property
    def _mean(self) -> float:
        return (1 + self.most) / 2

    @property
    def _share_of_ends(self) -> float:
        return 1 / self._mean

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return strings, padded to the longest that can be."""
        n = generator.integers(1, self.most + 1, count)
        lengths = self.letters * n + 1
        steps = self.letters * self.most + 1
        place = np.arange(steps)[:, None]
        run, within = np.divmod(place - 1, n)  # which letter, and how many of it before
        run[0] = -1
        symbol = np.where(place < lengths, run + 1, 0)
        can_go_on = (within < n - 1) | (run == 0)
        can_end = (within == n - 1) | (run == 0)
        next_unit = np.arange(self.output_size)
        targets = (can_go_on[..., None] & (next_unit == run[..., None])) | (
            can_end[..., None] & (next_unit == run[..., None] + 1)
        )
        targets[0] = next_unit == 0
        return Examples(
            one_hot(symbol, self.feature_count, lengths),
            targets.astype(np.float32),
            real_steps(lengths, steps).astype(np.float32),
            lengths,
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " O"]) -> Float[Array, ""]:
        """Return the cross-entropy of one decision for each symbol in nats, added up."""
        return cross_entropy_of_set(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where at every step all symbols that can come next are foretold, and no others."""
        return all_sets_right(outputs, examples)


class AnBn(CountedLanguage):
    """The language a^n b^n, which is context-free; all else is as in `CountedLanguage`."""

    kind: ClassVar[str] = "anbn"
    letters: ClassVar[int] = 2


class AnBnCn(CountedLanguage):
    """The language a^n b^n c^n, which is not context-free; all else is as in `CountedLanguage`."""

    kind: ClassVar[str] = "anbncn"
    letters: ClassVar[int] = 3
