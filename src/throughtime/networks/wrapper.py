"""Cells around a cell that change what it does between two steps."""

import abc

import equinox as eqx
from jaxtyping import Array, Float, Shaped

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import NotACellError
from throughtime.networks.dilated import Dilated
from throughtime.networks.learned_start import LearnedStart
from throughtime.networks.stack import Stack
from throughtime.networks.tied_stack import TiedStack


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
        """Return what `Cell.step_seeing` says, of the cell within and of what is done between its steps."""


def lowest(cell: Cell) -> Cell:
    """Return the cell that reads the input: the lowest layer of a stack, whatever goes around it."""
    if isinstance(cell, Wrapper | LearnedStart | Dilated):
        return lowest(cell.cell)
    return lowest(cell.cells[0]) if isinstance(cell, Stack | TiedStack) else cell


def check_is_cell(cell: object, wrapper: str) -> None:
    """Raise `NotACellError` unless a wrapper was given a cell."""
    if not isinstance(cell, Cell):
        raise NotACellError(
            f"{wrapper} goes around a cell, and {type(cell).__name__} is not one; put it around the cells "
            "within"
        )
