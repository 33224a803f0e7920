"""Two ways to do the same work, timed in turn, so that a machine whose speed drifts is fair to both."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Comparison:
    """Seconds of two ways, pair by pair."""

    ours: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median of ours divided by other, pair by pair."""
        return median(self._ratios())

    def as_json(self) -> dict[str, object]:
        """Return medians, and the quartiles of the ratio."""
        low, _, high = quantiles(self._ratios(), n=4)
        return {
            "ours_s": median(self.ours),
            "other_s": median(self.other),
            "ratio": self.ratio,
            "ratio_quartiles": [low, high],
            "pairs": len(self.ours),
        }

    def _ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.other, strict=True)]


def compare(ours: Callable[[], object], other: Callable[[], object], *, pairs: int) -> Comparison:
    """Time two functions in turn, after a warm-up of each; which goes first changes from pair to pair."""
    ours(), other()
    seconds: dict[Callable[[], object], list[float]] = {ours: [], other: []}
    for number in range(pairs):
        for function in (ours, other) if number % 2 == 0 else (other, ours):
            started = time.perf_counter()
            function()
            seconds[function].append(time.perf_counter() - started)
    return Comparison(tuple(seconds[ours]), tuple(seconds[other]))


def in_turn(ways: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each way, round by round, after a warm-up; the order turns round by round."""
    for function in ways.values():
        function()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            started = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - started)
    return seconds
