"""JSON Lines: one JSON object a line, its fields are the columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.files import lines, regular, utf8
from throughtime.data.readers.table import Table, TableRow
from throughtime.data.records import decoded

OBJECTS_LOOKED_AT = 100
"""The columns of a file are the fields of so many objects."""

_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


class JsonLinesTable(Table):
    """A JSON Lines file. The number of a row is that of its line; blank lines are passed over.

    The columns are the fields of the first objects; one that a later object lacks counts as missing there.
    """

    format = "JSON Lines"
    no_records = "holds no records, only blank lines; give a file with at least one"

    def __init__(self, path: Path, *, skip_bad_rows: bool = False):
        self.path = utf8(regular(path))
        self.name = str(path)
        self.columns = self._fields(skip_bad_rows)

    def rows(self, columns: Sequence[str]) -> Iterator[TableRow | DataError]:
        for row in self._objects():
            if isinstance(row, DataError):
                yield row
            else:
                number, fields = row
                yield number, [fields.get(name) for name in columns]

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]] | DataError]:
        for number, line in enumerate(lines(self.path), start=1):
            if line.strip():
                try:
                    yield number, json_object(line, Place(self.name, number))
                except DataError as error:
                    yield error

    def _fields(self, skip_bad_rows: bool) -> list[str]:
        fields: dict[str, None] = {}
        first_bad: DataError | None = None
        objects = 0
        for row in self._objects():
            if isinstance(row, DataError):
                first_bad = first_bad or row
                if not skip_bad_rows:
                    break
            else:
                fields.update(dict.fromkeys(row[1]))
                objects += 1
                if objects == OBJECTS_LOOKED_AT:
                    break
        if fields:
            return list(fields)
        if first_bad is not None:
            raise first_bad
        raise DataError("holds objects without fields" if objects else self.no_records, Place(self.name))


def json_object(line: bytes, place: Place) -> dict[str, Any]:
    """One line as a JSON object; anything else is a `DataError`."""
    value = json_value(line, place)
    if not isinstance(value, dict):
        raise DataError(
            f'a line holds one JSON object such as {{"sequence": ..., "label": ...}}, this one begins with '
            f"{_start(line)}",
            place,
        )
    return value


def json_value(line: bytes, place: Place) -> Any:
    """One line as JSON; a `DataError` names the character at which it goes wrong."""
    text = decoded(line, place)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            f"not valid JSON at character {error.pos + 1}: {error.msg}; expected one whole "
            f"JSON value on the line",
            place,
        ) from None
    except RecursionError:
        raise DataError("the JSON is nested too deeply to be a sequence", place) from None
    except ValueError as error:
        raise DataError(f"the JSON cannot be read: {error}", place) from None
    if _HALF_CHARACTER.search(line):
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise DataError(
                "holds half of a character (a lone surrogate such as \\ud83d); write the whole character",
                place,
            ) from None
    return value


def _start(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 20 else text[:17] + "...")
