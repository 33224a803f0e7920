"""The loss of a chunk as a function of its network: what the rules that unroll in time differentiate."""

import math
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import State
from throughtime.core.errors import NotACellError
from throughtime.core.sequence_map import Network, SequenceMap
from throughtime.core.state import initial_states
from throughtime.core.unroll import unroll
from throughtime.learning.rule import Loss

Unrolled: TypeAlias = tuple[Float[Array, ""], State]
"""The loss of a chunk, and the state after it."""


def check_carries_state(network: Network, state: State | None) -> None:
    """Raise `NotACellError` if a state was given for a sequence map, which has none to carry."""
    if isinstance(network, SequenceMap) and state is not None:
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence, so it has no state to carry between "
            "chunks; pass whole sequences and state=None, or use a network of cells"
        )


def loss_of_outputs(
    loss: Loss, outputs: Float[Array, "T B O"], targets: Shaped[Array, "T B *O"], mask: Float[Array, "T B"]
) -> Float[Array, ""]:
    """Return the sum of mask times loss; what a step without weight holds does not matter."""
    # A step without weight must not count even if its loss, or the slope of its loss, is infinite or not a
    # number (a missing target): hence no plain product, and no way back through its output.
    outputs = jnp.where(mask[..., None] > 0, outputs, jax.lax.stop_gradient(outputs))
    losses = jax.vmap(jax.vmap(loss))(outputs, targets)
    return jnp.sum(jnp.where(mask > 0, mask * losses, 0))


def chunk_loss(
    network: Network,
    loss: Loss,
    state: State | None,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"] | None,
    key: PRNGKeyArray | None,
) -> Unrolled:
    """Return the loss of a chunk and the state after it; that of a sequence map stays `None`."""
    if isinstance(network, SequenceMap):
        return loss_of_outputs(loss, network(inputs, lengths=lengths, key=key), targets, mask), None
    after, outputs = unroll(network, inputs, state, lengths=lengths, key=key)
    return loss_of_outputs(loss, outputs, targets, mask), after


def chunk_loss_in_segments(
    network: Network,
    loss: Loss,
    state: State | None,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"] | None,
    key: PRNGKeyArray | None,
) -> Unrolled:
    """Return what `chunk_loss` does, of which reverse mode keeps only the states at about sqrt(T) borders.

    **Raises**

        NotACellError: a sequence map cannot be cut into segments.
    """
    if isinstance(network, SequenceMap):
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence, so its steps cannot be computed again "
            "from a checkpoint; use BPTT(checkpointed=False), or a network of cells"
        )
    steps, batch_size = inputs.shape[:2]
    if state is None:
        state = initial_states(network, batch_size, key)
    size = math.isqrt(steps)
    if size < 2:
        return chunk_loss(network, loss, state, inputs, targets, mask, lengths, key)

    def segment(network: Network, state: State, start: Integer[Array, ""] | int, size: int) -> Unrolled:
        read, wanted, weight = (
            jax.lax.dynamic_slice_in_dim(whole, start, size) for whole in (inputs, targets, mask)
        )
        real = None if lengths is None else jnp.clip(lengths.astype(jnp.int32) - start, 0, size)
        return chunk_loss(network, loss, state, read, wanted, weight, real, None)

    def checkpointed(size: int, *, in_a_loop: bool) -> Callable[..., Unrolled]:
        # Within a loop the compiler cannot merge the second computation with the first one anyway.
        return jax.checkpoint(
            lambda network, state, start: segment(network, state, start, size), prevent_cse=not in_a_loop
        )

    def go_on(state: State, start: Integer[Array, ""]) -> tuple[State, Float[Array, ""]]:
        value, after = checkpointed(size, in_a_loop=True)(network, state, start)
        return after, value

    rest = steps % size
    state, values = jax.lax.scan(go_on, state, jnp.arange(0, steps - rest, size))
    value = values.sum()
    if rest:
        last, state = checkpointed(rest, in_a_loop=False)(network, state, steps - rest)
        value = value + last
    return value, state
