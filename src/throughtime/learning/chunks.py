"""A gradient over a whole batch of sequences, gathered chunk by chunk."""

from collections.abc import Callable
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import State
from throughtime.core.errors import NotACellError, OptionError
from throughtime.core.sequence_map import Network, SequenceMap
from throughtime.core.state import initial_states
from throughtime.core.unroll import check_lengths
from throughtime.learning.rule import Gradient, LearningRule, Loss, Trace, check_steps

OfChunk: TypeAlias = Callable[..., Gradient]
"""A function of trace, state, inputs, targets, mask, lengths and key: the gradient of one chunk."""


def gradient_over_chunks(
    rule: LearningRule,
    network: Network,
    loss: Loss,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    *,
    chunk_size: int | None = None,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray | None = None,
) -> Gradient:
    """Return the sum of a rule's losses and gradients over the chunks of whole sequences, at fixed weights.

    **Shapes**

        inputs `[T, B, I]`, targets `[T, B, ...]`, mask `[T, B]`, lengths `[B]`

    Arguments:
        chunk_size: steps in a chunk, at least 1; everything in one chunk when left out.
        others: as in `LearningRule.gradient`.

    **Raises**

        OptionError: the chunk size is below 1.
        ShapeError: lengths, targets or mask do not fit the inputs.
        NotACellError: a sequence map was to be cut into chunks.
    """
    check_steps(inputs, targets, mask)
    steps, batch_size = inputs.shape[:2]
    # The rule's own randomness is apart from the network's: one rule's numbers do not change another's.
    trace = rule.start(network, batch_size, None if key is None else jax.random.fold_in(key, 1))
    if chunk_size is None:
        return rule.gradient(network, loss, trace, None, inputs, targets, mask, lengths=lengths, key=key)
    if chunk_size < 1:
        raise OptionError(f"chunk_size is {chunk_size}; choose a whole number of at least 1")
    if isinstance(network, SequenceMap):
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence and cannot be trained in chunks of "
            f"{chunk_size}; leave chunk_size out, or use a network that reads in one direction"
        )
    if lengths is not None:
        check_lengths(lengths, steps, batch_size)
    if steps == 0:
        state = initial_states(network, batch_size, key)
        return Gradient(jnp.zeros(()), no_gradient(network), state, trace)

    def of_chunk(
        trace: Trace,
        state: State | None,
        inputs: Array,
        targets: Array,
        mask: Array,
        lengths: Array | None,
        key: PRNGKeyArray | None,
    ) -> Gradient:
        return rule.gradient(network, loss, trace, state, inputs, targets, mask, lengths=lengths, key=key)

    return sum_over_chunks(of_chunk, trace, None, inputs, targets, mask, chunk_size, lengths, key)


def no_gradient(network: Network) -> Network:
    """Return the gradient of nothing: zeros for each parameter."""
    return jax.tree.map(jnp.zeros_like, eqx.filter(network, eqx.is_inexact_array))


def sum_over_chunks(
    of_chunk: OfChunk,
    trace: Trace,
    state: State | None,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    chunk_size: int,
    lengths: Integer[Array, " B"] | None,
    key: PRNGKeyArray | None,
) -> Gradient:
    """Return the sum of the gradients of chunks, of which the last one may be shorter.

    Arguments:
        trace, state: before the first chunk.
        inputs, targets, mask: of at least one step.
        key: handed to the first chunk alone.
    """
    steps = inputs.shape[0]
    if lengths is not None:
        lengths = lengths.astype(jnp.int32)  # unsigned ones would wrap around below

    def chunk(
        trace: Trace,
        state: State | None,
        start: Integer[Array, ""] | int,
        size: int,
        key: PRNGKeyArray | None,
    ) -> Gradient:
        parts = [jax.lax.dynamic_slice_in_dim(whole, start, size) for whole in (inputs, targets, mask)]
        real = None if lengths is None else jnp.clip(lengths - start, 0, size)
        return of_chunk(trace, state, *parts, real, key)

    def add(summed: Gradient, start: Integer[Array, ""] | int, size: int) -> Gradient:
        new = chunk(summed.trace, summed.state, start, size, None)
        total = jax.tree.map(jnp.add, summed.gradient, new.gradient)
        return Gradient(summed.loss + new.loss, total, new.state, new.trace)

    size = min(chunk_size, steps)
    # The first chunk makes its own initial state, so that an initial state that is learned has a gradient.
    summed = chunk(trace, state, 0, size, key)
    # One loop over the chunks of equal size, so that their number does not show in what is compiled.
    starts = jnp.arange(size, steps - size + 1, size)
    if len(starts):
        summed, _ = jax.lax.scan(lambda so_far, start: (add(so_far, start, size), None), summed, starts)
    rest = steps % size
    return add(summed, steps - rest, rest) if rest else summed
