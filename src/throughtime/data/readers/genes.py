"""Genes and proteins, a record a sequence, with what is to be said of each from one of several places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.readers.columns import choose_columns
from throughtime.data.readers.files import unreadable
from throughtime.data.readers.gene_entries import Entry, entries, gene_format, stem
from throughtime.data.readers.tables import TABLES, open_table
from throughtime.data.records import Record, Source, checked_target, decoded, make_record

ID_NAMES = ("id", "name", "accession")
"""What the column of a table is called that has the names of sequences."""


class GeneFiles(Source):
    """The sequences of a FASTA, FASTQ or GenBank file, or of the files directly in a folder.

    The target of a sequence is

    - of a file with a table of the same name beside it (`genes.fasta`, `genes.csv`): in the row of the table
      with the sequence's name (column `id`, `name` or `accession`), in the column `target`;
    - of a folder, if `target` is left out: the name of the file, one file a class;
    - otherwise: in the sequence's description, all of it, or the value behind `target=`; in GenBank files
      `target` may also be one of the entry's annotations, such as `organism`.

    Qualities of FASTQ files are not read.
    """

    def __init__(
        self,
        path: Path,
        *,
        target: str | None = None,
        needs_target: bool = True,
        skip_bad_rows: bool = False,
    ):
        self.files = gene_files_in(path) if path.is_dir() else [path]
        self.target, self.needs_target = target, needs_target
        self._by_file = path.is_dir() and target is None
        self._beside = None if path.is_dir() or not needs_target else _table_beside(path)
        self._targets: dict[str, Any] = {}
        formats = " and ".join(dict.fromkeys(str(gene_format(file)) for file in self.files))
        where = ""
        if self._beside is not None:
            self._targets, column = _targets_in(self._beside, target)
            where = f", targets from {self._beside}, column {column!r}"
        elif needs_target and self._by_file:
            where = (
                f", a file a class ({', '.join(map(stem, self.files[:10]))}{', …' * (len(self.files) > 10)})"
            )
        elif needs_target:
            where = f", targets from {f'{target!r} of ' if target else ''}the descriptions"
        super().__init__(str(path), f"{path}: {formats}{where}", skip_bad_rows=skip_bad_rows)

    def rows(self) -> Iterator[Record | DataError]:
        for file in self.files:
            for number, entry in enumerate(entries(file), start=1):
                if isinstance(entry, DataError):
                    yield entry
                    continue
                place = Place(str(file), number)
                try:
                    target = self._target_of(entry, file, place) if self.needs_target else None
                except DataError as error:
                    yield error
                    continue
                yield make_record(
                    entry.letters, target, place, target_column=self.target, needs_target=self.needs_target
                )

    def _target_of(self, entry: Entry, file: Path, place: Place) -> Any:
        if self._by_file:
            return stem(file)
        if self._beside is not None:
            if entry.identity not in self._targets:
                raise DataError(
                    f"{self._beside} has no row for {entry.identity!r}; add one, or leave the sequence out",
                    place,
                )
            return self._targets[entry.identity]
        if self.target is None or self.target == "description":
            if not entry.description:
                raise DataError(
                    f"{entry.identity!r} has no description, from which the target would be taken; write it "
                    f"behind the name, or put a table beside the file ({stem(file)}.csv with the columns id "
                    "and label)",
                    place,
                )
            return entry.description
        if self.target in entry.fields:
            value = entry.fields[self.target]
            return value if isinstance(value, int | float | list) else str(value)
        found = _value_behind(self.target, entry.description)
        if found is None:
            raise DataError(
                f"{entry.identity!r} has no {self.target}=… in its description {entry.description[:40]!r}; "
                "add it, or choose with --target",
                place,
            )
        return found


def gene_files_in(folder: Path) -> list[Path]:
    """Return the files of genes directly in a folder, in the order of their names."""
    try:
        return sorted(
            entry
            for entry in folder.iterdir()
            if gene_format(entry) is not None and not entry.name.startswith(".") and entry.is_file()
        )
    except OSError as error:
        raise unreadable(folder, error) from None


def _value_behind(name: str, description: str) -> str | None:
    """Return the value of `[name=value]`, `name="value"` or `name=value` in a description."""
    found = re.search(
        rf"(?:^|[\s;,|\[])(?:(?<=\[){re.escape(name)}=(?P<a>[^\]]*)\]|{re.escape(name)}="
        rf"(?:\"(?P<b>[^\"]*)\"|(?P<c>[^\s;,|\]]+)))",
        description,
    )
    return None if found is None else next(value for value in found.groups() if value is not None)


def _table_beside(path: Path) -> Path | None:
    tables = [path.with_name(stem(path) + suffix) for suffix in TABLES]
    there = [table for table in tables if table.is_file()]
    if len(there) > 1:
        raise OptionError(
            f"beside {path} there are the tables {' and '.join(table.name for table in there)}, and one of "
            "them has the targets; remove the other"
        )
    return there[0] if there else None


def _targets_in(path: Path, target: str | None) -> tuple[dict[str, Any], str]:
    """Return the targets by the names of their sequences, and the column they stand in."""
    table = open_table(path)
    name = next((name for name in ID_NAMES if name in table.columns), None)
    if name is None:
        raise DataError(
            f"has no column {', '.join(ID_NAMES[:-1])} or {ID_NAMES[-1]} with the names of the sequences; "
            "add one, or remove the table if it is none of targets",
            Place(str(path)),
        )
    columns = choose_columns(table.columns, str(path), sequence=name, target=target)
    assert columns.target is not None
    targets: dict[str, Any] = {}
    for row in table.rows([name, columns.target]):
        if isinstance(row, DataError):
            raise row
        number, (identity, value) = row
        place = Place(str(path), number, columns.target)
        value = checked_target(value, place)
        identity = decoded(identity, place) if isinstance(identity, bytes) else str(identity)
        if targets.setdefault(identity, value) != value:
            raise DataError(
                f"{identity!r} stood above with the target {targets[identity]!r}, and has {value!r} here; "
                "give each sequence one",
                place,
            )
    return targets, columns.target
