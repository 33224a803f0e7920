"""The form that the sequences of a kind are brought to before they are encoded, with what that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.kinds import as_numbers, converter
from throughtime.data.number_text import numbers_ahead
from throughtime.data.records import Record

Rows = Iterator[Record | DataError]


class Form:
    """Brings raw sequences of a kind to the form that an encoder takes, one by one.

    What is in that form already stays as it is, so that nobody needs to know.

    - `kind`: what a sequence is made of.
    - `is_numbers`: whether the form is an array of numbers `[T, F]`, whose making costs enough to keep it.
    """

    is_numbers: bool = False

    def __init__(self, kind: str):
        self.kind = kind
        self._convert = converter(kind)

    def __call__(self, value: Any, place: Place | None = None) -> Any:
        """Return one raw sequence in the form, or raise `DataError`."""
        return self._convert(value, place)

    @property
    def ahead(self) -> Callable[[Rows], Rows]:
        """What rows pass through before they come one by one."""
        return iter

    def all(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield raw sequences, or the sequences of records, in the form; whatever is in it stays as it is."""
        for value in values:
            # A record is known by its place, as encoders know it.
            if hasattr(value, "place"):
                yield value._replace(sequence=self(value.sequence, value.place))
            else:
                yield self(value)

    def notes(self) -> list[str]:
        """Return what was changed in the sequences so far, in words, where users would want to know it."""
        return []

    def kept(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers in the form that were kept as a plain array."""
        return numbers


class NumberForm(Form):
    """Numbers `[T, F]`, of one width."""

    is_numbers = True

    def __init__(self, feature_count: int | None = None):
        super().__init__("numbers")
        self.feature_count = feature_count

    def __call__(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Return one raw sequence as numbers; raise `DataError` if they are none, or of another width."""
        sequence = as_numbers(value, place)
        if self.feature_count is not None:
            check_width(sequence, self.feature_count, place)
        return sequence

    @property
    def ahead(self) -> Callable[[Rows], Rows]:
        """Texts of numbers are read many at once."""
        return numbers_ahead


def check_width(sequence: np.ndarray, expected: int, place: Place | None) -> None:
    """Raise `DataError` unless a sequence `[T, F]` has the expected number of features."""
    if sequence.shape[1] != expected:
        raise DataError(
            f"the sequence has {sequence.shape[1]} numbers a time step, but the training part has {expected};"
            f" give {expected} numbers in every time step",
            place,
        )


def share(count: int, total: int, what: str) -> str:
    """Return `"3 of the 40 recordings"`, or `"each of the 40 recordings"`.

    Arguments:
        what: a plural that ends in s.
    """
    if total == 1:
        return f"the one {what[:-1]}"
    return f"each of the {total:,} {what}" if count == total else f"{count:,} of the {total:,} {what}"


def ordered(values: Iterable[int | float]) -> str:
    """Return different numbers in words, the smallest first, and only a few of them."""
    different = sorted(set(values))
    return ", ".join(f"{value:g}" for value in different[:5]) + ", …" * (len(different) > 5)
