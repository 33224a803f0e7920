"""Labels that mark spans, such as names: `B-PER I-PER O` (BIO), or `B-PER E-PER S-LOC` (BIOES)."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

Scheme = Literal["none", "bio", "bioes"]
"""How labels mark spans, if they do."""

_MARK = re.compile(r"([BIES])-(.+)", re.DOTALL)
OUTSIDE = "O"


def scheme_of(labels: Iterable[str]) -> Scheme:
    """Return the scheme of a set of labels: `"none"` unless each is `O` or a letter, a dash and a kind."""
    letters = {label if label == OUTSIDE else _parts(label)[0] for label in labels}
    if "" in letters or not letters & set("BIES"):
        return "none"
    return "bioes" if letters & set("ES") else "bio"


def can_follow(before: str | None, label: str, scheme: Scheme) -> bool:
    """Tell whether a label can stand next to another one; `None` is the start of the sequence."""
    letter, kind = _parts(label)
    letter_before, kind_before = ("O", "") if before is None else _parts(before)
    goes_on = letter in ("I", "E")
    if scheme == "bioes":
        is_open = letter_before in ("B", "I")
        return goes_on == is_open and (not goes_on or kind == kind_before)
    return not goes_on or (letter_before in ("B", "I") and kind == kind_before)


def broken_at(labels: Sequence[str]) -> int | None:
    """Return the index of the first label that cannot stand where it stands; `len(labels)` if a span is not
    closed at the end; None if nothing is wrong, or the labels mark no spans."""
    scheme = scheme_of(labels)
    if scheme == "none":
        return None
    for index, (before, label) in enumerate(pairwise([None, *labels])):
        assert label is not None
        if not can_follow(before, label, scheme):
            return index
    return len(labels) if scheme == "bioes" and _parts(labels[-1])[0] in ("B", "I") else None


def forbidden_pairs(labels: Sequence[str], scheme: Scheme) -> tuple[tuple[int, int], ...]:
    """Return the pairs of label numbers of which the second cannot follow the first; the number after the
    last label stands for the start."""
    if scheme == "none":
        return ()
    return tuple(
        (number, other)
        for number, before in enumerate([*labels, None])
        for other, label in enumerate(labels)
        if not can_follow(before, label, scheme)
    )


def _parts(label: str) -> tuple[str, str]:
    """Return letter and kind of a label; an empty letter if it marks no span."""
    if label == OUTSIDE:
        return OUTSIDE, ""
    mark = _MARK.fullmatch(label)
    return (mark[1], mark[2]) if mark else ("", "")


def marked(elements: Sequence[str], labels: Sequence[str]) -> str:
    """Return a row of elements as text, each span in brackets behind its kind: `[PER Ada Lovelace] wrote`.

    Labels that mark no spans follow their elements: `Ada/NN`. A span that goes on where none began begins
    one.
    """
    if scheme_of(labels) == "none" and set(labels) != {OUTSIDE}:
        return " ".join(f"{element}/{label}" for element, label in zip(elements, labels, strict=True))
    words: list[str] = []
    open_kind = ""
    for element, label in zip(elements, labels, strict=True):
        letter, kind = _parts(label)
        if open_kind and not (letter in ("I", "E") and kind == open_kind):
            words[-1] += "]"
            open_kind = ""
        words.append(f"[{kind} {element}" if kind and not open_kind else element)
        open_kind = kind
        if letter in ("E", "S"):
            words[-1] += "]"
            open_kind = ""
    return " ".join(words) + ("]" if open_kind else "")
