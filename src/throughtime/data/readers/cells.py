"""Numbers in the cells of a table, one a cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from throughtime.core.errors import DataError, Place
from throughtime.data.records import decoded


def numbers_of(values: Sequence[Any], names: Sequence[str], file: str, row: int | None) -> list[float]:
    """The cells of one row as finite numbers; the first that is none is a `DataError` naming its column."""
    try:
        numbers = list(map(float, values))
        # The sum is finite only if every number is; should it overflow, the cells are looked at one by one.
        if math.isfinite(sum(numbers)) and not any(map(_underscored, values)):
            return numbers
    except (TypeError, ValueError, OverflowError):
        pass
    return [number_of(value, Place(file, row, name)) for value, name in zip(values, names, strict=True)]


def number_of(value: object, place: Place) -> float:
    """One cell as a finite number."""
    if isinstance(value, bytes):
        value = decoded(value, place)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise DataError(
            "the number is missing; fill it in, or pass over such rows with --skip-bad-rows", place
        )
    try:
        number = float(value)  # type: ignore[arg-type]
        plain = not _underscored(value)
    except (TypeError, ValueError, OverflowError):
        plain = False
    if not plain:
        raise DataError(
            f"{shown(value)} where a number was expected; correct it, or choose other columns", place
        )
    if not math.isfinite(number):
        raise DataError(
            f"{number} where a finite number was expected; replace it, or skip such rows with "
            f"--skip-bad-rows",
            place,
        )
    return number


def shown(value: object) -> str:
    """A value for a message, cut short."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _underscored(value: object) -> bool:
    """Python reads `1_000` as a number; in a file of data it is more likely an identifier."""
    if isinstance(value, bytes):
        return b"_" in value
    return isinstance(value, str) and "_" in value
