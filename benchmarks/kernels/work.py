"""The work of one point: our network, what it reads, and the same for everybody."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import equinox as eqx
import jax
import numpy as np

from benchmarks.kernels.cells import CELLS, CellRow
from benchmarks.kernels.grid import Point
from throughtime import Bidirectional, Network, Stack

CORES = os.cpu_count() or 1
"""As many threads as every library is given first."""


@dataclass(frozen=True)
class Work:
    """A point with weights and data.

    Arguments:
        cells: one, or two for a stack (lowest first) and for reading from both ends (forward first).
        x: inputs, `[T, B, I]`, float32.
        lengths: real steps of each row, or None.
    """

    point: Point
    cells: tuple[Any, ...]
    x: np.ndarray
    lengths: np.ndarray | None

    @classmethod
    def of(cls, point: Point) -> "Work":
        """Draw weights and data for a point; biases and peepholes too, so that none of them is zero."""
        build = CELLS[point.cell].build
        generator = np.random.default_rng(0)
        count = 1 if point.wiring == "one" else 2
        sizes = [
            point.hidden_size if point.wiring == "stack" and n else point.input_size for n in range(count)
        ]
        cells = []
        for number, input_size in enumerate(sizes):
            cell = build(input_size, point.hidden_size, key=jax.random.key(number))
            small = [name for name in fields(cell) if name not in ("input_weight", "recurrent_weight")]
            drawn = {name: generator.normal(0, 0.1, fields(cell)[name].shape) for name in small}
            cells.append(with_fields(cell, {name: fields(cell)[name] + drawn[name] for name in small}))
        x = generator.standard_normal((point.steps, point.batch, point.input_size), dtype=np.float32)
        lengths = half_lengths(point, generator) if point.wiring == "both_ways" else None
        return cls(point, tuple(cells), x, lengths)

    @property
    def row(self) -> CellRow:
        """The cell's row."""
        return CELLS[self.point.cell]

    @cached_property
    def network(self) -> Network:
        """Our network of the cells."""
        return wire(self.point, self.cells)

    def without(self, names: tuple[str, ...]) -> Network:
        """Return our network with these fields of its cells at zero."""
        zeros = [{name: np.zeros_like(fields(cell)[name]) for name in names} for cell in self.cells]
        return wire(
            self.point, tuple(with_fields(cell, zero) for cell, zero in zip(self.cells, zeros, strict=True))
        )


def wire(point: Point, cells: tuple[Any, ...]) -> Network:
    """Return the network of a point."""
    match point.wiring:
        case "one":
            return cells[0]
        case "stack":
            return Stack(cells)
        case "both_ways":
            return Bidirectional(*cells)


def cells_of(network: Any) -> tuple[Any, ...]:
    """Return the cells that `wire` put together, or their gradients."""
    if isinstance(network, Stack):
        return network.cells
    if isinstance(network, Bidirectional):
        return network.forward, network.backward
    return (network,)


def fields(cell: Any) -> dict[str, np.ndarray]:
    """Return the arrays of a cell, or of a gradient by one, by name."""
    return {path[0].name: np.asarray(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(cell)}


def with_fields(cell: Any, values: dict[str, np.ndarray]) -> Any:
    """Return the cell with other arrays in some of its fields."""
    names = list(values)
    arrays = [jax.numpy.asarray(values[name], dtype=jax.numpy.float32) for name in names]
    return eqx.tree_at(lambda cell: [getattr(cell, name) for name in names], cell, arrays) if names else cell


def half_lengths(point: Point, generator: np.random.Generator) -> np.ndarray:
    """Draw lengths between 1 and T, one of them T, whose mean is (T + 1) / 2, in no order."""
    drawn = generator.integers(1, point.steps, size=(point.batch + 1) // 2, endpoint=True)
    drawn[0] = point.steps
    mirrored = np.concatenate([drawn, point.steps + 1 - drawn])
    return generator.permutation(mirrored[: point.batch]).astype(np.int32)
