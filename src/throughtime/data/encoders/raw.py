"""Raw sequences on their way into an encoder: where they stand, and how they are cut apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from throughtime.core.errors import Place
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


def parted(joined: np.ndarray, lengths: Iterable[int]) -> list[np.ndarray]:
    """Cut one array into consecutive pieces, which share its memory."""
    ends = list(itertools.accumulate(lengths, initial=0))
    return [joined[start:end] for start, end in itertools.pairwise(ends)]
