"""Cells around a cell, and the step that sees the past otherwise than it carries it on."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, Shaped

from throughtime.cells.gru import GatedUnit
from throughtime.cells.higher_order import HigherOrderElman
from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import NotACellError
from throughtime.networks.dilated import Dilated
from throughtime.networks.learned_start import LearnedStart
from throughtime.networks.stack import Stack, StackState


class Wrapper(Cell):
    r"""A cell that changes what a cell within it does between two steps.

    Between the steps there is something to do, so a kernel cannot run them, and `unroll` goes step by step.

    **Equations**

        (h_t, y_t) = step_seeing(h_{t-1}, h_{t-1}, project(x_t))

    **Shapes**

        those of the cell within

    **Source**

        each wrapper names its own
    """

    cell: Cell
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell):
        check_is_cell(cell, type(self).__name__)
        self.cell = cell
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return what the cell within makes of `x`."""
        return self.cell.project(x)

    def step(self, state: State, projected: Projected) -> tuple[State, Float[Array, " O"]]:
        """Return the next state and the output."""
        return self.step_seeing(state, state, projected)

    @abc.abstractmethod
    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Return what `step_seeing` of this module says."""


def step_seeing(
    cell: Cell, seen: State, state: State, projected: Projected
) -> tuple[State, Float[Array, " O"]]:
    """Return the next state and the output of a cell that sees `seen` of the past and carries on `state`.

    What a cell sees is what its recurrent products multiply. In most cells the hidden layer is only seen, and
    what is carried on stands in another field, so that this is `step(seen, projected)`. In a gated recurrent
    unit, whose hidden layer is both, the part that the gate keeps is a part of `state`; so are the older
    hidden layers that a network of higher order hands on. In a stack each layer is stepped so.

    **Equations**

        h_t = step(s, p).hidden + k * (h_{t-1} - s),   k = sigmoid(+-(p_k + U_k s))            gated unit

    **Shapes**

        seen and state as `cell.step` takes them
    """
    if isinstance(cell, Wrapper):
        return cell.step_seeing(seen, state, projected)
    if isinstance(cell, LearnedStart):
        return step_seeing(cell.cell, seen, state, projected)
    if type(cell) is Stack:
        below, output = step_seeing(cell.cells[0], seen.layers[0], state.layers[0], projected)
        states = [below]
        for layer, layer_seen, layer_state in zip(
            cell.cells[1:], seen.layers[1:], state.layers[1:], strict=True
        ):
            layer_state, output = step_seeing(layer, layer_seen, layer_state, layer.project(output))
            states.append(layer_state)
        return StackState(tuple(states)), output
    if isinstance(cell, GatedUnit):
        gate, sign = cell.keeping
        row, count = cell.gates.index(gate), len(cell.gates)
        p_k, U_k = jnp.split(projected, count)[row], jnp.split(cell.recurrent_weight, count)[row]
        keeps = sigmoid(sign * (p_k + U_k @ seen.hidden))
        after, output = cell.step(seen, projected)
        hidden = output + keeps * (state.hidden - seen.hidden)
        return after._replace(hidden=hidden), hidden
    if isinstance(cell, HigherOrderElman):
        after, output = cell.step(seen, projected)
        hidden = jnp.concatenate([after.hidden[:1], state.hidden[:-1]])
        return after._replace(hidden=hidden), output
    return cell.step(seen, projected)


def lowest(cell: Cell) -> Cell:
    """Return the cell that reads the input: the lowest layer of a stack, whatever goes around it."""
    if isinstance(cell, Wrapper | LearnedStart | Dilated):
        return lowest(cell.cell)
    return lowest(cell.cells[0]) if isinstance(cell, Stack) else cell


def check_is_cell(cell: object, wrapper: str) -> None:
    """Raise `NotACellError` unless a wrapper was given a cell."""
    if not isinstance(cell, Cell):
        raise NotACellError(
            f"{wrapper} goes around a cell, and {type(cell).__name__} is not one; put it around the cells "
            "within"
        )
