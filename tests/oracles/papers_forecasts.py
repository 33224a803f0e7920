"""Forecasts transcribed, in NumPy and double precision."""

from collections.abc import Callable

import numpy as np


def seasonal_naive(series: np.ndarray, *, start: int, horizon: int, period: int) -> np.ndarray:
    """After each step from `start` on, each of the next steps is the last known one whole seasons before."""
    said = []
    for t in range(start, len(series)):
        for h in range(1, horizon + 1):
            k = -(-h // period)  # h / period, rounded up
            said.append(series[t + h - period * k])
    return np.array(said).reshape(len(series) - start, -1)


def free_running(
    x: np.ndarray,
    step: Callable[[np.ndarray, np.ndarray], np.ndarray],
    weight: np.ndarray,
    bias: np.ndarray,
    h: np.ndarray,
    horizon: int,
) -> tuple[np.ndarray, np.ndarray]:
    """After each step, a copy of the network `h = step(x, h)`, `y = W h + b` runs freely."""
    said = []
    for one in x:
        h = step(one, h)
        free, y = h, weight @ h + bias
        ahead = [y]
        for _ in range(horizon - 1):
            free = step(y, free)
            y = weight @ free + bias
            ahead.append(y)
        said.append(np.concatenate(ahead))
    return np.array(said), h
