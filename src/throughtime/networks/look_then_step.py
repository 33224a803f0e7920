"""Attention before the step: what was said last asks, and the answer is a part of the next input."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import Cell
from throughtime.core.errors import ShapeError
from throughtime.networks.attention import Attention, Memory
from throughtime.networks.looking import LookingCell, LookingState, check_can_look


class LookThenStep(LookingCell):
    r"""A cell that looks at a memory with its last output, and reads what it saw beside its input.

    **Equations**

        (c_t, a_t) = look(h_{t-1}, m)
        (s_t, h_t) = step(s_{t-1}, project([x_t; c_t]))
        y_t = [h_t; c_t]

    **Shapes**

        x `[I]`, m `[S, M]`, c `[M]`, h `[H]`, y `[H + M]`; the cell within reads `[I + M]`

    Arguments:
        cell: any cell that reads `[x_t; c_t]`, a stack too; its output asks.
        attention: how it looks; `AdditiveAttention` in the paper.
        memory: what it looks at; it can be given later, with `looking_at`.

    **Raises**

        ShapeError: cell and attention do not fit.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell with its projection, which has to wait for the look, and one look

    **Differs from**

        The paper's readout is a maxout over h_{t-1}, x_t and c_t; here a readout on top reads h_t and c_t.

    **Source**

        Bahdanau, Cho & Bengio 2015, arXiv 1409.0473, Eqs. 4-6 and appendix A.2.2.
    """

    cell: Cell
    attention: Attention
    memory: Memory | None
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell, attention: Attention, memory: Memory | None = None):
        check_can_look(cell, attention, "LookThenStep")
        if cell.input_size <= attention.memory_size:
            raise ShapeError(
                f"{type(cell).__name__} reads {cell.input_size} features and what it sees of the memory "
                f"alone has {attention.memory_size}; make the cell's input as large as x and that together"
            )
        self.cell = cell
        self.attention = attention
        self.memory = memory
        self.input_size = cell.input_size - attention.memory_size
        self.output_size = cell.output_size + attention.memory_size

    def initial_state(self) -> LookingState:
        """Return the initial state of the cell within, and an output of zeros to ask with."""
        return LookingState(self.cell.initial_state(), jnp.zeros(self.cell.output_size))

    def step_looking(
        self, seen: LookingState, state: LookingState, projected: Float[Array, " I"]
    ) -> tuple[LookingState, Float[Array, " O"], Float[Array, " S"]]:
        """Return the next state, the output and the weights."""
        assert seen.last is not None  # as initial_state has it
        look = self._look(seen.last)
        element = self.cell.project(jnp.concatenate([projected, look.context]))
        inner, hidden = self.cell.step_seeing(seen.inner, state.inner, element)
        return LookingState(inner, hidden), jnp.concatenate([hidden, look.context]), look.weights
