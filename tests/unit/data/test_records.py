"""What every source shares: the first bad row ends it, or bad rows are skipped and counted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.records import MESSAGES_KEPT, Record, Skipped, Source, decoded, make_record


class Listed(Source):
    """A source of given rows."""

    def __init__(self, *rows: Record | DataError, skip_bad_rows: bool = False):
        super().__init__("rows.csv", "rows", skip_bad_rows=skip_bad_rows)
        self.given = rows

    def rows(self) -> Iterator[Record | DataError]:
        yield from self.given


PLACE = Place("rows.csv", 3, "text")
GOOD = Record("abc", "x", PLACE, "label")


def bad(row: int) -> DataError:
    return DataError("is bad", Place("rows.csv", row))


def test_the_first_bad_row_is_raised_after_the_good_ones_before_it() -> None:
    records = iter(Listed(GOOD, bad(2), bad(3)))
    assert next(records) is GOOD
    with pytest.raises(DataError, match=r"^rows\.csv, row 2: is bad$"):
        next(records)


def test_skipped_rows_are_counted_and_the_first_messages_kept() -> None:
    errors = [bad(row) for row in range(2, 12)]
    source = Listed(GOOD, *errors, GOOD, skip_bad_rows=True)
    assert list(source) == [GOOD, GOOD]
    assert source.skipped.count == 10
    assert source.skipped.messages == [f"rows.csv, row {row}: is bad" for row in range(2, 2 + MESSAGES_KEPT)]


def test_every_iteration_counts_anew() -> None:
    source = Listed(GOOD, bad(2), skip_bad_rows=True)
    for _ in range(3):
        assert list(source) == [GOOD]
        assert source.skipped.count == 1
    assert Skipped().messages == []


def test_a_source_without_records_is_an_error() -> None:
    with pytest.raises(DataError, match=r"^rows\.csv: holds no records; give a file with at least one$"):
        list(Listed())


def test_a_source_of_bad_rows_alone_is_an_error_that_shows_the_first() -> None:
    source = Listed(bad(1), bad(2), skip_bad_rows=True)
    with pytest.raises(
        DataError, match=r"every one of the 2 records is bad.*the first: rows\.csv, row 1: is bad"
    ):
        list(source)


def test_the_place_of_the_target_names_its_own_column() -> None:
    assert str(GOOD.target_place) == "rows.csv, row 3, column 'label'"


@pytest.mark.parametrize(
    ("target", "expected"), [("x", "x"), (b"\xc3\xa9", "é"), (7, 7), (np.float32(0.5), 0.5), (True, "true")]
)
def test_targets_are_plain_labels_or_numbers(target: object, expected: object) -> None:
    record = make_record("abc", target, PLACE, target_column="label")
    assert isinstance(record, Record)
    assert record.target == expected
    assert type(record.target) is type(expected)


@pytest.mark.parametrize("target", [None, "", "  ", b"", float("nan"), np.float64("nan")])
def test_a_missing_label_is_an_error_unless_none_is_needed(target: object) -> None:
    error = make_record("abc", target, PLACE, target_column="label")
    assert isinstance(error, DataError)
    assert str(error).startswith("rows.csv, row 3, column 'label': the label is missing")
    assert make_record("abc", target, PLACE, needs_target=False) == Record("abc", None, PLACE)


def test_a_target_may_be_a_list_and_none_of_lists() -> None:
    record = make_record("ab", np.array(["x", "y"]), PLACE, target_column="label")
    assert isinstance(record, Record)
    assert record.target == ["x", "y"]
    error = make_record("abc", [["a"]], PLACE, target_column="label")
    assert "column 'label': a label is text or a number, this is a list" in str(error)


@pytest.mark.parametrize("sequence", ["", " \n", b"", [], np.zeros((0, 3))])
def test_an_empty_sequence_is_an_error(sequence: object) -> None:
    error = make_record(sequence, "x", PLACE)
    assert str(error).startswith("rows.csv, row 3, column 'text': the sequence is empty")


@pytest.mark.parametrize(
    ("sequence", "said"),
    [(None, "is missing"), (5, "is the single number 5"), (True, "the truth value true"), ({}, "an object")],
)
def test_what_is_no_sequence_is_an_error(sequence: object, said: str) -> None:
    error = make_record(sequence, "x", PLACE)
    assert isinstance(error, DataError)
    assert said in str(error)


def test_invalid_utf8_names_the_byte() -> None:
    with pytest.raises(DataError, match=r"row 3, column 'text': byte 3 \(0xe9\) is not valid UTF-8; save"):
        decoded(b"ab\xe9c", PLACE)


def test_importing_the_readers_loads_no_table_library(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,b\n")
    code = (
        "import sys; from throughtime.data.readers import open_source; import throughtime.data.kinds\n"
        "assert not any(name.split('.')[0] == 'pyarrow' for name in sys.modules)\n"
        f"list(open_source({str(tmp_path / 'a.csv')!r})); assert 'pyarrow' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
