"""Reading a sequence from both ends."""

from typing import Literal, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotACellError, ShapeError, choose
from throughtime.core.scanning import valid_steps, zero_padding
from throughtime.core.sequence_map import SequenceMap
from throughtime.core.unroll import unroll

Merge = Literal["concatenate", "sum", "mean"]


class Bidirectional(SequenceMap):
    r"""One cell reads the sequence forwards, another backwards, and their outputs are merged.

    **Equations**

        y_t = merge(forward(x_1 ... x_t), backward(x_T ... x_t))               aligned
        y_t = merge(forward(x_1 ... x_t), backward(x_T ... x_1))               read to the end

    **Shapes**

        x as both cells read it; y `[2 O]` when concatenated, else `[O]`

    Arguments:
        forward, backward: cells with the same sizes.
        merge: `"concatenate"`, `"sum"` or `"mean"`.
        to_the_end: what the backward cell gives at step t: its output at t (false: an answer for each
            element), or its output when it has read everything (true: at the last step, both directions know
            the whole sequence).

    **Raises**

        NotACellError, ShapeError: a direction is no cell, or the two do not fit.

    **Differs from**

        PyTorch's output at the last step pairs a forward output that has read everything with a backward one
        that has read a single element; `to_the_end=True` pairs the two finished ones, as PyTorch's `h_n`
        does.

    **Source**

        Schuster & Paliwal 1997, IEEE Transactions on Signal Processing 45(11), section II.
    """

    forward: Cell
    backward: Cell
    merge: Merge = eqx.field(static=True)
    to_the_end: bool = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self, forward: Cell, backward: Cell, *, merge: Merge = "concatenate", to_the_end: bool = False
    ):
        for cell in (forward, backward):
            if not isinstance(cell, Cell):
                raise NotACellError(
                    f"each direction of a Bidirectional is a cell, and {type(cell).__name__} is not one; to "
                    "put bidirectional layers on top of one another, chain them"
                )
        sizes = [(cell.input_size, cell.output_size) for cell in (forward, backward)]
        if sizes[0] != sizes[1]:
            raise ShapeError(
                f"the directions have (input, output) sizes {sizes[0]} and {sizes[1]}; make them equal"
            )
        choose("merge", merge, get_args(Merge))
        self.forward = forward
        self.backward = backward
        self.merge = merge
        self.to_the_end = to_the_end
        self.input_size = forward.input_size
        self.output_size = forward.output_size * (2 if merge == "concatenate" else 1)

    def run(
        self,
        inputs: Shaped[Array, "T B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[tuple[State, ...], Float[Array, "T B O"]]:
        """Return the final states of both directions and their merged outputs."""
        keys = (None, None) if key is None else jax.random.split(key)
        end, there = unroll(self.forward, inputs, lengths=lengths, key=keys[0])
        beginning, back = unroll(self.backward, inputs, lengths=lengths, reverse=True, key=keys[1])
        if self.to_the_end:
            back = jnp.broadcast_to(back[0], back.shape)
        if self.merge == "concatenate":
            merged = jnp.concatenate([there, back], axis=-1)
        else:
            merged = (there + back) * (0.5 if self.merge == "mean" else 1.0)
        if self.to_the_end and lengths is not None:
            merged = zero_padding(merged, valid_steps(lengths, inputs.shape[0]))
        return (end, beginning), merged
