"""Raw sequences on their way into an encoder: where they stand, and whether they are Unicode."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders.vocabulary import nothing_given

Raw = TypeVar("Raw")


def located(values: Iterable[Any], field: str = "sequence") -> Iterator[tuple[Any, Place | None]]:
    """Yield each raw value with its place: a plain value has none, a record gives its `field` and its own."""
    for value in values:
        # A record is a tuple too, so only its field names tell it from a raw sequence.
        if hasattr(value, "place"):
            yield getattr(value, field), getattr(value, f"{field}_place", value.place)
        else:
            yield value, None


def converted(
    values: Iterable[Any], convert: Callable[[Any, Place | None], Raw], what: str, field: str = "sequence"
) -> Iterator[Raw]:
    """Convert a stream of values or records; raise `DataError` at once if it is empty."""
    results = (convert(value, place) for value, place in located(values, field))
    for first in results:
        return itertools.chain([first], results)
    raise nothing_given(what)


def unicode_text(text: str, place: Place | None) -> str:
    """Return `text`, or raise `DataError` if it holds half of a surrogate pair and so cannot be saved."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"character {error.start + 1} is {text[error.start]!a}, half of a surrogate pair and no "
            "character by itself; write the file as UTF-8 anew",
            place,
        ) from error
    return text


def parted(joined: np.ndarray, lengths: Iterable[int]) -> list[np.ndarray]:
    """Cut one array into consecutive pieces, which share its memory."""
    ends = list(itertools.accumulate(lengths, initial=0))
    return [joined[start:end] for start, end in itertools.pairwise(ends)]


def no_tokens(text: str, what: str, place: Place | None) -> DataError:
    """Return the error for a text in which there is nothing to encode."""
    return DataError(
        f"the text {text[:40]!r} holds no {what}; give at least one, or leave the record out", place
    )
