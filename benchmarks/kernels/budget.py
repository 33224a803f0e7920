"""How long the timing of a point may take, so that the whole grid fits into a given time."""

import time
from collections.abc import Sequence

from benchmarks.kernels.cells import CELLS
from benchmarks.kernels.grid import Point, What

COMPILING_S = 2.0
RATE = 5e10
"""Multiply-adds a second, by a rough guess: budgets are in proportion, not in seconds."""

RUNS = 20
"""How many runs of ours a point takes with all its peers and rounds, by a rough guess."""


class Budget:
    """Shares what is left of the time among the points that are left, by the cost to expect of each."""

    def __init__(self, seconds: float, points: Sequence[tuple[Point, What]]):
        """Start the clock."""
        self._costs = [_cost(point, what) for point, what in points]
        self._ends = time.perf_counter() + seconds

    def next(self) -> float:
        """Return the seconds that the next point may take."""
        share = self._costs[0] / sum(self._costs)
        del self._costs[0]
        return max(0.0, self._ends - time.perf_counter()) * share


def _cost(point: Point, what: What) -> float:
    return COMPILING_S + RUNS * point.multiply_adds(len(CELLS[point.cell].gates), what) / RATE
