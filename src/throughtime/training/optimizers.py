"""Optimisers and step-size schedules by name: Optax transformations, put together."""

from collections.abc import Callable
from functools import lru_cache

import equinox as eqx
import jax
import optax

from throughtime.core.sequence_map import Network
from throughtime.training.curvature_steps import HESSIAN_FREE


def _matrices(network: Network) -> Network:
    """Mark the parameters that decay: matrices, but no biases."""
    return jax.tree.map(lambda leaf: eqx.is_inexact_array(leaf) and leaf.ndim >= 2, network)


def _adamw(rate: optax.Schedule, decay: float) -> optax.GradientTransformation:
    return optax.adamw(rate, weight_decay=decay, mask=_matrices)


def _with_decay(
    scaled: Callable[[], optax.GradientTransformation],
) -> Callable[[optax.Schedule, float], optax.GradientTransformation]:
    def make(rate: optax.Schedule, decay: float) -> optax.GradientTransformation:
        return optax.chain(
            scaled(), optax.add_decayed_weights(decay, _matrices), optax.scale_by_learning_rate(rate)
        )

    return make


OPTIMIZERS: dict[str, Callable[[optax.Schedule, float], optax.GradientTransformation]] = {
    "adamw": _adamw,
    "nadamw": lambda rate, decay: optax.nadamw(rate, weight_decay=decay, mask=_matrices),
    "rmsprop": _with_decay(lambda: optax.scale_by_rms(decay=0.9)),
    "momentum": _with_decay(lambda: optax.trace(decay=0.9, nesterov=True)),
    "sgd": _with_decay(optax.identity),
}
"""Functions of a schedule and a weight decay, all decoupled: the decay goes around the gradient's scaling."""

OPTIMIZER_NAMES = (*OPTIMIZERS, HESSIAN_FREE)
"""Every optimiser that can be chosen: those that need a gradient alone, and one that needs the curvature."""

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
    clip_norm: float,
    total_steps: int,
) -> optax.GradientTransformation:
    """Return the named optimiser with clipping by global norm, a schedule and decoupled weight decay.

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
    clip = optax.clip_by_global_norm(clip_norm) if clip_norm > 0 else optax.identity()
    return optax.chain(clip, OPTIMIZERS[name](rate, weight_decay))
