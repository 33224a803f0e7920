"""What problems with long series of numbers share: how an answer is judged, and what they vary by."""

import functools
from typing import Annotated

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field

from throughtime.problems.problem import Examples, Problem

MEASURED = 64
"""Sequences that a variance is measured on where there is no formula for it."""


class Series(Problem):
    r"""A long series of numbers in, a long series of numbers out, of which the first steps do not count.

    **Equations**

        loss     sum_k (answer_k - target_k)^2
        NRMSE    sqrt(mean loss / sum_k Var target_k), over the steps of a sequence that count

    Arguments:
        length: steps of a sequence, more than the washout.
        washout: first steps that do not count, at least 0: the past that they ask for is not in the sequence.
        margin: the NRMSE below which a sequence is answered right, above 0.
    """

    length: Annotated[int, Field(ge=2)] = 2200
    washout: Annotated[int, Field(ge=0)] = 200
    margin: Annotated[float, Field(gt=0)] = 0.4

    def check_together(self) -> None:
        """Raise `ValueError` if no step counts."""
        if self.washout >= self.length:
            raise ValueError(
                f"washout is {self.washout} and length is {self.length}; the washout has to be shorter"
            )

    @property
    def chance(self) -> float:
        """No long series is guessed."""
        return 0.0

    @property
    def trivial_loss(self) -> float:
        """The variance of the targets, which their mean is off by; measured on drawn sequences."""
        return _measured_variance(self)

    @property
    def optimal_loss(self) -> float:
        """The targets are a function of what was read."""
        return 0.0

    def examples(self, inputs: Float[np.ndarray, "T B I"], targets: Float[np.ndarray, "T B O"]) -> Examples:
        """Return inputs and targets with a mask that leaves the washout out."""
        steps, count = inputs.shape[:2]
        counts = np.arange(steps) >= self.washout
        mask = np.broadcast_to(counts[:, None], (steps, count)).astype(np.float32)
        given = inputs.astype(np.float32), targets.astype(np.float32)
        return Examples(*given, mask, np.full(count, steps))

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " O"]) -> Float[Array, ""]:
        """Return the sum of the squared errors."""
        return jnp.sum((output - target) ** 2)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the normalised error is below the margin."""
        return normalised_errors(outputs, examples) < self.margin


def normalised_errors(outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Float[np.ndarray, " B"]:
    """Return the NRMSE of each sequence: 1 for its mean, 0 for the target itself."""
    counts = examples.mask[:, 0] > 0
    targets = examples.targets[counts].astype(np.float64)
    squared = ((outputs[counts] - targets) ** 2).mean(axis=0).sum(axis=-1)
    return np.asarray(np.sqrt(squared / targets.var(axis=0).sum(axis=-1)))


@functools.cache
def _measured_variance(problem: Series) -> float:
    examples = problem.draw(MEASURED, np.random.default_rng(0))
    counted = examples.targets[examples.mask[:, 0] > 0].astype(np.float64)
    return float(counted.reshape(-1, counted.shape[-1]).var(axis=0).sum())
