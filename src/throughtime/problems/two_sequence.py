"""Which of two kinds is a sequence, if only its first elements tell and all the others are noise?"""

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from throughtime.problems.criteria import all_numbers_near
from throughtime.problems.lengths import draw_lengths, last_steps, longest, real_steps
from throughtime.problems.problem import Examples, Problem

NOISE = 0.2
"""The variance of the noise, in place of a signal and on top of one."""

TARGET_NOISE = 0.1
"""The variance of the noise on the targets of version 3c."""

TARGETS = {"3a": (0.0, 1.0), "3b": (0.0, 1.0), "3c": (0.2, 0.8)}
"""The lower and the higher of the two answers."""

MARGIN = {"3a": 0.2, "3b": 0.2, "3c": 0.1}
"""A sequence is answered right if the answer is off by less than this."""


class TwoSequence(Problem):
    r"""One line carries the signal and then the noise; a class is to be told long after its signal.

    **Equations**

        the class    1 or -1 with the same probability; the length is any of T ... 1.1 T
        "3a"         x_t = class for t = 1 ... N, and behind that x_t ~ Normal(0, 0.2); target 1 for the class
                     1, and 0 for -1
        "3b"         and Normal(0, 0.2) is added to the first N too
        "3c"         as 3b; target 0.2 for the class 1, and 0.8 for -1, and Normal(0, 0.1) is added to it
        loss         (answer at the last step - target)^2

    **Shapes**

        an element `[1]`, an answer `[1]`; a target `[2]`: what is taught, and what is right

    The second number of a Normal is its variance.

    Arguments:
        length: T, at least 20 steps.
        informative: N, the elements that tell the class, at least 1 and less than T.
        version: as Hochreiter & Schmidhuber number their experiments.

    A sequence is answered right if the answer is off from the target without noise by less than 0.2, or less
    than 0.1 in version 3c. In versions 3b and 3c the signal itself may be drowned in noise: where N is 1, in
    one of 80 sequences.

    **Source**

        Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.3; 3a after Bengio, Simard &
        Frasconi 1994, IEEE Transactions on Neural Networks 5(2).
    """

    kind: ClassVar[str] = "two_sequence"

    length: Annotated[int, Field(ge=20)] = 100
    informative: Annotated[int, Field(ge=1)] = 3
    version: Literal["3a", "3b", "3c"] = "3c"

    def check_together(self) -> None:
        """Raise `ValueError` unless the signal ends within the sequence."""
        if self.informative >= self.length:
            raise ValueError(
                f"informative is {self.informative} and length is {self.length}; the elements that tell the "
                "class have to be fewer than those of the sequence"
            )

    @property
    def feature_count(self) -> int:
        """A number."""
        return 1

    @property
    def output_size(self) -> int:
        """The class, as a number."""
        return 1

    @property
    def chance(self) -> float:
        """Always the same class."""
        return 0.5

    @property
    def trivial_loss(self) -> float:
        """The variance of the targets."""
        return self._distance**2 / 4 + self._target_noise

    @property
    def optimal_loss(self) -> float:
        """The class as probable as its signal makes it, and the noise on its target."""
        return self._distance**2 * self._doubt + self._target_noise

    @property
    def success(self) -> float:
        """All in version 3a; all but 5 of 256 in version 3b; all but one of a hundred in version 3c."""
        return {"3a": 1.0, "3b": 251 / 256, "3c": 0.99}[self.version]

    @property
    def _distance(self) -> float:
        low, high = TARGETS[self.version]
        return high - low

    @property
    def _target_noise(self) -> float:
        return TARGET_NOISE if self.version == "3c" else 0.0

    @property
    def _doubt(self) -> float:
        """The mean of p (1 - p), where p is the probability of a class in the light of its signal."""
        if self.version == "3a":
            return 0.0
        # The sum over the signal is Normal(class N, 0.2 N), and 2 / 0.2 of it are the log-odds of the class.
        spread = np.sqrt(NOISE * self.informative)

        def density(total: float) -> float:
            likely = expit(2 / NOISE * total)
            return float(likely * (1 - likely) * norm.pdf(total, self.informative, spread))

        return float(quad(density, -5, 5, points=[0], limit=200)[0])

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences, padded to one length."""
        steps, lengths = longest(self.length), draw_lengths(self.length, count, generator)
        is_first = generator.integers(2, size=count)
        line = generator.normal(0, np.sqrt(NOISE), (steps, count))
        if self.version == "3a":
            line[: self.informative] = 0
        line[: self.informative] += 2 * is_first - 1
        low, high = TARGETS[self.version]
        meant = np.where(is_first == (self.version != "3c"), high, low)
        taught = meant + generator.normal(0, 1, count) * np.sqrt(self._target_noise)
        targets = np.stack([taught, meant], axis=-1).astype(np.float32)
        return Examples(
            (line * real_steps(lengths, steps))[..., None].astype(np.float32),
            np.broadcast_to(targets, (steps, count, 2)),
            last_steps(lengths, steps),
            lengths,
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " 2"]) -> Float[Array, ""]:
        """Return the squared error from what is taught."""
        return (output[0] - target[0]) ** 2

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the answer at the last step is near enough to what is right."""
        return all_numbers_near(outputs[..., 0], examples.targets[..., 1], examples, MARGIN[self.version])
