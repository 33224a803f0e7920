"""Standard input: one record a line, text or JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.cells import numbers_of
from throughtime.data.readers.columns import Columns, choose_columns
from throughtime.data.readers.files import BYTE_ORDER_MARK
from throughtime.data.readers.json_lines import json_value
from throughtime.data.records import Record, Source, decoded, make_record


class StandardInput(Source):
    """Records from a stream that can be read once, each as soon as its line has arrived.

    A line that starts with `{` is a JSON object with the columns as fields, one that starts with `[` is a
    JSON list, and any other line is text: the sequence alone, without a target.
    """

    rereadable = False

    def __init__(
        self,
        *,
        sequence: str | None = None,
        target: str | None = None,
        needs_target: bool = True,
        skip_bad_rows: bool = False,
        stream: BinaryIO | None = None,
    ):
        super().__init__(
            "standard input", "standard input: one record a line, text or JSON", skip_bad_rows=skip_bad_rows
        )
        self.sequence = sequence
        self.target = target
        self.needs_target = needs_target
        self._stream = stream if stream is not None else sys.stdin.buffer
        self._columns: Columns | None = None
        self._read = False

    def no_records(self) -> str:
        return "no line arrived; write one record a line to it"

    def rows(self) -> Iterator[Record | DataError]:
        if self._read:
            raise DataError(
                "can be read only once, and this needs a second reading; save it to a file and give that",
                Place(self.name),
            )
        self._read = True
        return self._lines()

    def _lines(self) -> Iterator[Record | DataError]:
        for number, line in enumerate(self._stream, start=1):
            if number == 1:
                line = line.removeprefix(BYTE_ORDER_MARK)
            try:
                yield self._record(line.rstrip(b"\r\n"), number)
            except DataError as error:
                yield error

    def _record(self, line: bytes, number: int) -> Record | DataError:
        place = Place(self.name, number)
        start = line.lstrip()[:1]
        if start == b"{":
            return self._from_object(json_value(line, place), number)
        sequence = json_value(line, place) if start == b"[" else decoded(line, place)
        if self.needs_target:
            return DataError(
                'holds a sequence and no target; give JSON objects such as {"sequence": ..., "label": ...}',
                place,
            )
        return make_record(sequence, None, place, needs_target=False)

    def _from_object(self, fields: dict[str, Any], number: int) -> Record | DataError:
        if self._columns is None:
            self._columns = choose_columns(
                list(fields),
                self.name,
                sequence=self.sequence,
                target=self.target,
                needs_target=self.needs_target,
            )
        columns = self._columns
        sequence: Any
        column: str | None = None
        if len(columns.sequence) > 1:
            cells = [fields.get(name) for name in columns.sequence]
            sequence = np.array(numbers_of(cells, columns.sequence, self.name, number))
        else:
            column = columns.sequence[0]
            sequence = fields.get(column)
        return make_record(
            sequence,
            fields.get(columns.target) if columns.target is not None else None,
            Place(self.name, number, column),
            target_column=columns.target,
            needs_target=self.needs_target,
        )
