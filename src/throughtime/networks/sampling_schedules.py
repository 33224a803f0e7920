"""How likely the teacher is heard, by how long training has been going on.

A schedule is a pure function of the number of the training iteration, with its constants as fields, and
equal constants make equal schedules.
"""

import abc
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, Integer

from throughtime.core.errors import OptionError


class SamplingSchedule(abc.ABC):
    r"""The probability that a step is given the teacher's target, not the network's own last output.

    **Equations**

        epsilon_i = schedule(i)

    **Shapes**

        i and epsilon numbers: i = 0, 1, ... counts training iterations, 0 <= epsilon <= 1

    **Source**

        Bengio, Vinyals, Jaitly & Shazeer 2015, "Scheduled sampling for sequence prediction with recurrent
        neural networks", arXiv 1506.03099, section 2.4.
    """

    is_random: ClassVar[bool] = True
    """Whether a coin has to be thrown."""

    @abc.abstractmethod
    def __call__(self, iteration: Integer[Array, ""] | int) -> Float[Array, ""]:
        """Return the probability at an iteration."""


@dataclass(frozen=True)
class LinearDecay(SamplingSchedule):
    r"""The teacher is heard less by the same amount at each iteration, down to a least probability.

    **Equations**

        epsilon_i = max(least, offset - slope i)

    **Shapes**

        numbers

    Arguments:
        slope: what is taken away at each iteration, above 0.
        offset: the probability at the start, 0 to 1.
        least: the probability that stays, 0 <= least < 1.

    **Source**

        Bengio et al. 2015, arXiv 1506.03099, section 2.4 (linear decay; slope c, offset k, least epsilon).
    """

    slope: float
    offset: float = 1.0
    least: float = 0.0

    def __post_init__(self) -> None:
        if not self.slope > 0:
            raise OptionError(f"slope is {self.slope}; choose a number above 0, such as 1e-4")
        if not 0 <= self.offset <= 1:
            raise OptionError(f"offset is {self.offset}; choose a probability from 0 to 1")
        if not 0 <= self.least < 1:
            raise OptionError(f"least is {self.least}; choose a probability from 0 to below 1")

    def __call__(self, iteration: Integer[Array, ""] | int) -> Float[Array, ""]:
        """Return the probability at an iteration."""
        return jnp.maximum(self.least, self.offset - self.slope * jnp.asarray(iteration, float))


@dataclass(frozen=True)
class ExponentialDecay(SamplingSchedule):
    r"""The teacher is heard less by the same factor at each iteration.

    **Equations**

        epsilon_i = base^i

    **Shapes**

        numbers

    Arguments:
        base: the factor, 0 < base < 1.

    **Source**

        Bengio et al. 2015, arXiv 1506.03099, section 2.4 (exponential decay; base k).
    """

    base: float

    def __post_init__(self) -> None:
        if not 0 < self.base < 1:
            raise OptionError(f"base is {self.base}; choose 0 < base < 1, such as 0.999")

    def __call__(self, iteration: Integer[Array, ""] | int) -> Float[Array, ""]:
        """Return the probability at an iteration."""
        return jnp.asarray(self.base) ** jnp.asarray(iteration, float)


@dataclass(frozen=True)
class InverseSigmoidDecay(SamplingSchedule):
    r"""The teacher is heard for a while, then less and less, and at last hardly ever.

    **Equations**

        epsilon_i = k / (k + exp(i / k)) = sigmoid(log k - i / k)

    **Shapes**

        numbers

    Arguments:
        pace: k, at least 1: the teacher and the network are heard alike at iteration k log k.

    **Source**

        Bengio et al. 2015, arXiv 1506.03099, section 2.4 (inverse sigmoid decay).
    """

    pace: float

    def __post_init__(self) -> None:
        if not self.pace >= 1:
            raise OptionError(f"pace is {self.pace}; choose a number of at least 1, such as 1000")

    def __call__(self, iteration: Integer[Array, ""] | int) -> Float[Array, ""]:
        """Return the probability at an iteration."""
        # In this form nothing overflows, however long training has been going on.
        return sigmoid(jnp.log(self.pace) - jnp.asarray(iteration, float) / self.pace)


@dataclass(frozen=True)
class ConstantProbability(SamplingSchedule):
    r"""The teacher is heard as often all along: with 1 always, with 0 never.

    **Equations**

        epsilon_i = probability

    **Shapes**

        numbers

    Arguments:
        probability: 0 to 1.

    **Source**

        Bengio et al. 2015, arXiv 1506.03099, section 2.4 (with 0, always sampling; with 1, teacher forcing).
    """

    probability: float

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise OptionError(f"probability is {self.probability}; choose a number from 0 to 1")

    @property
    def is_random(self) -> bool:  # type: ignore[override]
        """Whether a coin has to be thrown."""
        return 0 < self.probability < 1

    def __call__(self, iteration: Integer[Array, ""] | int) -> Float[Array, ""]:
        """Return the probability."""
        return jnp.asarray(self.probability, float)
