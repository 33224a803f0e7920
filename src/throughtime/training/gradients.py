"""The gradient of a batch in the manner that the settings of a training step describe."""

from typing import NamedTuple

import jax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.sequence_map import Network
from throughtime.learning import Gradient, LearningRule, gradient_over_chunks
from throughtime.learning.rule import Loss
from throughtime.training.settings import StepSettings


class Manner(NamedTuple):
    """What of the settings decides how a gradient is computed, and so for what it is compiled."""

    rule: LearningRule
    chunk_size: int | None


def manner_of(settings: StepSettings) -> Manner:
    """Return how the settings have a gradient computed."""
    return Manner(settings.made_rule(), settings.chunk_size)


def batch_gradient(
    manner: Manner,
    network: Network,
    loss: Loss,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"],
    key: PRNGKeyArray,
    count: Integer[Array, ""],
) -> Gradient:
    """Return loss and gradient of a batch.

    Arguments:
        key: source of the run's noise.
        count: which step of the run this is, from 0; each draws noise of its own.
    """
    return gradient_over_chunks(
        manner.rule,
        network,
        loss,
        inputs,
        targets,
        mask,
        chunk_size=manner.chunk_size,
        lengths=lengths,
        key=jax.random.fold_in(key, count),
    )
