"""Cells on top of one another: a stack of cells is a cell."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import equinox as eqx
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.errors import NotACellError, ShapeError
from throughtime.core.sequence_map import Network
from throughtime.core.unroll import unroll


class StackState(NamedTuple):
    """The states of the `layers`, lowest first."""

    layers: tuple[State, ...]


class Stack(SelfUnrollingCell):
    r"""Layers of cells, each reading the outputs of the one below at the same step.

    **Equations**

        (h^l_t, y^l_t) = step^l(h^l_{t-1}, project^l(y^{l-1}_t)),   y^0_t = x_t,   y_t = y^L_t

    **Shapes**

        x as the lowest cell reads it; y as the highest one gives it

    Arguments:
        cells: lowest first, at least one; each `output_size` is the next `input_size`.

    **Raises**

        ShapeError: two neighbours do not fit, or there are none.
        NotACellError: a layer is not a cell.

    **Source**

        Schmidhuber 1992, Neural Computation 4(2) (stacked recurrent networks); Graves 2013, arXiv 1308.0850,
        Eq. 1.
    """

    cells: tuple[Cell, ...]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cells: Sequence[Cell]):
        for cell in cells:
            if not isinstance(cell, Cell):
                raise NotACellError(
                    f"a Stack is made of cells, and {type(cell).__name__} is not one; use Chain, which takes "
                    "cells and sequence maps"
                )
        check_layers_fit(cells)
        self.cells = tuple(cells)
        self.input_size = cells[0].input_size
        self.output_size = cells[-1].output_size

    def initial_state(self) -> StackState:
        """Return the initial states of all layers."""
        return StackState(tuple(cell.initial_state() for cell in self.cells))

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return the projection of the lowest layer; the others have to wait for its output."""
        return self.cells[0].project(x)

    def step(self, state: StackState, projected: Projected) -> tuple[StackState, Float[Array, " O"]]:
        """Return the states of all layers one step on, and the output of the highest."""
        below, output = self.cells[0].step(state.layers[0], projected)
        states = [below]
        for cell, layer_state in zip(self.cells[1:], state.layers[1:], strict=True):
            layer_state, output = cell.step(layer_state, cell.project(output))
            states.append(layer_state)
        return StackState(tuple(states)), output

    def step_seeing(
        self, seen: StackState, state: StackState, projected: Projected
    ) -> tuple[StackState, Float[Array, " O"]]:
        """Return the states of all layers one step on, each seeing its own part of `seen`, and the output."""
        below, output = self.cells[0].step_seeing(seen.layers[0], state.layers[0], projected)
        states = [below]
        for cell, layer_seen, layer_state in zip(
            self.cells[1:], seen.layers[1:], state.layers[1:], strict=True
        ):
            layer_state, output = cell.step_seeing(layer_seen, layer_state, cell.project(output))
            states.append(layer_state)
        return StackState(tuple(states)), output

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: StackState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[StackState, Float[Array, "T B O"]]:
        """Run layer after layer, so that each layer projects the whole sequence in one product."""
        states = []
        for cell, layer_state in zip(self.cells, state.layers, strict=True):
            layer_state, inputs = unroll(cell, inputs, layer_state, lengths=lengths, reverse=reverse)
            states.append(layer_state)
        return StackState(tuple(states)), inputs


def check_layers_fit(layers: Sequence[Network]) -> None:
    """Raise `ShapeError` unless there is a layer and each one reads what the one below gives."""
    if not layers:
        raise ShapeError("there are 0 layers; give at least one")
    for number, (below, above) in enumerate(pairwise(layers)):
        if below.output_size != above.input_size:
            raise ShapeError(
                f"layer {number} ({type(below).__name__}) gives {below.output_size} features and layer "
                f"{number + 1} ({type(above).__name__}) reads {above.input_size}; make the two sizes equal"
            )
