"""Functions in the place of `unroll` that are wrong on purpose, each in one place."""

from typing import Any

import jax
import jax.numpy as jnp

from throughtime import unroll


def ignores_lengths(cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False) -> Any:
    """An unroll that reads the padding too."""
    return unroll(cell, inputs, state, reverse=reverse)


def masks_outputs_only(cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False) -> Any:
    """An unroll whose state goes on through the padding."""
    after, _ = unroll(cell, jnp.nan_to_num(inputs), state, reverse=reverse)
    return after, unroll(cell, inputs, state, lengths=lengths, reverse=reverse)[1]


def leaks_padding(cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False) -> Any:
    """An unroll that multiplies the padding by zero, which NaN survives."""
    after, outputs = unroll(cell, inputs, state, lengths=lengths, reverse=reverse)
    return after, outputs + 0 * jnp.sum(inputs)


def not_reversed(cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False) -> Any:
    """An unroll that reads forwards when asked to read in reverse."""
    return unroll(cell, inputs, state, lengths=lengths)


def reverses_the_padding_too(
    cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False
) -> Any:
    """An unroll that flips the whole array, padding first."""
    if not reverse:
        return unroll(cell, inputs, state, lengths=lengths)
    after, outputs = unroll(cell, inputs[::-1], state, lengths=lengths)
    return after, outputs[::-1]


def forgets_the_state(cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False) -> Any:
    """An unroll that starts each chunk from the initial state."""
    return unroll(cell, inputs, None, lengths=lengths, reverse=reverse)


def sees_the_future(cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False) -> Any:
    """An unroll in which each step also sees a little of the next."""
    ahead = jnp.concatenate([inputs[1:], inputs[-1:]])
    return unroll(cell, inputs + 1e-9 * ahead, state, lengths=lengths, reverse=reverse)


def mixes_the_batch(cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False) -> Any:
    """An unroll in which the examples of a batch see one another."""
    others = jnp.mean(inputs, axis=1, keepdims=True)
    return unroll(cell, inputs - 1e-9 * others, state, lengths=lengths, reverse=reverse)


def knows_when_it_is_compiled(
    cell: Any, inputs: Any, state: Any, lengths: Any = None, reverse: bool = False
) -> Any:
    """An unroll that does something else inside a compiled function."""
    after, outputs = unroll(cell, inputs, state, lengths=lengths, reverse=reverse)
    return after, outputs + 1e-9 if isinstance(inputs, jax.core.Tracer) else outputs
