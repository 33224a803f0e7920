"""Numbers written as text: many texts are read at once by Arrow, and what it refuses one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from throughtime.core.errors import DataError
from throughtime.data.records import Record

FEW_CHARACTERS = 1 << 13
"""In fewer than these, reading one by one is faster than calling Arrow."""

_CHARACTERS_AT_ONCE = 1 << 20
_RECORDS_AT_ONCE = 256


def split_numbers(text: str) -> list[str]:
    """By commas if there is one, so that a gap between two commas is seen, or else by white space."""
    return text.split(",") if "," in text else text.split()


def numbers_in(text: str) -> np.ndarray:
    """Return the numbers in a text, float64 `[n]` with n >= 1; they may be infinite or NaN.

    **Raises** `ValueError` if anything else is in it, without saying where.
    """
    together = numbers_in_all([text])[0]
    if together is not None:
        return together
    if "_" in text:
        raise ValueError("Python reads 1_000 as a number; in a file of data it is more likely an identifier")
    parts = split_numbers(text)
    if not parts:
        raise ValueError("no number")
    return np.array([float(part) for part in parts])


def reads_as_numbers(text: str) -> bool:
    """Tell whether a text is numbers, or a JSON list, and so no name of a file."""
    if text.lstrip().startswith("["):
        return True
    try:
        numbers_in(text)
    except ValueError:
        return False
    return True


def numbers_in_all(texts: Sequence[str]) -> list[np.ndarray | None]:
    """Return the numbers in each text, float64 `[n]`, or None where `numbers_in` has to look more closely.

    None does not mean that something is wrong: few and short texts, and numbers outside ASCII, are left to
    the one-by-one way as well. What is not None is finite, and bit for bit what Python reads.
    """
    found: list[np.ndarray | None] = [None] * len(texts)
    if sum(map(len, texts)) < FEW_CHARACTERS:
        return found
    for with_commas in (False, True):
        chosen = [
            index
            for index, text in enumerate(texts)
            if ("," in text) == with_commas and text.isascii() and not text.lstrip().startswith("[")
        ]
        read = _read([texts[index].strip() for index in chosen], with_commas)
        for index, numbers in zip(chosen, read, strict=True):
            found[index] = numbers
    return found


def numbers_ahead(rows: Iterable[Record | DataError]) -> Iterator[Record | DataError]:
    """Yield the same rows in the same order, with texts of numbers as arrays where they are read at once.

    **Cost** holds up to 256 rows, and fewer if their texts are long.
    """
    block: list[Record | DataError] = []
    characters = 0
    try:
        for row in rows:
            block.append(row)
            if not isinstance(row, DataError) and isinstance(row.sequence, str):
                characters += len(row.sequence)
            if characters >= _CHARACTERS_AT_ONCE or len(block) >= _RECORDS_AT_ONCE:
                yield from _with_numbers(block)
                block, characters = [], 0
    except DataError:
        # What came before the error must be heard first: it may have an error of its own.
        yield from _with_numbers(block)
        raise
    yield from _with_numbers(block)


def _with_numbers(block: Sequence[Record | DataError]) -> Iterator[Record | DataError]:
    texts = [
        row.sequence for row in block if not isinstance(row, DataError) and isinstance(row.sequence, str)
    ]
    read = iter(numbers_in_all(texts))
    for row in block:
        numbers = None
        if not isinstance(row, DataError) and isinstance(row.sequence, str):
            numbers = next(read)
        yield row if numbers is None or isinstance(row, DataError) else row._replace(sequence=numbers)


def _read(texts: list[str], with_commas: bool) -> list[np.ndarray | None]:
    if sum(map(len, texts)) < FEW_CHARACTERS:
        return [None] * len(texts)
    import pyarrow
    import pyarrow.compute as compute

    column = pyarrow.array(texts, pyarrow.string())
    if with_commas:
        cells = compute.split_pattern(column, ",")
        parts = compute.ascii_trim_whitespace(cells.values)
    else:
        cells = compute.ascii_split_whitespace(column)
        parts = cells.values
    try:
        numbers = compute.cast(parts, pyarrow.float64()).to_numpy()
    except pyarrow.ArrowInvalid:
        numbers = None
    # Arrow takes nan(anything) for a number, so whatever is not finite is looked at more closely too.
    if numbers is None or not np.isfinite(numbers).all():
        if len(texts) == 1:
            return [None]
        middle = len(texts) // 2
        return _read(texts[:middle], with_commas) + _read(texts[middle:], with_commas)
    ends = cells.offsets.to_pylist()
    return [numbers[start:end] for start, end in itertools.pairwise(ends)]
