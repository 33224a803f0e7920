"""The gradient of a batch in the manner that the settings of a training step describe."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import equinox as eqx
import jax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.sequence_map import Network
from throughtime.learning import Gradient, LearningRule, gradient_over_chunks
from throughtime.learning.candidates import candidate_gradient
from throughtime.learning.rule import Loss
from throughtime.networks.scheduled_sampling import at_iteration
from throughtime.training.carried import Carried, with_fresh_noise
from throughtime.training.settings import StepSettings

Pose: TypeAlias = Callable[[Network], tuple[Network, Array, Array]]
"""From a network to one that gives an output for each target, with its inputs and their lengths."""


class Manner(NamedTuple):
    """What of the settings decides how a gradient is computed, and so for what it is compiled."""

    rule: LearningRule
    chunk_size: int | None
    weight_noise: float
    softmax_samples: int | None = None


def manner_of(settings: StepSettings) -> Manner:
    """Return how the settings have a gradient computed."""
    return Manner(settings.made_rule(), settings.chunk_size, settings.weight_noise, settings.softmax_samples)


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
    carried: Carried | None = None,
    pose: Pose | None = None,
) -> Gradient:
    """Return loss and gradient of a batch.

    Schedules in the network are told the step, and its weights are disturbed if the settings say so.

    Arguments:
        carried: where the sequences of the batch stand, of which it is one chunk; when left out, they are
            whole, and cut into chunks here.
        key: source of the run's noise.
        count: which step of the run this is, from 0; each draws noise of its own.
        pose: what makes of the network, as it is at this step, the one that is differentiated, with what it
            reads; the network itself with `inputs` and `lengths` when left out.
    """
    key = jax.random.fold_in(key, count)
    network = at_iteration(network, count)
    if manner.weight_noise > 0:
        # Apart from the noise of the network and of the rule, so that those are the same with it and without.
        network = with_weight_noise(network, manner.weight_noise, jax.random.fold_in(key, 2))
    if pose is not None:
        network, inputs, lengths = pose(network)
    if carried is not None:
        state = with_fresh_noise(carried.state, key)
        chunk = (carried.trace, state, inputs, targets, mask)
        if manner.softmax_samples is not None:
            return candidate_gradient(
                manner.rule, network, manner.softmax_samples, *chunk, lengths=lengths, key=key
            )
        return manner.rule.gradient(network, loss, *chunk, lengths=lengths, key=key)
    return gradient_over_chunks(
        manner.rule,
        network,
        loss,
        inputs,
        targets,
        mask,
        chunk_size=manner.chunk_size,
        lengths=lengths,
        key=key,
    )


def with_weight_noise(network: Network, deviation: float, key: PRNGKeyArray) -> Network:
    """Return a network with Gaussian noise on every weight, the same for all sequences and all steps.

    **Source**

        Graves 2011, "Practical variational inference for neural networks" (fixed variance); Graves, Mohamed &
        Hinton 2013, arXiv 1303.5778, section 3.
    """
    weights, rest = eqx.partition(network, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(weights)
    noisy = [
        leaf + deviation * jax.random.normal(one, leaf.shape, leaf.dtype)
        for one, leaf in zip(jax.random.split(key, len(leaves)), leaves, strict=True)
    ]
    return eqx.combine(jax.tree.unflatten(structure, noisy), rest)
