"""What stood in brackets at the beginning of a line stands in brackets at its end, too."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem


class DistantBrackets(Problem):
    r"""Lines of text: brackets around some characters, some more characters, the same brackets again.

    **Equations**

        a line      [ c_1 ... c_s ] d_1 ... d_k [ c_1 ... c_s ] and a line break, 2 s + k + 5 characters;
                    c and d are any of a letters
        input       a line break, then all characters of the lines but the last; target all characters of the
                    lines
        loss        the cross-entropy, averaged over all steps

    **Shapes**

        an element and an answer `[letters + 3]`: the letters, [, ] and the line break, one-hot

    Arguments:
        inside: s, letters in brackets, at least 1.
        between: k, letters between the brackets, at least 1.
        letters: a, how many different ones, at least 2.
        lines: how many a sequence has, at least 1.

    A sequence is answered right if all letters within the second brackets are.

    **Differs from**

        The paper, whose text has no end: here it has after some lines.

    **Source**

        Tallec & Ollivier 2017, "Unbiased online recurrent optimization", arXiv 1702.05043, section 5, with
        s = 1, k = 5 and a = 10.
    """

    kind: ClassVar[str] = "distant_brackets"

    inside: Annotated[int, Field(ge=1)] = 1
    between: Annotated[int, Field(ge=1)] = 5
    letters: Annotated[int, Field(ge=2)] = 10
    lines: Annotated[int, Field(ge=1)] = 10

    @property
    def feature_count(self) -> int:
        """Letters, brackets and the line break."""
        return self.letters + 3

    @property
    def output_size(self) -> int:
        """Letters, brackets and the line break."""
        return self.letters + 3

    @property
    def line_length(self) -> int:
        """How many characters a line has."""
        return 2 * self.inside + self.between + 5

    @property
    def chance(self) -> float:
        """All letters within the second brackets guessed."""
        return float(self.letters) ** -(self.inside * self.lines)

    @property
    def trivial_loss(self) -> float:
        """Every letter with the same probability; brackets and line breaks stand where they always do."""
        return float((2 * self.inside + self.between) * np.log(self.letters) / self.line_length)

    @property
    def optimal_loss(self) -> float:
        """The letters within the second brackets remembered."""
        return float((self.inside + self.between) * np.log(self.letters) / self.line_length)

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, all of the same length."""
        opening, closing, line_break = self.letters, self.letters + 1, self.letters + 2
        shape = (self.lines, count)

        def always(symbol: int) -> Integer[np.ndarray, "1 L B"]:
            return np.full((1, *shape), symbol)

        inside = generator.integers(self.letters, size=(self.inside, *shape))
        between = generator.integers(self.letters, size=(self.between, *shape))
        bracketed = [always(opening), inside, always(closing)]
        line = np.concatenate([*bracketed, between, *bracketed, always(line_break)])
        text = line.swapaxes(0, 1).reshape(-1, count)
        given = np.concatenate([always(line_break)[:, 0], text[:-1]])
        return Examples(
            np.eye(self.feature_count, dtype=np.float32)[given],
            text,
            np.ones(text.shape, np.float32),
            np.full(count, len(text)),
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where every letter within the second brackets is the likeliest one at its step."""
        place = np.arange(len(examples.mask)) % self.line_length
        first = self.inside + self.between + 3
        told = (place >= first) & (place < first + self.inside)
        return all_steps_right(outputs, examples._replace(mask=examples.mask * told[:, None]))
