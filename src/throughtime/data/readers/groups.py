"""A long table: consecutive rows of one id form one sequence, each row a time step; without ids, all rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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

_ONLY = "all rows"
"""The id of the one sequence of a table without ids."""


@dataclass
class _Group:
    """The rows of one id so far. `raw_identity` and `raw_target` are the cells as they came, so that rows
    like the one before need no second look."""

    raw_identity: object
    identity: object
    first_row: int
    raw_target: object = None
    target: RawTarget | None = None
    steps: list[list[float]] = field(default_factory=list)
    error: DataError | None = None


class Groups:
    """Rows of a long table into records, one for each run of rows with the same id, `[rows, features]`.

    A bad row spoils the sequence it stands in: that sequence comes out as one error, and its other rows are
    dropped. The target must be the same in all rows of a sequence.
    """

    def __init__(self, columns: Columns, file: str):
        order = {name: index for index, name in enumerate(columns.all)}
        self._columns = columns
        self._group_column = columns.group
        self._group_index = None if columns.group is None else order[columns.group]
        self._target_index = order[columns.target] if columns.target is not None else None
        self._file = file

    def records(self, rows: Iterable[tuple[int, Sequence[Any]] | DataError]) -> Iterator[Record | DataError]:
        """Read rows once, from the first."""
        seen: set[object] = set()
        group: _Group | None = None
        # A bad row whose id is unknown, before any sequence has begun.
        stray: DataError | None = None
        for row in rows:
            error: DataError | None = None
            if isinstance(row, DataError):
                error = row
            else:
                number, values = row
                try:
                    begun = self._begun(group, number, self._identity_in(values), seen)
                except DataError as problem:
                    error = problem
            if error is not None:
                if group is None:
                    stray = stray or error
                else:
                    group.error = group.error or error
                continue
            if begun is not group:
                if group is not None:
                    yield self._finished(group)
                group = begun
                group.error, stray = group.error or stray, None
            if group.error is None:
                self._add(group, number, values)
        if group is not None:
            yield self._finished(group)
        elif stray is not None:
            yield stray

    def _identity_in(self, values: Sequence[Any]) -> object:
        return _ONLY if self._group_index is None else values[self._group_index]

    def _begun(self, group: _Group | None, number: int, raw: object, seen: set[object]) -> _Group:
        """The group that a row belongs to: the one before, or a new one."""
        if group is not None and raw == group.raw_identity:
            return group
        place = Place(self._file, number, self._group_column)
        identity = decoded(raw, place) if isinstance(raw, bytes) else raw
        if identity is None or identity != identity or (isinstance(identity, str) and not identity.strip()):
            raise DataError("the id of the sequence is missing; each row needs one", place)
        if not isinstance(identity, str | int | float):
            raise DataError(f"{shown(identity)} cannot be the id of a sequence; give text or a number", place)
        begun = _Group(raw, identity, number)
        if identity in seen:
            begun.error = DataError(
                f"the sequence {shown(identity)} begins again after another one; sort the table by "
                f"{self._group_column!r} so that the rows of a sequence follow each other",
                place,
            )
        elif len(seen) < IDS_REMEMBERED:
            seen.add(identity)
        return begun

    def _add(self, group: _Group, number: int, values: Sequence[Any]) -> None:
        names = self._columns.sequence
        try:
            group.steps.append(numbers_of(values[: len(names)], names, self._file, number))
            if self._target_index is not None:
                self._add_target(group, number, values[self._target_index])
        except DataError as error:
            group.error = error

    def _add_target(self, group: _Group, number: int, raw: object) -> None:
        if group.target is not None and raw == group.raw_target:
            return
        place = Place(self._file, number, self._columns.target)
        target = checked_target(raw, place)
        if group.target is not None and target != group.target:
            raise DataError(
                f"the target changes from {shown(group.target)} to {shown(target)} within the sequence "
                f"{shown(group.identity)} that began at row {group.first_row}; give all rows the same one",
                place,
            )
        group.raw_target, group.target = raw, target

    def _finished(self, group: _Group) -> Record | DataError:
        if group.error is not None:
            return group.error
        names = self._columns.sequence
        return make_record(
            np.array(group.steps),
            group.target,
            Place(self._file, group.first_row, names[0] if len(names) == 1 else None),
            target_column=self._columns.target,
            needs_target=self._target_index is not None,
        )
