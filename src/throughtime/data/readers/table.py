"""Rows of a table into records: one sequence a row, a wide table of numbers, or a long one in groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.cells import numbers_of
from throughtime.data.readers.columns import Columns, choose_columns
from throughtime.data.readers.groups import Groups
from throughtime.data.records import Record, Source, make_record

TableRow = tuple[int, Sequence[Any]]
"""The number of a row, from 1 without the header, and its values in the order of the columns asked for."""


class Table(ABC):
    """A file of rows with named columns; `columns` are all that it has."""

    name: str
    format: str
    columns: Sequence[str]
    no_records: str = "has no rows; give a file with at least one"

    @abstractmethod
    def rows(self, columns: Sequence[str]) -> Iterator[TableRow | DataError]:
        """Read once from the start, only these columns; text may come as undecoded UTF-8 bytes."""

    def check(self, columns: Columns) -> None:  # noqa: B027 - most formats learn a column's type from its values
        """Refuse a column whose type can never hold what it was chosen for."""


class TableSource(Source):
    """The records of a `Table`, by the columns chosen."""

    def __init__(
        self,
        table: Table,
        *,
        sequence: str | None = None,
        target: str | None = None,
        group: str | None = None,
        needs_target: bool = True,
        rows_are_steps: bool = False,
        skip_bad_rows: bool = False,
    ):
        self.table = table
        self.columns = choose_columns(
            table.columns,
            table.name,
            sequence=sequence,
            target=target,
            group=group,
            needs_target=needs_target,
            rows_are_steps=rows_are_steps,
        )
        table.check(self.columns)
        super().__init__(
            table.name, f"{table.name}: {table.format}, {self.columns.described}", skip_bad_rows=skip_bad_rows
        )

    def no_records(self) -> str:
        return self.table.no_records

    def rows(self) -> Iterator[Record | DataError]:
        if self.columns.rows_are_steps:
            groups = Groups(self.columns, self.name)
            return groups.records(self.table.rows(self.columns.all))
        if len(self.columns.sequence) > 1:
            return self._wide()
        return self._single()

    def _single(self) -> Iterator[Record | DataError]:
        sequence, target = self.columns.sequence[0], self.columns.target
        for row in self.table.rows(self.columns.all):
            if isinstance(row, DataError):
                yield row
                continue
            number, values = row
            yield make_record(
                values[0],
                values[1] if target is not None else None,
                Place(self.name, number, sequence),
                target_column=target,
                needs_target=target is not None,
            )

    def _wide(self) -> Iterator[Record | DataError]:
        names, target = self.columns.sequence, self.columns.target
        width = len(names)
        for row in self.table.rows(self.columns.all):
            if isinstance(row, DataError):
                yield row
                continue
            number, values = row
            try:
                numbers = numbers_of(values[:width], names, self.name, number)
            except DataError as error:
                yield error
                continue
            yield make_record(
                np.array(numbers),
                values[width] if target is not None else None,
                Place(self.name, number),
                target_column=target,
                needs_target=target is not None,
            )
