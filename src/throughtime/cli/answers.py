"""Answers on their way out, in one of several formats, to standard output or to a file."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from throughtime.core.errors import OptionError, choose
from throughtime.data.readers import COLUMN_FILES
from throughtime.data.records import Record
from throughtime.tasks.spans import marked
from throughtime.training.atomic import new_file


@runtime_checkable
class Writable(Protocol):
    """Whatever text can be written to."""

    def write(self, text: str, /) -> object:
        """Write a piece of text."""


class Flushed:
    """Standard output, on which each piece of text is seen at once."""

    def write(self, text: str, /) -> object:
        """Write a piece of text."""
        written = sys.stdout.write(text)
        sys.stdout.flush()
        return written


class Answered(NamedTuple):
    """A record, and by name the answer to it and how sure it is, the answer first; and whether the records
    are from several files."""

    record: Record
    columns: Mapping[str, Any]
    names_file: bool = False

    @property
    def answer(self) -> Any:
        """The answer itself."""
        return next(iter(self.columns.values()))

    @property
    def placed(self) -> dict[str, Any]:
        """The answer with the row or the file of its record in front, or with both."""
        place = self.record.place
        file = {"file": place.file} if self.names_file or place.row is None else {}
        row = {"row": place.row} if place.row is not None else {}
        return file | row | dict(self.columns)


Rows = Iterable[Answered]


def _write_text(rows: Rows, stream: Writable) -> None:
    for row in rows:
        stream.write(f"{_on_a_line(row.answer)}\n")


def _write_csv(rows: Rows, stream: Writable) -> None:
    writer = None
    for row in rows:
        cells = {name: _on_a_line(value) for name, value in row.placed.items()}
        if writer is None:
            writer = csv.DictWriter(stream, list(cells), lineterminator="\n")
            writer.writeheader()
        writer.writerow(cells)


def _write_steps(rows: Rows, stream: Writable) -> None:
    writer = None
    for row in rows:
        placed = {name: value for name, value in row.placed.items() if name not in row.columns}
        for ahead, values in enumerate(zip(*row.columns.values(), strict=True), start=1):
            cells = placed | {"ahead": ahead} | dict(zip(row.columns, values, strict=True))
            if writer is None:
                writer = csv.DictWriter(stream, list(cells), lineterminator="\n")
                writer.writeheader()
            writer.writerow(cells)


def _write_json_lines(rows: Rows, stream: Writable) -> None:
    for row in rows:
        stream.write(f"{json.dumps(row.placed, ensure_ascii=False)}\n")


def _write_columns(rows: Rows, stream: Writable) -> None:
    for row in rows:
        for element, label in _labelled(row):
            stream.write(f"{element}\t{label}\n")
        stream.write("\n")


def _write_marked(rows: Rows, stream: Writable) -> None:
    for row in rows:
        elements, labels = zip(*_labelled(row), strict=True)
        stream.write(f"{marked(elements, labels)}\n")


def _on_a_line(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _labelled(row: Answered) -> Iterator[tuple[str, str]]:
    """Return each element with its label, numbers as text."""
    sequence: Any = row.record.sequence
    for element, label in zip(sequence, row.answer, strict=True):
        yield element if isinstance(element, str) else " ".join(f"{number:g}" for number in element), label


FORMATS: dict[str, Callable[[Rows, Writable], None]] = {
    "text": _write_text,
    "csv": _write_csv,
    "jsonl": _write_json_lines,
    "conll": _write_columns,
    "marked": _write_marked,
    "steps": _write_steps,
}
"""How answers can be written."""

OF_LABELS = ("conll", "marked")
"""The formats of answers with a label for each element."""

OF_FORECASTS = "steps"
"""The format of answers with a number for each step ahead, a row each."""

SUFFIXES = {
    ".txt": "text",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    **dict.fromkeys(COLUMN_FILES, "conll"),
}


def asked_format(name: str | None, out: Path | None) -> str | None:
    """Return the format asked for by name, or by the suffix of the file to write; None if by neither.

    **Raises**

        OptionError: there is no such format, or the suffix is of none.
    """
    if name is not None:
        return choose("--format", name, FORMATS)
    if out is None:
        return None
    if out.suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"--out is {str(out)!r}, whose suffix {out.suffix!r} does not tell the format; end it in "
            f"{', '.join(SUFFIXES)}, or choose with --format"
        )
    return SUFFIXES[out.suffix.lower()]


def format_for(asked: str | None, *, labelled_from: str | None = None, has_steps: bool = False) -> str:
    """Return the format asked for; or for labels of each element that of the file they are of; or text.

    Arguments:
        labelled_from: the file whose elements are labelled; None for one answer a sequence.
        has_steps: whether answers are forecasts, of which csv has a row for each step ahead.

    **Raises**

        OptionError: the format is for labels of elements, and there are none.
    """
    if asked is None:
        is_read_so = labelled_from is not None and Path(labelled_from).suffix.lower() in COLUMN_FILES
        return "conll" if is_read_so else "text"
    if asked in OF_LABELS and labelled_from is None:
        raise OptionError(
            f"the format {asked!r} has a label for each element, and this model answers once a sequence; "
            "choose text, csv or jsonl"
        )
    if asked == OF_FORECASTS and not has_steps:
        raise OptionError(
            f"the format {asked!r} has a row for each step of a forecast, and this model makes none; choose "
            "text, csv or jsonl"
        )
    return OF_FORECASTS if has_steps and asked == "csv" else asked


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


def answered(
    records: Sequence[Record], columns: Mapping[str, Sequence[Any]], *, names_file: bool = False
) -> Iterator[Answered]:
    """Return the answers of a block record by record."""
    for record, *values in zip(records, *columns.values(), strict=True):
        yield Answered(record, dict(zip(columns, values, strict=True)), names_file)
