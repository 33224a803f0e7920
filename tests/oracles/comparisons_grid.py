"""Grids of LSTMs beside their paper: the weights of each layer, dimension and gate by name."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers_grid as papers

ROWS_OF_GATES = "ufco"


def layers(cell: Any) -> list[list[papers.Transform]]:
    """Return the transforms of each layer, one for each dimension, those of tied layers again and again."""
    column, block = cell.column, cell.column.block

    def in_layer(layer: int) -> Iterator[papers.Transform]:
        for weight, bias in zip(block.weights, block.biases, strict=True):
            own = (weight, bias) if column.tied else (weight[layer], bias[layer])
            parts = (np.split(np.asarray(part), 4) for part in own)
            yield dict(zip(ROWS_OF_GATES, zip(*parts, strict=True), strict=True))

    return [list(in_layer(layer)) for layer in range(column.depth)]


def projection(cell: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(cell.input_weight), np.asarray(cell.input_bias)


def sequences(s: Specimen) -> np.ndarray:
    return np.moveaxis(np.asarray(s.inputs), 1, 0)


def depth(s: Specimen) -> tuple[np.ndarray, None]:
    ran = [papers.one_dimension(x, *projection(s.cell), layers(s.cell)) for x in sequences(s)]
    return np.stack(ran, 1), None


def time_and_depth(priority: list[int]) -> Callable[[Specimen], Any]:
    """Return the comparison of a grid in which these dimensions have priority: 0 is time, 1 the depth."""

    def outputs(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
        hidden, memory = map(np.asarray, s.state)
        ran = [
            papers.two_dimensions(
                x, *projection(s.cell), layers(s.cell), priority, list(zip(h, m, strict=True))
            )
            for x, h, m in zip(sequences(s), hidden, memory, strict=True)
        ]
        ends = [np.array([[pair[part] for pair in time] for _, time in ran]) for part in (0, 1)]
        return np.stack([tops for tops, _ in ran], 1), ends

    return outputs


def time_space_and_depth(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    hidden, memory = map(np.asarray, s.state)
    places = list(product(*map(range, hidden.shape[1:4])))
    outputs, after = [], []
    for x, h, m in zip(sequences(s), hidden, memory, strict=True):
        time = {place: (h[place], m[place]) for place in places}
        arrays = x.reshape(len(x), *s.cell.space, -1)
        tops, end = papers.four_dimensions(arrays, *projection(s.cell), layers(s.cell), [1, 2], time)
        outputs.append(tops.reshape(len(tops), -1))
        after.append(end)
    ends = [
        np.array([[end[place][part] for place in places] for end in after]).reshape(hidden.shape)
        for part in (0, 1)
    ]
    return np.stack(outputs, 1), ends


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "depth_lstm": depth,
    "grid_lstm": time_and_depth([1]),
    "grid_lstm_untied": time_and_depth([0]),
    "spatial_grid_lstm": time_space_and_depth,
}
