"""Read two numbers digit by digit, then write their sum digit by digit."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field
from scipy.stats import entropy

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem

BLANK = 10
"""The number of the blank, after the ten digits."""


class DigitAddition(Problem):
    r"""Two numbers, most significant digit first, and then their sum: carrying has to be learned.

    **Equations**

        input    - a_1 ... a_k - b_1 ... b_k - and k + 1 more blanks              3 k + 4 steps
        target   the k + 1 digits of a + b from the step after the third blank on; if it has only k,
                 then a blank comes first
        loss     the cross-entropy, averaged over the k + 1 steps of the answer

    **Shapes**

        an element `[11]`, an answer `[11]`: the digits and the blank, one-hot

    Arguments:
        digits: k, of each number, 1 to 15. The first digit is not 0, so every number has all of them.

    **Differs from**

        The paper, where an answer that needs fewer digits ends with a blank; here it begins with one, so that
        every digit stands at the same step.

    **Source**

        Kalchbrenner, Danihelka & Graves 2015, "Grid long short-term memory", arXiv 1507.01526, section 4.2;
        without a curriculum, as there.
    """

    kind: ClassVar[str] = "digit_addition"

    digits: Annotated[int, Field(ge=1, le=15)] = 5

    @property
    def feature_count(self) -> int:
        """Ten digits and the blank."""
        return 11

    @property
    def output_size(self) -> int:
        """Ten digits and the blank."""
        return 11

    @property
    def steps(self) -> int:
        """The length of every sequence."""
        return 3 * self.digits + 4

    @property
    def chance(self) -> float:
        """All digits guessed, but for the first, which is 1 or missing."""
        return float(0.5 * 0.1**self.digits)

    @property
    def trivial_loss(self) -> float:
        """Each digit of the sum as often as it comes at its place."""
        return float(np.mean([entropy(share) for share in _shares(self.digits)]))

    @property
    def optimal_loss(self) -> float:
        """The sum itself."""
        return 0.0

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, all of the same length."""
        k = self.digits
        numbers = generator.integers(10 ** (k - 1), 10**k, size=(2, count))
        given = np.full((self.steps, count), BLANK)
        given[1 : k + 1] = _digits(numbers[0], k)
        given[k + 2 : 2 * k + 2] = _digits(numbers[1], k)
        total = _digits(numbers.sum(axis=0), k + 1)
        targets = np.full((self.steps, count), BLANK)
        targets[-(k + 1) :] = total
        targets[-(k + 1)][total[0] == 0] = BLANK
        mask = np.zeros((self.steps, count), np.float32)
        mask[-(k + 1) :] = 1
        inputs = np.eye(11, dtype=np.float32)[given]
        return Examples(inputs, targets, mask, np.full(count, self.steps))

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where every digit of the sum is right."""
        return all_steps_right(outputs, examples)


def _digits(numbers: Integer[np.ndarray, " B"], count: int) -> Integer[np.ndarray, "digits B"]:
    """Return the decimal digits of each number, the most significant one first, with zeros in front."""
    return numbers[None] // 10 ** np.arange(count - 1, -1, -1)[:, None] % 10


def _shares(digits: int) -> list[Float[np.ndarray, " outcomes"]]:
    """Return how often each digit comes at each place of the sum, the least significant place first."""
    shares, carry = [], 0.0
    any_digit, not_zero = np.full(10, 0.1), np.append(0, np.full(9, 1 / 9))
    for place in range(digits):
        share = not_zero if place == digits - 1 else any_digit
        total = np.convolve(np.convolve(share, share), [1 - carry, carry])  # 0 ... 19
        shares.append(total[:10] + np.append(total[10:], 0)[:10])
        carry = float(total[10:].sum())
    return [*shares, np.array([1 - carry, carry])]
