"""Optimisers and step-size schedules by name: Optax transformations, put together."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from throughtime.core.sequence_map import Network
from throughtime.learning.one_step import norm
from throughtime.learning.readout import SOLVERS
from throughtime.training.curvature_steps import HESSIAN_FREE


def _matrices(network: Network) -> Network:
    """Mark the parameters that decay: matrices, but no biases."""
    return jax.tree.map(lambda leaf: eqx.is_inexact_array(leaf) and leaf.ndim >= 2, network)


def _pulled_by_a_constant(strength: float) -> optax.GradientTransformation:
    """Add the derivative of the absolute values of the weights: L1 beside the L2 of weight decay."""
    return optax.masked(
        optax.stateless(lambda updates, weights: jax.tree.map(_with_sign(strength), updates, weights)),
        _matrices,
    )


def _with_sign(strength: float) -> Callable[[Array, Array], Array]:
    return lambda update, weight: update + strength * jnp.sign(weight)


OPTIMIZERS: dict[str, Callable[[], optax.GradientTransformation]] = {
    "adamw": optax.scale_by_adam,
    "nadamw": lambda: optax.scale_by_adam(nesterov=True),
    "rmsprop": lambda: optax.scale_by_rms(decay=0.9),
    "momentum": lambda: optax.trace(decay=0.9, nesterov=True),
    "sgd": optax.identity,
}
"""How each scales the gradient. All decay is decoupled: it goes around this scaling."""

OPTIMIZER_NAMES = (*OPTIMIZERS, HESSIAN_FREE, *SOLVERS)
"""Every optimiser that can be chosen: those that need a gradient alone, one that needs the curvature, and the
solvers, which need neither and find the readout alone."""

SCHEDULES = ("constant", "cosine", "linear")
"""How the step size goes on after the warm-up: as it is, or down to zero at the last step."""


@lru_cache(maxsize=32)
def optimizer(
    name: str,
    *,
    learning_rate: float,
    schedule: str,
    warmup: float,
    weight_decay: float,
    weight_decay_l1: float,
    clip_norm: float,
    clip_value: float,
    total_steps: int,
) -> optax.GradientTransformation:
    """Return the named optimiser with clipping by value and by norm, a schedule and decoupled weight decay.

    Arguments are those of `TrainingSettings`; `total_steps` is the number of steps if no epoch is saved.
    Equal arguments return the same object, so that a function compiled for it is compiled once.
    """
    warmup_steps = round(warmup * total_steps)
    rest = max(total_steps - warmup_steps, 1)
    falling = {
        "constant": optax.constant_schedule(learning_rate),
        "cosine": optax.cosine_decay_schedule(learning_rate, rest),
        "linear": optax.linear_schedule(learning_rate, 0.0, rest),
    }[schedule]
    rate = optax.join_schedules(
        [optax.linear_schedule(0.0, learning_rate, max(warmup_steps, 1)), falling], [warmup_steps]
    )
    return optax.chain(
        optax.clip(clip_value) if clip_value > 0 else optax.identity(),
        optax.clip_by_global_norm(clip_norm) if clip_norm > 0 else optax.identity(),
        OPTIMIZERS[name](),
        optax.add_decayed_weights(weight_decay, _matrices),
        _pulled_by_a_constant(weight_decay_l1) if weight_decay_l1 > 0 else optax.identity(),
        optax.scale_by_learning_rate(rate),
    )


def lengths_of_moves(optimizer: optax.GradientTransformation, network: Network) -> tuple[float, ...]:
    """Return how far an optimiser moves weights of one, for a small, a large and a medium gradient in turn.

    By these lengths optimisers can be told apart that are functions and nothing else: step size, decay,
    clipping and momentum show in them.
    """
    weights = jax.tree.map(jnp.ones_like, eqx.filter(network, eqx.is_inexact_array))

    def move(state: Any, size: Array) -> tuple[Any, Array]:
        gradient = jax.tree.map(lambda leaf: (size * leaf).astype(leaf.dtype), weights)
        updates, state = optimizer.update(gradient, state, weights)
        return state, norm(updates)

    sizes = jnp.array([1e-4, 1e2, 1e-1, 1e-1])
    _, lengths = jax.jit(lambda: jax.lax.scan(move, optimizer.init(weights), sizes))()
    return tuple(float(length) for length in lengths)
