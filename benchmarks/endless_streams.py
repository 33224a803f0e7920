"""A million elements, one after the other: does a learner grow, or slow down?

They come by a hundred, and each is learned from before the next, as `OnlineRegressor.partial_fit` does.
Seconds for each 100,000 elements, by the clock and of the processor (which does not count what else the
machine does), and the memory of the process when the first 1,000 had come (all is compiled by then) and at
the end.
"""

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil

from throughtime import OnlineRegressor

ELEMENTS, PART, WARM_UP, AT_ONCE = 1_000_000, 100_000, 1000, 100
GROWTH_MB = 5.0
"""By how much the process may be larger at the end, in megabytes: the noise of its allocator."""
SLOWER = 1.2
"""How much more of the processor's time the quickest part of the second half may take than that of the first:
the others had to share the machine's caches with other work."""
SHAPES: tuple[dict[str, Any], ...] = (
    {"cell": "gru", "hidden_size": 16, "rule": "snap"},
    {"cell": "lstm_elementwise", "hidden_size": 16, "rule": "rtrl"},
)


def measure() -> Iterator[dict[str, object]]:
    """Yield a row for each network."""
    for shape in SHAPES:
        yield _measure(shape)


def _measure(shape: dict[str, Any]) -> dict[str, object]:
    model, process = OnlineRegressor(**shape, random_state=0), psutil.Process(os.getpid())
    draw = np.random.default_rng(0)
    seconds: list[float] = []
    of_processor: list[float] = []
    _learn(model, draw.normal(size=WARM_UP + 1))
    at_start = process.memory_info().rss
    while len(seconds) < ELEMENTS // PART:
        values = draw.normal(size=PART + 1)
        started, used = time.perf_counter(), time.process_time()
        _learn(model, values)
        seconds.append(time.perf_counter() - started)
        of_processor.append(time.process_time() - used)
        print(
            f"{len(seconds) * PART:,} elements: {seconds[-1]:.1f} s, {of_processor[-1]:.1f} s of processor",
            file=sys.stderr,
        )
    at_end = process.memory_info().rss
    growth = (at_end - at_start) / 1e6
    half = len(of_processor) // 2
    slower = min(of_processor[half:]) / min(of_processor[:half])
    return {
        **shape,
        "elements": model.learner_.steps,
        "seconds_of_100_000": [round(value, 2) for value in seconds],
        "processor_seconds_of_100_000": [round(value, 2) for value in of_processor],
        "rss_mb_at_the_start": round(at_start / 1e6, 1),
        "rss_mb_at_the_end": round(at_end / 1e6, 1),
        "second_half_to_first": round(slower, 3),
        "bars": [GROWTH_MB, SLOWER],
        "reached": growth <= GROWTH_MB and slower <= SLOWER,
    }


def _learn(model: OnlineRegressor, values: np.ndarray) -> None:
    """Read numbers, each with the one before it as its target."""
    for start in range(0, len(values) - 1, AT_ONCE):
        part = values[start : start + AT_ONCE + 1]
        model.partial_fit(part[1:, None], part[:-1])
