"""Running a cell step by step with `lax.scan`: the meaning of unrolling, whatever else computes it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.state import keep_finished


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
