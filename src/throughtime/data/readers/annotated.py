"""What the annotations of a biosignal say about it: a class for each beat, a rhythm, or a label a sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

AnnotationKind = Literal["beats", "rhythm", "rhythm_by_sample", "waves"]
"""What is asked of annotations: `beats` are windows round each beat, with its class; `rhythm` is pieces
within one rhythm, with its name; `rhythm_by_sample` and `waves` are pieces with a label for each sample."""

BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""The codes of annotations that mark a beat, and not a change of rhythm, of noise or the like."""

WAVES = {"p": "P", "t": "T", "u": "U"} | dict.fromkeys(BEATS, "QRS")
"""What the peak of a wave is called by its code."""

NO_WAVE = "-"
"""The label of samples between waves."""

BEAT_SECONDS, PIECE_SECONDS = 0.8, 10.0
"""How long a sequence is when nobody says: round a beat, and otherwise."""


class Annotations(NamedTuple):
    """Marks in a signal: at which samples `[N]`, with which codes, and the notes that stand beside them."""

    samples: np.ndarray
    codes: list[str]
    notes: list[str]


class Piece(NamedTuple):
    """Part of a signal `[T, channel]` and what the annotations say about it."""

    samples: np.ndarray
    target: str | list[str] | None


def beats(samples: np.ndarray, marks: Annotations, size: int) -> Iterator[Piece]:
    """Yield a window of `size` samples round each beat, with its code; beyond the ends of the signal, the
    window has the first or the last value."""
    ends = (size // 2, size - size // 2)
    padded = np.pad(samples, (ends, (0, 0)), mode="edge")
    for at, code in zip(marks.samples.tolist(), marks.codes, strict=True):
        if code in BEATS and 0 <= at < len(samples):
            yield Piece(padded[at : at + size], code)


def rhythm(samples: np.ndarray, marks: Annotations, size: int) -> Iterator[Piece]:
    """Yield pieces of `size` samples that lie within one rhythm, with its name; what is left at the end of
    a rhythm is a piece if it is at least half as long. Before the first rhythm that is named, there are
    none."""
    for start, end, name in rhythms(marks, len(samples)):
        for first in range(start, end, size):
            last = min(first + size, end)
            if 2 * (last - first) >= size:
                yield Piece(samples[first:last], name)


def rhythm_by_sample(samples: np.ndarray, marks: Annotations, size: int) -> Iterator[Piece]:
    """Yield pieces of `size` samples, with the name of the rhythm at each; the last may be shorter. They
    begin with the first rhythm that is named."""
    found = rhythms(marks, len(samples))
    if found:
        names = [name for start, end, name in found for _ in range(end - start)]
        yield from _pieces(samples[found[0][0] :], names, size)


def waves(samples: np.ndarray, marks: Annotations, size: int) -> Iterator[Piece]:
    """Yield pieces of `size` samples, from the first wave to the last, with P, QRS, T, U or - at each sample.

    A wave is marked by its onset `(`, its peak and its end `)`; where one of the outer two is missing, it
    begins or ends at its peak.
    """
    labels = np.full(len(samples), NO_WAVE, object)
    first, last = len(samples), 0
    onset: int | None = None
    for place, (at, code) in enumerate(zip(marks.samples.tolist(), marks.codes, strict=True)):
        if code == "(":
            onset = at
        elif code in WAVES and 0 <= at < len(samples):
            after = marks.codes[place + 1 : place + 2] == [")"]
            end = int(marks.samples[place + 1]) if after else at
            begin = at if onset is None else max(onset, 0)
            labels[begin : end + 1] = WAVES[code]
            first, last, onset = min(first, begin), max(last, min(end + 1, len(samples))), None
        elif code == ")":
            onset = None
    if last > first:
        yield from _pieces(samples[first:last], labels[first:last].tolist(), size)


def whole(samples: np.ndarray, size: int) -> Iterator[Piece]:
    """Yield the whole signal in pieces of `size` samples, of which the last may be shorter."""
    for first in range(0, len(samples), size):
        yield Piece(samples[first : first + size], None)


def rhythms(marks: Annotations, length: int) -> list[tuple[int, int, str]]:
    """Return where each rhythm starts and ends, and its name: the notes that begin with a bracket."""
    changes = [
        (min(max(at, 0), length), note.strip("\x00 ").removeprefix("("))
        for at, note in zip(marks.samples.tolist(), marks.notes, strict=True)
        if note.startswith("(") and len(note.strip("\x00 ")) > 1
    ]
    ends = [*(at for at, _ in changes[1:]), length][: len(changes)]
    return [(at, end, name) for (at, name), end in zip(changes, ends, strict=True) if end > at]


def _pieces(samples: np.ndarray, labels: list[str], size: int) -> Iterator[Piece]:
    for first in range(0, len(samples), size):
        yield Piece(samples[first : first + size], labels[first : first + size])
