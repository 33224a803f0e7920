"""A long table: consecutive rows of one id form one sequence, each row a time step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.cells import numbers_of, shown
from throughtime.data.readers.columns import Columns
from throughtime.data.records import RawTarget, Record, checked_target, decoded, make_record

IDS_REMEMBERED = 100_000
"""How many ids are kept to notice one that comes again: an unsorted table shows itself long before, and
memory stays constant."""


@dataclass
class _Group:
    identity: object
    first_row: int
    target: RawTarget | None = None
    steps: list[list[float]] = field(default_factory=list)
    error: DataError | None = None


def grouped(
    rows: Iterator[tuple[int, Sequence[Any]] | DataError], columns: Columns, file: str
) -> Iterator[Record | DataError]:
    """One record for each run of rows with the same id, `[rows, features]`.

    A bad row spoils the sequence it stands in: that sequence comes out as one error, its other rows are
    dropped. The target must be the same in all rows of a sequence.
    """
    reader = _Reader(columns, file)
    group: _Group | None = None
    stray: DataError | None = None
    for row in rows:
        if isinstance(row, DataError):
            # Its id is unknown: it may belong to the sequence before it or to the one after.
            if group is None:
                stray = stray or row
            else:
                group.error = group.error or row
            continue
        number, values = row
        try:
            identity = reader.identity(number, values)
        except DataError as error:
            if group is None:
                stray = stray or error
            else:
                group.error = group.error or error
            continue
        if group is None or identity != group.identity:
            if group is not None:
                yield reader.finished(group)
            group = reader.begun(identity, number)
            group.error, stray = group.error or stray, None
        if group.error is None:
            try:
                reader.add(group, number, values)
            except DataError as error:
                group.error = error
    if group is not None:
        yield reader.finished(group)
    elif stray is not None:
        yield stray


class _Reader:
    def __init__(self, columns: Columns, file: str):
        assert columns.group is not None
        self.columns = columns
        self.group_column = columns.group
        self.file = file
        order = {name: index for index, name in enumerate(columns.all)}
        self.group_index = order[columns.group]
        self.target_index = order[columns.target] if columns.target is not None else None
        self.seen: set[object] = set()

    def identity(self, number: int, values: Sequence[Any]) -> object:
        identity = values[self.group_index]
        place = Place(self.file, number, self.group_column)
        if isinstance(identity, bytes):
            identity = decoded(identity, place)
        if identity is None or identity != identity or (isinstance(identity, str) and not identity.strip()):
            raise DataError("the id of the sequence is missing; each row needs one", place)
        if not isinstance(identity, str | int | float):
            raise DataError(
                f"{shown(identity)} cannot be the id of a sequence; use text or a whole number", place
            )
        return identity

    def begun(self, identity: object, number: int) -> _Group:
        group = _Group(identity, number)
        if identity in self.seen:
            group.error = DataError(
                f"the sequence {shown(identity)} begins again after another one; sort the table by "
                f"{self.group_column!r} so that the rows of a sequence follow each other",
                Place(self.file, number, self.group_column),
            )
        elif len(self.seen) < IDS_REMEMBERED:
            self.seen.add(identity)
        return group

    def add(self, group: _Group, number: int, values: Sequence[Any]) -> None:
        names = self.columns.sequence
        group.steps.append(numbers_of(values[: len(names)], names, Place(self.file, number)))
        if self.target_index is None:
            return
        place = Place(self.file, number, self.columns.target)
        target = checked_target(values[self.target_index], place)
        if group.target is None:
            group.target = target
        elif target != group.target:
            raise DataError(
                f"the target changes from {shown(group.target)} to {shown(target)} within the sequence "
                f"{shown(group.identity)} that began at row {group.first_row}; give all its rows "
                f"the same target",
                place,
            )

    def finished(self, group: _Group) -> Record | DataError:
        if group.error is not None:
            return group.error
        names = self.columns.sequence
        return make_record(
            np.array(group.steps),
            group.target,
            Place(self.file, group.first_row, names[0] if len(names) == 1 else None),
            target_column=self.columns.target,
            needs_target=self.target_index is not None,
        )
