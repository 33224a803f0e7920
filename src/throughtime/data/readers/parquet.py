"""Parquet, streamed in small batches, only the columns chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.columns import Columns
from throughtime.data.readers.files import regular, unreadable
from throughtime.data.readers.table import Table, TableRow

BATCH_ROWS = 1024


class ParquetTable(Table):
    """A Parquet file: text, numbers, lists of text or of numbers, lists of lists of numbers.

    Batches are decoded page by page: a whole row group, which a data-set scan would hold, may be larger than
    memory.
    """

    format = "Parquet"

    def __init__(self, path: Path):
        import pyarrow.parquet

        self.path = regular(path)
        self.name = str(path)
        try:
            self.schema = pyarrow.parquet.read_schema(str(path))
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(
                f"is not a Parquet file, or is damaged: {_first_line(error)}", Place(self.name)
            ) from None
        self.columns = list(self.schema.names)
        repeated = [name for name, count in Counter(self.columns).items() if count > 1]
        if repeated:
            raise DataError(
                f"has the column {repeated[0]!r} twice; give each column its own name", Place(self.name)
            )

    def check(self, columns: Columns) -> None:
        whole = columns.group is None and len(columns.sequence) == 1
        for name in columns.sequence:
            kind = self.schema.field(name).type
            if whole and not (_is_text(kind) or _is_list(kind)):
                raise self._wrong_type(
                    name,
                    "a whole sequence a row is text or a list; for one number a row, name "
                    "several columns with --sequence, or the column of ids with --group",
                )
            if not whole and not _is_cell(kind):
                raise self._wrong_type(name, "each of several sequence columns holds one number a row")
        for name in filter(None, (columns.target, columns.group)):
            if not _is_cell(self.schema.field(name).type):
                raise self._wrong_type(name, "a target or an id is text or a number")

    def rows(self, columns: Sequence[str]) -> Iterator[TableRow | DataError]:
        import pyarrow
        import pyarrow.parquet

        number = 0
        try:
            with pyarrow.parquet.ParquetFile(str(self.path), pre_buffer=False, buffer_size=1 << 20) as file:
                # Dotted paths, as Arrow takes column names apart at the dots of nested ones.
                for batch in file.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False):
                    for values in zip(*(_values(batch.column(name)) for name in columns), strict=True):
                        number += 1
                        yield number, values
        except pyarrow.ArrowException as error:
            raise DataError(f"is damaged: {_first_line(error)}", Place(self.name, number + 1)) from None
        except OSError as error:
            raise unreadable(self.path, error) from None

    def _wrong_type(self, name: str, expected: str) -> DataError:
        kind = self.schema.field(name).type
        return DataError(f"holds {kind} values; {expected}", Place(self.name, column=name))


def _values(array: Any) -> list[Any]:
    if not _is_list(array.type):
        return list(array.to_pylist())
    return [_sequence(array[index].values) if array[index].is_valid else None for index in range(len(array))]


def _sequence(values: Any) -> Any:
    """The content of one list: an array when all is numbers, else Python lists, gaps as None."""
    import pyarrow.types as types

    if len(values) == 0:
        return []
    if _is_number(values.type) and values.null_count == 0:
        return values.to_numpy(zero_copy_only=False)
    if _is_list(values.type) and values.null_count == 0 and _is_number(values.type.value_type):
        content = values.flatten()
        if types.is_fixed_size_list(values.type):
            widths = np.full(len(values), values.type.list_size)
        else:
            widths = values.value_lengths().to_numpy(zero_copy_only=False)
        if content.null_count == 0 and (widths == widths[0]).all():
            return content.to_numpy(zero_copy_only=False).reshape(len(values), -1 if widths[0] else 0)
    return values.to_pylist()


def _is_list(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    raw = (types.is_binary, types.is_large_binary, types.is_binary_view)
    return any(test(kind) for test in (*texts, *raw))


def _is_number(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_integer(kind) or types.is_floating(kind))


def _is_cell(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return _is_text(kind) or _is_number(kind) or bool(types.is_boolean(kind)) or bool(types.is_null(kind))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0]
