"""A training step that looks at the curvature of the loss: one compiled function for all of it."""

from functools import lru_cache, partial
from typing import Any

import equinox as eqx
import jax
import optax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.sequence_map import Network
from throughtime.learning import BPTT, gauss_newton, hessian_free
from throughtime.learning.rule import Loss
from throughtime.learning.unrolled import chunk_loss

HESSIAN_FREE = "hessian_free"
"""The name of the optimiser whose steps these are."""

curved_optimizer = lru_cache(maxsize=32)(hessian_free)
"""`hessian_free`; equal arguments return the same object, so that a step is compiled once for them."""


@partial(
    jax.jit,
    static_argnames=("loss", "optimizer", "curvature_sequences"),
    donate_argnames=("network", "optimizer_state"),
)
def curvature_step(
    network: Network,
    optimizer_state: Any,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"],
    key: PRNGKeyArray,
    count: Integer[Array, ""],
    *,
    loss: Loss,
    optimizer: optax.GradientTransformationExtraArgs,
    curvature_sequences: int | None,
) -> tuple[Network, Any, Float[Array, ""]]:
    """Return network and optimiser after one step, and the loss of the batch before it.

    The buffers of `network` and `optimizer_state` are reused for the results.

    Arguments:
        mask: how much each step counts, 1 in all over the batch.
        key: source of the run's noise.
        count: which step of the run this is, from 0; each draws noise of its own.
        curvature_sequences: how many sequences of the batch, the first ones, the curvature is taken of; all
            when left out.
    """
    key = jax.random.fold_in(key, count)
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)
    found = BPTT().gradient(network, loss, (), None, inputs, targets, mask, lengths=lengths, key=key)

    def value(parameters: Network) -> Float[Array, ""]:
        return chunk_loss(eqx.combine(parameters, rest), loss, None, inputs, targets, mask, lengths, key)[0]

    some = slice(curvature_sequences)
    curvature = gauss_newton(
        network,
        loss,
        inputs[:, some],
        targets[:, some],
        mask[:, some] / mask[:, some].sum(),
        lengths=lengths[some],
        key=key,
        probe_key=jax.random.fold_in(key, 2),
    )
    updates, optimizer_state = optimizer.update(
        found.gradient,
        optimizer_state,
        parameters,
        value=found.loss,
        value_fn=value,
        curvature=curvature,
    )
    return eqx.apply_updates(network, updates), optimizer_state, found.loss
