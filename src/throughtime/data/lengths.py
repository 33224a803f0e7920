"""Where to part sequences by length, so that batches need few shapes and little padding."""

from __future__ import annotations

import math

import numpy as np

from throughtime.core.errors import OptionError, ShapeError

_MOST_CANDIDATES = 512
_GROWTH = 1.5


def length_boundaries(
    lengths: np.ndarray, most: int = 8, waste: float = 0.10, *, batch_size: int = 1
) -> tuple[int, ...]:
    """Return the lengths that batches are padded to: as few as keep the padding under `waste`, `most` at
    most.

    `waste` (0 to 1) is the part of all time steps of all batches that holds padding. With the `batch_size`
    that will be used, the padding of whole batches is counted as `plan_epoch` makes them, the rows that fill
    up the last one included. If even `most` boundaries waste more, the best `most` are returned. The last is
    the greatest length.

    **Raises** `ShapeError` without a length or with one below 1; `OptionError` for impossible settings.

    **Cost** O(most U²) time and O(U²) memory for U <= 512 different lengths; more are rounded up to 512
    quantiles.
    """
    lengths = np.asarray(lengths, np.int64)
    if lengths.size == 0 or lengths.min() < 1:
        found = "there are none" if lengths.size == 0 else f"the least is {lengths.min()}"
        raise ShapeError(
            f"lengths must be one or more numbers of 1 or more, but {found}; leave empty sequences out"
        )
    if most < 1 or batch_size < 1 or not 0 <= waste < 1:
        raise OptionError(
            f"most is {most}, batch_size {batch_size}, waste {waste}; choose most >= 1, batch_size >= 1 "
            "and 0 <= waste < 1"
        )
    # plan_epoch fills batches from the longest sequence down, so these are the lengths its batches must hold.
    longest = np.sort(lengths)[::-1][::batch_size]
    ends, weights = np.unique(longest, return_counts=True)
    ends, weights = _merge(ends, weights)
    allowed = lengths.sum() / (1 - waste) / batch_size
    return tuple(int(end) for end in _cheapest(ends, weights, most, allowed))


def _merge(ends: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(ends) <= _MOST_CANDIDATES:
        return ends, weights
    cumulative = np.cumsum(weights)
    wanted = np.linspace(0, cumulative[-1], _MOST_CANDIDATES + 1)[1:]
    # The last candidate must be the greatest length, whatever rounding does to the last quantile.
    chosen = np.unique(np.append(np.searchsorted(cumulative, wanted[:-1]), len(ends) - 1))
    return ends[chosen], np.diff(cumulative[chosen], prepend=0)


def _cheapest(ends: np.ndarray, weights: np.ndarray, most: int, allowed: float) -> np.ndarray:
    """Return the fewest of `ends`, the last among them, whose cost is no more than `allowed`."""
    before = np.concatenate([[0], np.cumsum(weights)])
    count = len(ends)
    # segment[i, j]: the cost of padding candidates i..j to ends[j]
    segment = (before[None, 1:] - before[:-1, None]) * ends[None, :].astype(float)
    segment[np.tril_indices(count, -1)] = np.inf
    best = segment[0]
    choices: list[np.ndarray] = []
    while best[-1] > allowed and len(choices) + 1 < min(most, count):
        # total[i, j]: the boundary below ends[j] is ends[i - 1]
        total = np.concatenate([[np.inf], best[:-1]])[:, None] + segment
        choices.append(total.argmin(axis=0))
        best = total.min(axis=0)
    chosen = [count - 1]
    for choice in reversed(choices):
        chosen.append(int(choice[chosen[-1]]) - 1)
    return ends[chosen[::-1]]


def extended(boundaries: tuple[int, ...], longest: int) -> tuple[int, ...]:
    """Return `boundaries`, and beyond the last one as many, each half as long again, as `longest` needs."""
    grown = list(boundaries)
    while grown[-1] < longest:
        grown.append(math.ceil(grown[-1] * _GROWTH))
    return tuple(grown)
