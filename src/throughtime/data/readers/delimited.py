"""CSV and TSV, streamed through Arrow, every column as text."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.files import regular, unreadable, utf8
from throughtime.data.readers.table import Table, TableRow

BLOCK_BYTES = 1 << 20
"""What Arrow parses at once; one row must fit into a block."""

LARGEST_BLOCK_BYTES = 1 << 28
"""A row longer than this is taken for a quotation mark that is never closed."""

MOST_INVALID_IN_A_RUN = 1_000_000
"""Rows of a wrong width that may wait for a good row: more than the shortest rows of a block. With more of
them the file is not what it claims."""


class DelimitedTable(Table):
    """A CSV file (commas, quotes, line ends within quotes) or a TSV file (tabs, no quoting at all).

    Blank lines are not rows. Only the columns asked for are converted, in constant memory.
    """

    no_records = "has a header and no rows; give a file with at least one row below the header"

    def __init__(self, path: Path, *, tabs: bool = False):
        self.path = utf8(regular(path))
        self.name = str(path)
        self.tabs = tabs
        self.format = "TSV" if tabs else "CSV"
        self.columns = self._header()

    def rows(self, columns: Sequence[str]) -> Iterator[TableRow | DataError]:
        import pyarrow

        done = 0
        block_bytes = BLOCK_BYTES
        while True:
            try:
                for row in islice(self._rows(columns, block_bytes), done, None):
                    done += 1
                    yield row
                return
            except pyarrow.ArrowInvalid as error:
                if "Empty CSV" in str(error):
                    return
                if "straddling" in str(error) and block_bytes < LARGEST_BLOCK_BYTES:
                    block_bytes = min(8 * block_bytes, LARGEST_BLOCK_BYTES)
                    continue
                raise self._not_a_table(error, done + 1) from None
            except OSError as error:
                raise unreadable(self.path, error) from None

    def _header(self) -> list[str]:
        place = Place(self.name)
        try:
            with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                if self.tabs:
                    reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                else:
                    reader = csv.reader(file)
                names = next((row for row in reader if row), None)
        except csv.Error as error:
            raise DataError(f"the header cannot be read as {self.format}: {error}", place) from None
        if names is None:
            raise DataError("the file is empty but for blank lines; give one with a header and rows", place)
        # The file is read ahead of the header, so only what the header holds may fail for it.
        if any("\udc80" <= letter <= "\udcff" for letter in "".join(names)):
            raise DataError(
                "the header is not valid UTF-8; save the file as UTF-8 (for example: "
                "iconv -f latin1 -t utf-8 OLD > NEW)",
                place,
            )
        repeated = sorted(name for name, count in Counter(names).items() if count > 1)
        if repeated:
            raise DataError(
                f"the header has the column {repeated[0]!r} twice; give each column its own name", place
            )
        return names

    def _rows(self, columns: Sequence[str], block_bytes: int) -> Iterator[TableRow | DataError]:
        invalid: deque[tuple[int, int, bool]] = deque()
        # The last column shows whether a quotation mark swallowed the end of the file.
        read = list(dict.fromkeys([*columns, self.columns[-1]]))
        last = read.index(self.columns[-1])
        last_cell = b""
        number = 0
        for batch in self._batches(read, block_bytes, invalid):
            if batch.num_rows == 0:
                continue
            last_cell = batch.column(last)[-1].as_py()
            cells = [
                batch.column(index).to_numpy(zero_copy_only=False).tolist() for index in range(len(columns))
            ]
            for values in zip(*cells, strict=True):
                number += 1
                while invalid and invalid[0][0] == number:
                    yield self._wrong_width(*invalid.popleft())
                    number += 1
                yield number, values
        if not invalid and (b"\n" in last_cell or b"\r" in last_cell) and not self._ends_quoted():
            raise self._unclosed(number)
        while invalid:
            yield self._wrong_width(*invalid.popleft())

    def _batches(
        self, columns: list[str], block_bytes: int, invalid: deque[tuple[int, int, bool]]
    ) -> Iterator[Any]:
        """Arrow's streaming reader: a data-set scan of the same file reads ahead without a limit."""
        import pyarrow
        import pyarrow.csv

        def handle(row: Any) -> str:
            # Arrow counts the header as row 1.
            invalid.append((row.number - 1, row.actual_columns, row.text.count('"') % 2 == 1))
            return "skip" if len(invalid) < MOST_INVALID_IN_A_RUN else "error"

        with pyarrow.csv.open_csv(
            str(self.path),
            # Rows are numbered, and handed to `handle` in order, only without threads.
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=block_bytes),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter="\t" if self.tabs else ",",
                quote_char=False if self.tabs else '"',
                newlines_in_values=not self.tabs,
                invalid_row_handler=handle,
            ),
            # Bytes, not text: Arrow would refuse a whole block for one invalid byte, without the row.
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pyarrow.binary() for name in columns},
                include_columns=columns,
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        ) as reader:
            yield from reader

    def _wrong_width(self, number: int, width: int, odd_quotes: bool) -> DataError:
        if odd_quotes and not self.tabs:
            remedy = "a quotation mark in it is not closed"
        elif self.tabs:
            remedy = "correct the tabs in it, or pass over such rows with --skip-bad-rows"
        else:
            remedy = (
                "put quotation marks around values with commas, or pass over such rows with --skip-bad-rows"
            )
        return DataError(
            f"{width} value{'s' * (width != 1)} where the header has {len(self.columns)} columns; {remedy}",
            Place(self.name, number),
        )

    def _ends_quoted(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-min(64, self.path.stat().st_size), 2)
            return file.read().rstrip().endswith(b'"')

    def _unclosed(self, number: int) -> DataError:
        return DataError(
            "a quotation mark opens in this row and is never closed, so that the rest of the file is one "
            "value; close it",
            Place(self.name, number),
        )

    def _not_a_table(self, error: Exception, number: int) -> DataError:
        text = str(error)
        if "straddling" in text:
            return DataError(
                f"is longer than {LARGEST_BLOCK_BYTES >> 20} MiB, or a quotation mark in it is never closed; "
                f"close it, or give such long sequences as a folder of text files",
                Place(self.name, number),
            )
        if "Expected" in text:
            return DataError(
                f"{MOST_INVALID_IN_A_RUN:,} rows in a run are not as wide as the header, which has "
                f"{len(self.columns)} columns; check the header and the delimiter",
                Place(self.name, number),
            )
        return DataError(f"cannot be read as {self.format}: {text.splitlines()[0]}", Place(self.name, number))
