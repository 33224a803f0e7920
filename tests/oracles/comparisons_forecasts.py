"""Cells of forecasts beside their transcriptions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers, papers_forecasts
from tests.oracles.comparisons_wirings import one_step
from tests.oracles.transcribed import sequences, weights


def _repeated(cell: Any, past: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    series = np.concatenate([past, x[:, list(cell.features)]])
    said = papers_forecasts.seasonal_naive(series, start=len(past), horizon=cell.horizon, period=cell.period)
    return said, series[-cell.period :]


def seasonal_naive(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    pasts = np.asarray(s.state.past)
    ran = [_repeated(s.cell, past, x) for past, x in zip(pasts, sequences(s), strict=True)]
    return np.stack([said for said, _ in ran], 1), [np.stack([past for _, past in ran])]


def seasonal_residual(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    """Two numbers a value, and behind them one that is left alone."""
    below, readout = (weights(cell) for cell in s.cell.cell.cells)
    hiddens, pasts = np.asarray(s.state.cell.layers[0].hidden), np.asarray(s.state.base.past)
    outputs, ends, after = [], [], []
    for x, h, past in zip(sequences(s), hiddens, pasts, strict=True):
        hidden = papers.elman(x, below["input_weight"], below["recurrent_weight"], below["bias"], h)
        y = papers.linear(hidden, readout["weight"], readout["bias"])
        said, past = _repeated(s.cell.base, past, x)
        for value in range(said.shape[1]):
            scale = s.cell.scale[value % 2]
            y[:, 2 * value] = scale * y[:, 2 * value] + said[:, value]
            y[:, 2 * value + 1] = scale * y[:, 2 * value + 1] + said[:, value]
        outputs.append(y)
        ends.append(hidden[-1])
        after.append(past)
    return np.stack(outputs, 1), [np.stack(ends), np.stack(after)]


def seasonal_difference(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    pasts, seen = np.asarray(s.state.past), np.asarray(s.state.position)
    outputs, after = [], []
    for x, past, before in zip(sequences(s), pasts, seen, strict=True):
        series = np.concatenate([past, x])
        rows = [
            np.concatenate([one, (one - series[t]) / np.array(s.cell.scale) * (before + t >= s.cell.period)])
            for t, one in enumerate(x)
        ]
        outputs.append(rows)
        after.append(series[-s.cell.period :])
    return np.stack(outputs, 1), [np.stack(after), seen + len(s.inputs)]


def roll_out(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    below, readout = s.cell.cell.cells
    step, w, hiddens = one_step(below), weights(readout), np.asarray(s.state.layers[0].hidden)
    ran = [
        papers_forecasts.free_running(x, step, w["weight"], w["bias"], h, s.cell.horizon)
        for x, h in zip(sequences(s), hiddens, strict=True)
    ]
    return np.stack([said for said, _ in ran], 1), [np.stack([h for _, h in ran])]


def quantile_levels(s: Specimen) -> tuple[np.ndarray, None]:
    x = np.asarray(s.inputs)
    return np.concatenate([x, np.broadcast_to([0.2, 0.7], (*x.shape[:2], 2))], -1), None


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "seasonal_naive": seasonal_naive,
    "seasonal_residual": seasonal_residual,
    "roll_out": roll_out,
    "seasonal_difference": seasonal_difference,
    "quantile_levels": quantile_levels,
}
