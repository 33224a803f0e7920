"""Forecasts transcribed, in NumPy and double precision."""

import math

import numpy as np

from tests.oracles import papers


def seasonal_naive(series: np.ndarray, *, start: int, horizon: int, period: int) -> np.ndarray:
    """After each step from `start` on, each of the next steps is the last known one whole seasons before."""
    said = []
    for t in range(start, len(series)):
        for h in range(1, horizon + 1):
            k = math.ceil(h / period)
            said.append(series[t + h - period * k])
    return np.array(said).reshape(len(series) - start, -1)


def free_gru(
    x: np.ndarray, gates: tuple[dict, dict, dict, np.ndarray], readout: tuple, h: np.ndarray, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """After each step, a copy of the network runs freely."""
    weight, bias = readout
    said = []
    for one in x:
        h = papers.gru(one[None], *gates, h)[-1]
        free, y = h, weight @ h + bias
        ahead = [y]
        for _ in range(horizon - 1):
            free = papers.gru(y[None], *gates, free)[-1]
            y = weight @ free + bias
            ahead.append(y)
        said.append(np.concatenate(ahead))
    return np.array(said), h
