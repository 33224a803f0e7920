"""Attention after the step: the new output asks, and the answer is a part of what is said."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell
from throughtime.core.errors import ShapeError
from throughtime.core.initializers import uniform_by_columns
from throughtime.core.scanning import project_and_scan, valid_steps, zero_padding
from throughtime.core.unroll import unroll
from throughtime.networks.attention import Attention, Memory
from throughtime.networks.looking import LookingCell, LookingState, check_can_look


class StepThenLook(LookingCell, SelfUnrollingCell):
    r"""A cell that looks at a memory with its output, and joins the two to what it gives.

    **Equations**

        (s_t, h_t) = step(s_{t-1}, project(x_t)), or with input feeding project([x_t; y_{t-1}]),  y_0 = 0
        (c_t, a_t) = look(h_t, m)
        y_t = tanh(W [c_t; h_t])

    **Shapes**

        x `[I]`, m `[S, M]`, c `[M]`, h, y `[H]`, W `[H, M + H]`; the cell within reads `[I]`, or `[I + H]`

    Arguments:
        cell: any cell, a stack too; its output asks.
        attention: how it looks; `MultiplicativeAttention` in the paper.
        input_feeding: whether the cell reads what was given at the step before beside its input, and so knows
            where it looked.
        memory: what it looks at; it can be given later, with `looking_at`.
        key: source of W.

    **Raises**

        ShapeError: cell and attention do not fit.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell, one look and H (M + H). Without input feeding no step waits for a look, so
        a whole sequence runs as fast as the cell within does, and all looks are one matrix product.

    **Source**

        Luong, Pham & Manning 2015, arXiv 1508.04025, Eqs. 5 and 7-8, sections 3.1 (global attention) and 3.3
        (input feeding).
    """

    cell: Cell
    attention: Attention
    memory: Memory | None
    weight: Float[Array, "H MH"]
    input_feeding: bool = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        cell: Cell,
        attention: Attention,
        memory: Memory | None = None,
        *,
        input_feeding: bool = False,
        key: PRNGKeyArray,
    ):
        check_can_look(cell, attention, "StepThenLook")
        size = cell.output_size
        if input_feeding and cell.input_size <= size:
            raise ShapeError(
                f"{type(cell).__name__} reads {cell.input_size} features and what is fed back alone has "
                f"{size}; make the cell's input as large as x and that together, or leave input_feeding out"
            )
        self.cell = cell
        self.attention = attention
        self.memory = memory
        self.weight = uniform_by_columns(key, (size, attention.memory_size + size))
        self.input_feeding = input_feeding
        self.input_size = cell.input_size - (size if input_feeding else 0)
        self.output_size = size

    def initial_state(self) -> LookingState:
        """Return the initial state of the cell within, and zeros to be fed back where something is."""
        last = jnp.zeros(self.output_size) if self.input_feeding else None
        return LookingState(self.cell.initial_state(), last)

    def step_looking(
        self, seen: LookingState, state: LookingState, projected: Float[Array, " I"]
    ) -> tuple[LookingState, Float[Array, " H"], Float[Array, " S"]]:
        """Return the next state, the output and the weights."""
        element = projected if seen.last is None else jnp.concatenate([projected, seen.last])
        inner, hidden = self.cell.step_seeing(seen.inner, state.inner, self.cell.project(element))
        output, weights = self._joined(hidden)
        return LookingState(inner, output if self.input_feeding else None), output, weights

    def unroll_whole(
        self,
        inputs: Float[Array, "T B I"],
        state: LookingState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[LookingState, Float[Array, "T B H"]]:
        """Run the cell within over the whole sequence and look afterwards, unless a step waits for a look."""
        if self.input_feeding:
            return project_and_scan(self, state, inputs, lengths, reverse)
        inner, hidden = unroll(self.cell, inputs, state.inner, lengths=lengths, reverse=reverse)
        outputs, _ = jax.vmap(jax.vmap(self._joined))(hidden)
        if lengths is not None:
            outputs = zero_padding(outputs, valid_steps(lengths, inputs.shape[0]))
        return LookingState(inner, None), outputs

    def _joined(self, hidden: Float[Array, " H"]) -> tuple[Float[Array, " H"], Projected]:
        look = self._look(hidden)
        return jnp.tanh(self.weight @ jnp.concatenate([look.context, hidden])), look.weights  # Eq. 5
