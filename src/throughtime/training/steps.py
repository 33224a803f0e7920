"""The compiled functions of a run: the two halves of a training step.

They are compiled once for each shape of batch, and again only for another network, task or setting: two runs
with the same ones share them.
"""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
import optax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.sequence_map import Network
from throughtime.data.batching import Batch
from throughtime.tasks import Task
from throughtime.training.carried import Carried
from throughtime.training.curvature_steps import HESSIAN_FREE, curvature_step, curved_optimizer
from throughtime.training.gradients import Manner, batch_gradient, manner_of
from throughtime.training.optimizers import optimizer
from throughtime.training.settings import StepSettings

OptimizerState = Any


class Stepped(NamedTuple):
    """What a training step leaves: network and optimiser, the mean loss before it, and what is carried on."""

    network: Network
    optimizer_state: OptimizerState
    loss: Float[Array, ""]
    carried: Carried | None


def optimizer_of(settings: StepSettings, total_steps: int) -> optax.GradientTransformation:
    """Return the optimiser that the settings describe, for a run of at most `total_steps` steps."""
    if settings.optimizer == HESSIAN_FREE:
        return curved_optimizer(
            damping=settings.damping,
            structural_damping=settings.structural_damping,
            iterations=settings.cg_iterations,
        )
    return optimizer(
        settings.optimizer,
        learning_rate=settings.learning_rate,
        schedule=settings.schedule,
        warmup=settings.warmup,
        weight_decay=settings.weight_decay,
        weight_decay_l1=settings.weight_decay_l1,
        clip_norm=settings.clip_norm,
        clip_value=settings.clip_value,
        total_steps=total_steps,
    )


@partial(jax.jit, static_argnames=("settings", "total_steps"))
def start_optimizer(network: Network, settings: StepSettings, total_steps: int) -> OptimizerState:
    """Return the optimiser's state before the first step."""
    return optimizer_of(settings, total_steps).init(eqx.filter(network, eqx.is_inexact_array))


def training_step(
    network: Network,
    optimizer_state: OptimizerState,
    batch: Batch,
    key: PRNGKeyArray,
    count: int,
    *,
    task: type[Task],
    settings: StepSettings,
    total_steps: int,
    carried: Carried | None = None,
) -> Stepped:
    """Return network and optimiser after one step, and the mean loss of the batch before it.

    The buffers of `network` and `optimizer_state` are reused for the results.

    Two compiled functions, not one: the gradient is compiled for each shape of batch, the update once.

    Arguments:
        key: source of the run's noise.
        count: which step of the run this is, from 0; each draws noise of its own.
        carried: from the step before, where the batch goes on from it.
    """
    if settings.optimizer == HESSIAN_FREE:
        targets, mask = unfolded(
            batch.targets, batch.lengths, batch.weights, batch.inputs.shape[0], task=task
        )
        network, optimizer_state, loss = curvature_step(
            network,
            optimizer_state,
            batch.inputs,
            targets,
            mask,
            batch.lengths,
            key,
            np.int32(count),
            loss=task.loss,
            optimizer=optimizer_of(settings, total_steps),
            curvature_sequences=settings.curvature_sequences,
        )
        return Stepped(network, optimizer_state, loss, None)
    loss, gradient, carried = _gradient(
        network, carried, *batch, key, np.int32(count), task=task, manner=manner_of(settings)
    )
    network, optimizer_state = update(
        network, optimizer_state, gradient, optimizer=optimizer_of(settings, total_steps)
    )
    return Stepped(network, optimizer_state, loss, carried)


@partial(jax.jit, static_argnames=("steps", "task"))
def unfolded(
    targets: Shaped[Array, "*targets"],
    lengths: Integer[Array, " B"],
    weights: Float[Array, " B"],
    steps: int,
    *,
    task: type[Task],
) -> tuple[Shaped[Array, "T B *P"], Float[Array, "T B"]]:
    """Return the target of each step of a batch, and how much each one counts, 1 in all."""
    every, mask = task.unfold(targets, lengths, weights, steps)
    return every, mask / mask.sum()


@partial(jax.jit, static_argnames=("task", "manner"))
def _gradient(
    network: Network,
    carried: Carried | None,
    inputs: Shaped[Array, "T B *I"],
    lengths: Integer[Array, " B"],
    targets: Shaped[Array, "*targets"],
    weights: Float[Array, " B"],
    key: PRNGKeyArray,
    count: Integer[Array, ""],
    *,
    task: type[Task],
    manner: Manner,
) -> tuple[Float[Array, ""], Network, Carried | None]:
    every, mask = unfolded(targets, lengths, weights, inputs.shape[0], task=task)
    found = batch_gradient(
        manner,
        network,
        task.loss,
        inputs,
        every,
        mask,
        lengths,
        key,
        count,
        carried,
        pose=lambda network: task.posed(network, inputs, lengths, targets),
    )
    after = None if carried is None else Carried(found.state, found.trace)
    return found.loss, task.part_of(found.gradient), after


@partial(
    jax.jit,
    static_argnames=("optimizer",),
    donate_argnames=("network", "optimizer_state"),
)
def update(
    network: Network,
    optimizer_state: OptimizerState,
    gradient: Network,
    *,
    optimizer: optax.GradientTransformation,
) -> tuple[Network, OptimizerState]:
    """Return network and optimiser after one update, in the buffers of those before it."""
    updates, optimizer_state = optimizer.update(
        gradient, optimizer_state, eqx.filter(network, eqx.is_inexact_array)
    )
    return eqx.apply_updates(network, updates), optimizer_state
