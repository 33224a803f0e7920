"""Running a cell step by step with `lax.scan`: the meaning of unrolling, whatever else computes it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer, Shaped

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.state import keep_finished


def project_and_scan(
    cell: Cell,
    state: State,
    inputs: Shaped[Array, "T B *I"],
    lengths: Integer[Array, " B"] | None,
    reverse: bool,
) -> tuple[State, Float[Array, "T B O"]]:
    """Run a cell over sequences and return the final state and all outputs; padding may hold anything."""
    if lengths is not None:
        inputs = zero_padding(inputs, valid_steps(lengths, inputs.shape[0]))
    return scan(cell, state, jax.vmap(jax.vmap(cell.project))(inputs), lengths, reverse)


def scan(
    cell: Cell, state: State, projected: Projected, lengths: Integer[Array, " B"] | None, reverse: bool
) -> tuple[State, Float[Array, "T B O"]]:
    """Run a cell over a projected sequence and return the final state and all outputs."""
    step = jax.vmap(cell.step)
    if lengths is None:
        return jax.lax.scan(lambda carry, x: step(carry, x), state, projected, reverse=reverse)
    valid = valid_steps(lengths, jax.tree.leaves(projected)[0].shape[0])

    def masked(carry: State, element: tuple[State, Bool[Array, " B"]]) -> tuple[State, Float[Array, "B O"]]:
        projected_t, real = element
        after, output = step(carry, projected_t)
        return keep_finished(real, after, carry), jnp.where(real[:, None], output, 0)

    return jax.lax.scan(masked, state, (projected, valid), reverse=reverse)


def valid_steps(lengths: Integer[Array, " B"], time_steps: int) -> Bool[Array, "T B"]:
    """Return which steps of each sequence are real, the others being padding."""
    return jnp.arange(time_steps)[:, None] < lengths[None, :]


def zero_padding(values: Shaped[Array, "T B *F"], valid: Bool[Array, "T B"]) -> Shaped[Array, "T B *F"]:
    """Return `values` with zeros at the steps that are padding, so that nothing there can spread."""
    return jnp.where(
        valid.reshape(valid.shape + (1,) * (values.ndim - 2)), values, jnp.zeros((), values.dtype)
    )


def flip_in_time(
    values: Shaped[Array, "T B *F"], lengths: Integer[Array, " B"] | None
) -> Shaped[Array, "T B *F"]:
    """Return each sequence from its last real step to its first, with the padding where it was."""
    if lengths is None:
        return jnp.flip(values, 0)
    steps = jnp.arange(values.shape[0])[:, None]
    order = jnp.where(steps < lengths, lengths - 1 - steps, steps)
    return jnp.take_along_axis(values, order.reshape(order.shape + (1,) * (values.ndim - 2)), axis=0)
