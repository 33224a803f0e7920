"""Answers on their way out: as text, CSV or JSON Lines, to standard output or to a file."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from throughtime.core.errors import OptionError, choose
from throughtime.training.atomic import new_file


@runtime_checkable
class Writable(Protocol):
    """Whatever text can be written to."""

    def write(self, text: str, /) -> object:
        """Write a piece of text."""


Rows = Iterable[Mapping[str, Any]]
"""One mapping a record: where it stands, then the answer and how sure it is."""

PLACES = ("row", "file")
"""Fields that say which record it is about; the first of the others is the answer."""


def _write_text(rows: Rows, stream: Writable) -> None:
    for row in rows:
        answer = next(value for name, value in row.items() if name not in PLACES)
        stream.write(f"{_in_one_cell(answer)}\n")


def _write_csv(rows: Rows, stream: Writable) -> None:
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(stream, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: _in_one_cell(value) for name, value in row.items()})


def _in_one_cell(value: object) -> object:
    """Return a value as text has it: a list as its entries with spaces between them."""
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _write_json_lines(rows: Rows, stream: Writable) -> None:
    for row in rows:
        stream.write(f"{json.dumps(row, ensure_ascii=False)}\n")


FORMATS: dict[str, Callable[[Rows, Writable], None]] = {
    "text": _write_text,
    "csv": _write_csv,
    "jsonl": _write_json_lines,
}
"""How answers can be written."""

SUFFIXES = {".txt": "text", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def format_for(name: str | None, out: Path | None) -> str:
    """Return the format asked for, or the one of the file's suffix, or text.

    **Raises**

        OptionError: there is no such format, or the suffix is of none.
    """
    if name is not None:
        return choose("--format", name, FORMATS)
    if out is None:
        return "text"
    if out.suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"--out is {str(out)!r}, whose suffix {out.suffix!r} does not tell the format; end it in "
            f"{', '.join(SUFFIXES)}, or choose with --format"
        )
    return SUFFIXES[out.suffix.lower()]


@contextmanager
def opened(out: Path | None) -> Iterator[Writable]:
    """Give standard output, or a new file that takes the place of `out` when all went well."""
    if out is None:
        yield sys.stdout
        return
    with new_file(out) as file:
        stream = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        yield stream
        stream.detach()


def with_places(places: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Return the answers of a block row by row, each with the row or the file of its record in front."""
    for place, *values in zip(places, *columns.values(), strict=True):
        where = {"row": place.row} if place.row is not None else {"file": place.file}
        yield where | dict(zip(columns, values, strict=True))
