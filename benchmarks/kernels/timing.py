"""Several ways in turn, round by round, until their medians are steady."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.kernels.ways import Way

OURS = "ours"
LEAST_ROUNDS = 5
MOST_ROUNDS = 40
STEADY_S = 0.3
"""Seconds of measuring each way after which medians are steady."""

BATCH_S = 0.01
"""Runs shorter than this are timed several at once."""

BEHIND, FAR_BEHIND = 2.0, 5.0
"""A way that takes so many times as long as ours is no close rival, and sits out after a few rounds."""

ROUNDS_BEHIND, ROUNDS_FAR_BEHIND = 2, 3
"""Rounds of a way that is behind and whose runs are long, and of one that is far behind."""

GEMM_ROUNDS = 10
PILOT_S = 0.05
PILOT_RUNS = 5


@dataclass(frozen=True)
class Times:
    """Seconds of a run, round by round; None in a round that was sat out."""

    rounds: tuple[float | None, ...]
    runs_at_once: int

    @property
    def measured(self) -> list[float]:
        """The rounds that were taken part in."""
        return [seconds for seconds in self.rounds if seconds is not None]

    @property
    def median(self) -> float:
        """The median of them."""
        return median(self.measured)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Their lower and upper quartiles."""
        return _quartiles(self.measured)

    def ratio_to(self, other: "Times") -> tuple[float, float, float]:
        """Return lower quartile, median and upper quartile of this time by the other's of the same round."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        ratios = [mine / theirs for mine, theirs in pairs if mine is not None and theirs is not None]
        low, high = _quartiles(ratios)
        return low, median(ratios), high


def _quartiles(values: list[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high


def pilot(way: Way, first_s: float) -> float:
    """Return the seconds of a run, by the best of a few where they are short.

    Arguments:
        first_s: seconds of the run that was compared with ours, which warmed up.
    """
    if first_s > STEADY_S:
        return first_s
    way.before()
    taken = [_seconds(way.run, 1)]
    while len(taken) < PILOT_RUNS and sum(taken) < PILOT_S:
        taken.append(_seconds(way.run, 1))
    return min(taken)


def most_rounds(seconds: float, ours: float) -> int:
    """Return in how many rounds at most a way takes part, by the seconds of a run of it and of ours."""
    long, far_behind = seconds > STEADY_S, seconds > FAR_BEHIND * ours
    if long and seconds > BEHIND * ours:
        return 1 if far_behind else ROUNDS_BEHIND
    return ROUNDS_FAR_BEHIND if far_behind else MOST_ROUNDS


def in_turn(
    ways: Mapping[str, Way],
    pilots: Mapping[str, float],
    products: Mapping[str, Callable[[], object]],
    *,
    limit_s: float,
) -> tuple[dict[str, Times], dict[str, float]]:
    """Time the ways, one of which is `ours`, and the matrix products in the same rounds.

    The order is drawn anew in each round: what threads of one library are still doing then falls on the
    others alike. For the same reason a run that is not long is timed after one that is not timed.

    Arguments:
        pilots: seconds of one run of each, as `pilot` gives them.
        products: functions that give the rate of the machine.
        limit_s: seconds after which there are no more rounds than the least.

    Returns:
        Times of each way, and the median of seconds of each product.
    """
    order = random.Random(0)
    at_once = {name: max(1, round(BATCH_S / pilots[name])) for name in ways}
    takes_part = {name: most_rounds(pilots[name], pilots[OURS]) for name in ways}
    seconds: dict[str, list[float | None]] = {name: [] for name in ways}
    of_products: dict[str, list[float]] = {name: [] for name in products}
    started = time.perf_counter()
    for number in range(MOST_ROUNDS):
        names = [*ways, *(products if number < GEMM_ROUNDS else ())]
        order.shuffle(names)
        for name in names:
            if name in products:
                of_products[name].append(_seconds(products[name], 1))
            elif number >= takes_part[name]:
                seconds[name].append(None)
            else:
                ways[name].before()
                if pilots[name] < STEADY_S:
                    ways[name].run()
                seconds[name].append(_seconds(ways[name].run, at_once[name]))
        if number + 1 >= LEAST_ROUNDS:
            spent = {name: at_once[name] * sum(filter(None, taken)) for name, taken in seconds.items()}
            steady = all(spent[name] >= STEADY_S or number + 1 >= takes_part[name] for name in ways)
            if steady or time.perf_counter() - started > limit_s:
                break
    times = {name: Times(tuple(taken), at_once[name]) for name, taken in seconds.items()}
    return times, {name: median(taken) for name, taken in of_products.items()}


def _seconds(run: Callable[[], object], runs: int) -> float:
    started = time.perf_counter()
    for _ in range(runs):
        run()
    return (time.perf_counter() - started) / runs
