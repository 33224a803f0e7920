"""Cells over images beside their papers: vectors made images, and a second axis where there is only one."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers_convolutional as papers


def images(s: Specimen) -> np.ndarray:
    """Return the input as images, with the examples in front: `[B, T, C, height, width]`."""
    height, width = plane(s.cell)
    return np.moveaxis(np.asarray(s.inputs), 1, 0).reshape(*s.inputs.shape[1::-1], -1, height, width)


def plane(cell: Any) -> tuple[int, int]:
    """Return height and width; what has a length only is as high as it is long, and one wide."""
    return cell.space if len(cell.space) == 2 else (*cell.space, 1)


def kernels(cell: Any, gates: str) -> list[dict[str, np.ndarray]]:
    """Return W, U and b by the name of their gate, the kernels with two axes."""
    stacked = [np.asarray(w) for w in (cell.input_weight, cell.recurrent_weight, cell.bias)]
    shaped = [w if w.ndim in (1, 4) else w[..., None] for w in stacked]
    return [dict(zip(gates, np.split(w, len(gates)), strict=True)) for w in shaped]


def as_outputs(histories: list[np.ndarray]) -> np.ndarray:
    """Return images `[T, H, height, width]` of each example as vectors `[T, B, H height width]`."""
    return np.stack([history.reshape(len(history), -1) for history in histories], 1)


def ends(s: Specimen, parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Return the last image of each example, in the shape of the state."""
    return [
        np.stack([history[-1] for history in part]).reshape(leaf.shape)
        for part, leaf in zip(parts, s.state, strict=True)
    ]


def states(s: Specimen) -> list[np.ndarray]:
    """Return the images that each example starts from."""
    return [np.asarray(leaf).reshape(*leaf.shape[:2], *plane(s.cell)) for leaf in s.state]


def lstm(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    peepholes = dict(zip("ifo", np.asarray(s.cell.peephole_weight), strict=True))
    ran = [
        papers.convolutional_lstm(X, *kernels(s.cell, "ifgo"), peepholes, H, C)
        for X, H, C in zip(images(s), *states(s), strict=True)
    ]
    hidden, cell = map(list, zip(*ran, strict=True))
    return as_outputs(hidden), ends(s, [hidden, cell])


def gru(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    ran = [
        papers.convolutional_gru(X, *kernels(s.cell, "rzn"), h)
        for X, h in zip(images(s), *states(s), strict=True)
    ]
    return as_outputs(ran), ends(s, [ran])


def convolution(s: Specimen) -> tuple[np.ndarray, None]:
    ran = [papers.convolution(X, np.asarray(s.cell.weight), np.asarray(s.cell.bias)) for X in images(s)]
    return as_outputs(ran), None


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "convolutional_lstm": lstm,
    "convolutional_gru": gru,
    "convolution": convolution,
}
