"""Grids of LSTMs that are wrong on purpose, each in one place."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import sigmoid

from tests.oracles import comparisons
from throughtime import DepthLSTM, GridLSTM, SpatialGridLSTM
from throughtime.cells.grid_block import GridBlock, GridColumn, GridState


def with_column(cell: Any, change: Callable[[GridColumn], GridColumn]) -> Any:
    """Return the cell with another column."""
    return eqx.tree_at(lambda cell: cell.column, cell, change(cell.column))


def with_block(cell: Any, change: Callable[[GridBlock], GridBlock]) -> Any:
    """Return the cell with another block in its column."""
    return with_column(
        cell, lambda column: eqx.tree_at(lambda column: column.block, column, change(column.block))
    )


def reordered(block: GridBlock, order: tuple[int, ...]) -> GridBlock:
    """Return the block with the weights of its dimensions in another order."""
    weights, biases = (tuple(part[n] for n in order) for part in (block.weights, block.biases))
    return GridBlock(weights, biases, block.priority)


class GateOutside(DepthLSTM):
    """h = o tanh(m), as in other LSTMs."""

    def project(self, x: Any) -> Any:
        h, m = jnp.split(x @ self.input_weight.T + self.input_bias, 2)
        (weight,), (bias,) = self.column.block.weights, self.column.block.biases
        for _ in range(self.column.depth):
            u, f, c, o = jnp.split(weight @ h + bias, 4)
            m = sigmoid(f) * m + sigmoid(u) * jnp.tanh(c)
            h = sigmoid(o) * jnp.tanh(m)
        return h


class OneBlockShort(DepthLSTM):
    """The column is one block lower than it says."""

    def project(self, x: Any) -> Any:
        bottom = GridState(*jnp.split(x @ self.input_weight.T + self.input_bias, 2))
        for _ in range(self.column.depth - 1):
            (bottom,) = self.column.block([bottom])
        return bottom.hidden


class MemoryForHidden(GridLSTM):
    """The input's two projections exchanged."""

    def project(self, x: Any) -> Any:
        return jnp.roll(super().project(x), self.output_size)


class PriorityReversed(GridLSTM):
    """Time sees what the depth has become, not the other way round."""

    def step(self, state: GridState, projected: Any) -> Any:
        twin = with_block(self, lambda block: dataclasses.replace(block, priority=(1 - block.priority[0],)))
        return GridLSTM.step(twin, state, projected)


class PriorityForgotten(GridLSTM):
    """Both dimensions see what comes in."""

    def step(self, state: GridState, projected: Any) -> Any:
        twin = with_block(self, lambda block: dataclasses.replace(block, priority=()))
        return GridLSTM.step(twin, state, projected)


class WeightsExchanged(GridLSTM):
    """Time has the weights of the depth, and the depth those of time."""

    def step(self, state: GridState, projected: Any) -> Any:
        return GridLSTM.step(with_block(self, lambda block: reordered(block, (1, 0))), state, projected)


class SeenExchanged(GridLSTM):
    """The hidden vectors of time and depth are joined in the other order."""

    def step(self, state: GridState, projected: Any) -> Any:
        def change(block: GridBlock) -> GridBlock:
            half = block.weights[0].shape[-1] // 2
            return dataclasses.replace(
                block, weights=tuple(jnp.roll(weight, half, axis=-1) for weight in block.weights)
            )

        return GridLSTM.step(with_block(self, change), state, projected)


class UntiedAsTied(GridLSTM):
    """All layers have the weights of the first."""

    def step(self, state: GridState, projected: Any) -> Any:
        first = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[:1], leaf.shape), self.column)
        return GridLSTM.step(with_column(self, lambda _: first), state, projected)


class TiedAsUntied(GridLSTM):
    """Each layer has weights of its own: those of the one below, a little larger."""

    def step(self, state: GridState, projected: Any) -> Any:
        def change(column: GridColumn) -> GridColumn:
            grown = jax.tree.map(
                lambda leaf: jnp.stack([leaf * (1 + layer / 100) for layer in range(column.depth)]), column
            )
            object.__setattr__(grown, "tied", False)
            return grown

        return GridLSTM.step(with_column(self, change), state, projected)


class AxesExchanged(SpatialGridLSTM):
    """Rows have the weights of columns, and columns those of rows."""

    def step(self, state: GridState, projected: Any) -> Any:
        twin = with_block(self, lambda block: reordered(block, (0, 2, 1, 3)))
        return SpatialGridLSTM.step(twin, state, projected)


class FirstAxisForgotten(SpatialGridLSTM):
    """Nothing runs from row to row."""

    def step(self, state: GridState, projected: Any) -> Any:
        rows = [
            self._sweep(
                self.space[1:],
                GridState(*jnp.split(row, 2, axis=-1)),
                [jax.tree.map(lambda leaf, r=r: leaf[r], state), self._empty(self.space[1:])],
            )
            for r, row in enumerate(projected)
        ]
        tops = jnp.stack([top.hidden for top, _ in rows])
        after = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(leaving[0] for _, leaving in rows))
        return after, tops.reshape(-1)


FAULTS = [
    (comparisons.agrees_with_paper, "depth_lstm", GateOutside),
    (comparisons.agrees_with_paper, "depth_lstm", OneBlockShort),
    (comparisons.agrees_with_paper, "grid_lstm", MemoryForHidden),
    (comparisons.agrees_with_paper, "grid_lstm", PriorityReversed),
    (comparisons.agrees_with_paper, "grid_lstm", PriorityForgotten),
    (comparisons.agrees_with_paper, "grid_lstm", WeightsExchanged),
    (comparisons.agrees_with_paper, "grid_lstm", SeenExchanged),
    (comparisons.agrees_with_paper, "grid_lstm", TiedAsUntied),
    (comparisons.agrees_with_paper, "grid_lstm_untied", PriorityReversed),
    (comparisons.agrees_with_paper, "grid_lstm_untied", UntiedAsTied),
    (comparisons.agrees_with_paper, "spatial_grid_lstm", AxesExchanged),
    (comparisons.agrees_with_paper, "spatial_grid_lstm", FirstAxisForgotten),
]
