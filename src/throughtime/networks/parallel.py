"""Cells beside one another, which read the same and hand on all that they give."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.errors import NotACellError, ShapeError
from throughtime.core.unroll import unroll


class ParallelState(NamedTuple):
    """The states of the cells beside one another, `branches`, in their order."""

    branches: tuple[State, ...]


class Parallel(SelfUnrollingCell):
    r"""Cells that read the same input, each for itself; their outputs stand one after the other.

    Reservoirs of several time scales, say, of which one readout sees all.

    **Equations**

        (h^n_t, y^n_t) = step^n(h^n_{t-1}, project^n(x_t)),   y_t = [y^1_t; ...; y^N_t]

    **Shapes**

        x as every cell reads it; y `[O]`, O the sum of the cells' output sizes

    Arguments:
        cells: at least one; all read inputs of one size.

    **Raises**

        ShapeError: there are none, or their input sizes differ.
        NotACellError: one of them is no cell.

    **Source**

        Xue, Yang & Haykin 2007, "Decoupled echo state networks with lateral inhibition", Neural Networks
        20(3), without the inhibition.
    """

    cells: tuple[Cell, ...]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cells: Sequence[Cell]):
        for cell in cells:
            if not isinstance(cell, Cell):
                raise NotACellError(
                    f"Parallel puts cells beside one another, and {type(cell).__name__} is not one; give "
                    "cells that read in one direction"
                )
        sizes = [cell.input_size for cell in cells]
        if len(set(sizes)) != 1:
            raise ShapeError(
                f"the cells of a Parallel read {sizes} features; give at least one, all with one input size"
            )
        self.cells = tuple(cells)
        self.input_size = sizes[0]
        self.output_size = sum(cell.output_size for cell in cells)

    def initial_state(self) -> ParallelState:
        """Return the initial states of all cells."""
        return ParallelState(tuple(cell.initial_state() for cell in self.cells))

    def project(self, x: Shaped[Array, "*I"]) -> tuple[Projected, ...]:
        """Return the projections of all cells."""
        return tuple(cell.project(x) for cell in self.cells)

    def step(
        self, state: ParallelState, projected: tuple[Projected, ...]
    ) -> tuple[ParallelState, Float[Array, " O"]]:
        """Return the next states, and the outputs one after the other."""
        return self.step_seeing(state, state, projected)

    def step_seeing(
        self, seen: ParallelState, state: ParallelState, projected: tuple[Projected, ...]
    ) -> tuple[ParallelState, Float[Array, " O"]]:
        """Return the next states, each cell seeing its own part of `seen`, and the outputs."""
        after, outputs = [], []
        for cell, branch_seen, branch, part in zip(
            self.cells, seen.branches, state.branches, projected, strict=True
        ):
            branch, output = cell.step_seeing(branch_seen, branch, part)
            after.append(branch)
            outputs.append(output)
        return ParallelState(tuple(after)), jnp.concatenate(outputs)

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: ParallelState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[ParallelState, Float[Array, "T B O"]]:
        """Run every cell over the whole sequence by its own means."""
        ran = [
            unroll(cell, inputs, branch, lengths=lengths, reverse=reverse)
            for cell, branch in zip(self.cells, state.branches, strict=True)
        ]
        return ParallelState(tuple(after for after, _ in ran)), jnp.concatenate([out for _, out in ran], -1)
