"""How a transcription gets the weights of a cell, and how its results are laid out to be compared."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen


def weights(cell: Any) -> dict[str, np.ndarray]:
    """Return the arrays of a cell under the names of its fields."""
    return {name: np.asarray(value) for name, value in vars(cell).items() if hasattr(value, "shape")}


def by_gate(stacked: np.ndarray, gates: str) -> dict[str, np.ndarray]:
    """Return the rows that belong to each gate."""
    return dict(zip(gates, np.split(stacked, len(gates)), strict=True))


def sequences(s: Specimen) -> np.ndarray:
    """Return the input with the examples in front: `[B, T, ...]`."""
    return np.moveaxis(np.asarray(s.inputs), 1, 0)


def with_memory(
    paper: Callable[..., Any], gates: str, peepholes: str | None = None
) -> Callable[[Specimen], Any]:
    """Return the comparison of a cell with a memory; the paper takes peepholes unless that is `None`."""

    def outputs(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
        w = weights(s.cell)
        rows = w.pop("peephole_weight", ())
        given = [by_gate(w[name], gates) for name in ("input_weight", "recurrent_weight", "bias")]
        given += [] if peepholes is None else [dict(zip(peepholes, rows, strict=True))]
        ran = [
            paper(x, *given, h, c) for x, h, c in zip(sequences(s), *map(np.asarray, s.state), strict=True)
        ]
        ends = [np.stack([history[-1] for history in part]) for part in zip(*ran, strict=True)]
        return np.stack([hidden for hidden, _ in ran], 1), ends

    return outputs


def hidden_only(paper: Callable[..., np.ndarray], gates: str, *names: str) -> Callable[[Specimen], Any]:
    """Return the comparison of a cell that remembers its hidden layer; `names` are weights without gates."""

    def outputs(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
        w = weights(s.cell)
        given = [by_gate(w[name], gates) for name in ("input_weight", "recurrent_weight", "bias")]
        given += [w[name] for name in names]
        ran = [paper(x, *given, h) for x, h in zip(sequences(s), np.asarray(s.state.hidden), strict=True)]
        return np.stack(ran, 1), [np.stack([history[-1] for history in ran])]

    return outputs


def from_rest(paper: Callable[..., np.ndarray], *names: str) -> Callable[[Specimen], Any]:
    """Return the comparison of a cell whose paper starts at the initial state and speaks of outputs only."""

    def outputs(s: Specimen) -> tuple[np.ndarray, None]:
        w = weights(s.cell)
        return np.stack([paper(x, *(w[name] for name in names)) for x in sequences(s)], 1), None

    return outputs
