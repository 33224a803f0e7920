"""Nobody is timed before it has computed what we compute."""

import numpy as np

from benchmarks.kernels.ways import Result

TOLERANCE = 1e-4
"""The largest difference in float32, as a part of the largest entry."""


class ParityError(Exception):
    """Two ways do not compute the same."""


def check_parity(ours: Result, theirs: Result) -> None:
    """Raise `ParityError` unless outputs or loss, and every gradient, agree.

    Each array is measured by its own largest entry, so that a small gradient cannot hide behind a large one;
    and one that is nothing but zeros proves nothing, so that is an error too.
    """
    _agree("value", ours.value, theirs.value)
    if len(ours.gradients) != len(theirs.gradients):
        raise ParityError(f"gradients of {len(theirs.gradients)} cells, ours of {len(ours.gradients)}")
    for number, (one, other) in enumerate(zip(ours.gradients, theirs.gradients, strict=True)):
        if one.keys() != other.keys():
            raise ParityError(f"gradients by {sorted(other)}, ours by {sorted(one)}")
        for name in one:
            _agree(f"gradient by {name} of cell {number}", one[name], other[name])


def _agree(what: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    if ours.shape != theirs.shape:
        raise ParityError(f"{what} has the shape {theirs.shape}, ours {ours.shape}")
    largest = float(np.max(np.abs(ours)))
    if not np.isfinite(largest) or largest == 0:
        raise ParityError(f"{what}: our largest entry is {largest}")
    difference = float(np.max(np.abs(ours - theirs))) / largest
    if not difference <= TOLERANCE:
        raise ParityError(f"{what} differs by {difference:.1e} of its largest entry, {TOLERANCE:.0e} at most")
