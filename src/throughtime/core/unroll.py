"""Run a cell over a batch of sequences: unfolding in time."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, FusedCell, PointwiseCell, SelfUnrollingCell, State
from throughtime.core.errors import NotACellError, ShapeError
from throughtime.core.fused import can_fuse, run_fused
from throughtime.core.scanning import project_and_scan, valid_steps, zero_padding
from throughtime.core.state import initial_states


def unroll(
    cell: Cell,
    inputs: Shaped[Array, "T B *I"],
    state: State | None = None,
    *,
    lengths: Integer[Array, " B"] | None = None,
    reverse: bool = False,
    key: PRNGKeyArray | None = None,
) -> tuple[State, Float[Array, "T B O"]]:
    """Run `cell` over whole sequences and return the final state and all outputs.

    On a CPU a fused kernel does the work if the cell names one; `core.fused` says when.

    **Shapes**

        inputs `[T, B, I]` (symbols `[T, B]`), lengths `[B]`, outputs `[T, B, O]`, states `[B, ...]`

    Arguments:
        cell: what to run. A sequence map has no step and is refused.
        inputs: time-major sequences, padded at the end to one number of steps.
        state: where to start; the initial state when left out. The final state of one chunk starts the next.
        lengths: the number of real steps of each sequence, 0 to T; all T when left out. A padded step changes
            neither state nor gradient, whatever the padding holds, and its output is zero.
        reverse: read each sequence from its last real step to its first. Outputs stay at their own time.
        key: source of the noise, for cells that draw some (dropout) and start from the initial state.

    **Raises**

        ShapeError: inputs, lengths or state do not fit together or do not fit the cell.
        NotACellError: `cell` is not a cell.

    **Cost**

        time O(T P), memory O(T H) for the outputs and, under differentiation, O(T H) for the steps
    """
    check_inputs(cell, inputs, lengths)
    batch_size = inputs.shape[1]
    if state is None:
        state = initial_states(cell, batch_size, key)
    else:
        _check_state(cell, state, batch_size)
    if isinstance(cell, FusedCell) and can_fuse(cell, state, inputs):
        return run_fused(cell, state, inputs, lengths, reverse)
    valid = None if lengths is None else valid_steps(lengths, inputs.shape[0])
    clean = inputs if valid is None else zero_padding(inputs, valid)
    if isinstance(cell, SelfUnrollingCell):
        return cell.unroll_whole(clean, state, lengths, reverse)
    if isinstance(cell, PointwiseCell):
        projected = jax.vmap(jax.vmap(cell.project))(clean)
        return state, projected if valid is None else zero_padding(projected, valid)
    return project_and_scan(cell, state, inputs, lengths, reverse)


def last_step(lengths: Integer[Array, " B"], time_steps: int) -> Bool[Array, "T B"]:
    """Return which step of each sequence is its last real one."""
    return jnp.arange(time_steps)[:, None] == lengths[None, :] - 1


def check_lengths(lengths: Integer[Array, " B"], time_steps: int, batch_size: int) -> None:
    """Raise `ShapeError` unless lengths are an array, one per sequence, each from 0 to `time_steps`.

    Inside a compiled function the values are not known, and only the shape is checked.
    """
    if not isinstance(lengths, jax.Array | np.ndarray) or not jnp.issubdtype(lengths.dtype, jnp.integer):
        given = getattr(lengths, "dtype", type(lengths).__name__)
        raise ShapeError(
            f"lengths are given as {given}; pass an array of {batch_size} whole numbers, one per sequence, "
            "such as jnp.array(lengths)"
        )
    if lengths.shape != (batch_size,):
        raise ShapeError(
            f"lengths have shape {lengths.shape}; the batch has {batch_size}: expected ({batch_size},)"
        )
    if isinstance(lengths, jax.core.Tracer):
        return
    values = np.asarray(lengths)
    wrong = np.flatnonzero((values < 0) | (values > time_steps))
    if wrong.size:
        raise ShapeError(
            f"lengths[{wrong[0]}] is {values[wrong[0]]} but the batch has {time_steps} time steps; "
            f"pass lengths between 0 and {time_steps}"
        )


def check_inputs(cell: Cell, inputs: Shaped[Array, "T B *I"], lengths: Integer[Array, " B"] | None) -> None:
    """Raise `ShapeError` unless the inputs fit the cell, and the lengths fit the inputs; `NotACellError` for
    what is no cell."""
    if not isinstance(cell, Cell):
        raise NotACellError(
            f"unroll needs a cell, and {type(cell).__name__} is not one: it must see the whole sequence; "
            "call it, or use throughtime.apply, which takes both"
        )
    if inputs.ndim < 2 or (inputs.ndim == 2 and jnp.issubdtype(inputs.dtype, jnp.inexact)):
        raise ShapeError(
            f"inputs have shape {inputs.shape}; expected [time, batch, {cell.input_size}] "
            "(symbols: [time, batch])"
        )
    if inputs.ndim == 3 and inputs.shape[2] != cell.input_size:
        raise ShapeError(
            f"inputs have {inputs.shape[2]} features, and {type(cell).__name__} was made for "
            f"input_size={cell.input_size}; inputs are [time, batch, feature]"
        )
    if lengths is not None:
        check_lengths(lengths, *inputs.shape[:2])


def _check_state(cell: Cell, state: State, batch_size: int) -> None:
    expected = jax.eval_shape(cell.initial_state)
    given, wanted = jax.tree.structure(state), jax.tree.structure(expected)
    if given != wanted:  # type: ignore[operator]
        raise ShapeError(f"the state given is {given}, and {type(cell).__name__} has {wanted}")
    for leaf, shape in zip(jax.tree.leaves(state), jax.tree.leaves(expected), strict=True):
        if leaf.shape != (batch_size, *shape.shape):
            raise ShapeError(
                f"a state of {type(cell).__name__} has shape {leaf.shape}; expected "
                f"{(batch_size, *shape.shape)} ([batch, ...]), as throughtime.initial_states or an earlier "
                "unroll returns it"
            )
