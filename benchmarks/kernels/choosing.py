"""Which peer is the best at a point, which are too far behind to go on with, and the mean of ratios."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.kernels.grid import Point, What
from benchmarks.kernels.timing import FAR_BEHIND

PROOFS = 3
"""Points at which a peer has to be far behind before it is left out of larger ones."""


def best_peer(ratios: Mapping[str, float], among: Collection[str] | None = None) -> tuple[str, float] | None:
    """Return the peer that is the least behind us, with its ratio.

    Arguments:
        ratios: time of each peer / ours.
        among: the peers that count; all of them when left out.

    Returns:
        None where none of them was measured.
    """
    counted = {name: ratio for name, ratio in ratios.items() if among is None or name in among}
    if not counted:
        return None
    name = min(counted, key=counted.__getitem__)
    return name, counted[name]


def geometric_mean(ratios: Iterable[float]) -> float:
    """Return the mean that treats twice as fast and half as fast alike; of nothing, an error."""
    logarithms = [math.log(ratio) for ratio in ratios]
    if not logarithms:
        raise ValueError("there are no ratios to take the mean of")
    return math.exp(sum(logarithms) / len(logarithms))


@dataclass
class FarBehind:
    """What has been seen of peers that are far behind, apart for each cell, hidden size and kind of work."""

    _proofs: dict[tuple[str, str, int, What], list[str]] = field(default_factory=lambda: defaultdict(list))

    def saw(self, peer: str, point: Point, what: What, ratio: float) -> None:
        """Remember the ratio of a peer at a point."""
        if ratio > FAR_BEHIND:
            place = f"T={point.steps} B={point.batch}"
            self._proofs[peer, point.cell, point.hidden_size, what].append(place)

    def verdict(self, peer: str, point: Point, what: What) -> str | None:
        """Say why a peer is not measured here; None if it is."""
        proofs = self._proofs.get((peer, point.cell, point.hidden_size, what), [])
        if len(proofs) < PROOFS:
            return None
        return f"dropped: over {FAR_BEHIND:g}x slower at {', '.join(proofs[:PROOFS])}"
