"""Parquet: columns of every type, read in batches."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.readers import open_source, parquet


def write(folder: Path, row_group_size: int | None = None, **columns: object) -> Path:
    file = folder / "a.parquet"
    pq.write_table(pa.table(columns), file, row_group_size=row_group_size)
    return file


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int8(), pa.string())]
)
def test_text(tmp_path: Path, kind: pa.DataType) -> None:
    text = pa.array(["é a", "b", "é a"]).cast(kind)
    file = write(tmp_path, text=text, label=text, other=[1, 2, 3])
    records = list(open_source(file))
    assert [record.sequence for record in records] == ["é a", "b", "é a"]
    assert [record.target for record in records] == ["é a", "b", "é a"]
    assert records[1].place == Place(str(file), 2, "text")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([3, 1], [3, 1]),
        ([0.5, 2.0], [0.5, 2.0]),
        ([True, False], ["true", "false"]),
        (pa.array([1, 2], pa.uint8()), [1, 2]),
    ],
)
def test_labels(tmp_path: Path, labels: object, expected: list[object]) -> None:
    found = [record.target for record in open_source(write(tmp_path, x=["a", "b"], y=labels))]
    assert found == expected
    assert [type(label) for label in found] == [type(label) for label in expected]


STEPS = [[[1, 2], [3, 4], [5, 6]], [[7, 8]]]
PAIRS = pa.list_(pa.float32(), 2)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.list_(pa.float64())),
        pa.large_list(pa.large_list(pa.int16())),
        pa.list_(PAIRS),
    ],
)
def test_lists_of_lists_of_numbers(tmp_path: Path, kind: pa.DataType) -> None:
    first, second = open_source(write(tmp_path, x=pa.array(STEPS, kind), y=["a", "b"]))
    assert isinstance(first.sequence, np.ndarray)
    np.testing.assert_array_equal(first.sequence, STEPS[0])
    np.testing.assert_array_equal(second.sequence, STEPS[1])


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.float16()])
def test_lists_of_numbers(tmp_path: Path, kind: pa.DataType) -> None:
    values = pa.array([[1, 2, 3], [4]], pa.list_(kind))
    first, second = open_source(write(tmp_path, x=values, y=["a", "b"]))
    assert isinstance(first.sequence, np.ndarray)
    assert (first.sequence.tolist(), second.sequence.tolist()) == ([1, 2, 3], [4])


def test_lists_with_gaps_or_of_different_width_stay_lists(tmp_path: Path) -> None:
    values = [[[1.0, 2.0], [3.0]], [[None, 1.0], [2.0, 3.0]], [None, [1.0]]]
    records = list(open_source(write(tmp_path, x=values, y=["a", "b", "c"])))
    assert [record.sequence for record in records] == values
    (record,) = open_source(write(tmp_path, x=[[1.0, None]], y=["a"]))
    assert record.sequence == [1.0, None]


def test_lists_of_symbols(tmp_path: Path) -> None:
    file = write(tmp_path, x=[["NN", "VB"], ["DT"]], y=["a", "b"])
    assert [record.sequence for record in open_source(file)] == [["NN", "VB"], ["DT"]]


def test_a_wide_table(tmp_path: Path) -> None:
    file = write(tmp_path, **{"t.1": [1, 2], "t.2": [0.5, 1.5], "t.3": [True, False]}, y=["a", "b"])
    first, second = open_source(file, sequence="t.1,t.2,t.3")
    assert (first.sequence.tolist(), second.sequence.tolist()) == ([1, 0.5, 1], [2, 1.5, 0])


def test_a_long_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 2)
    file = write(tmp_path, 3, id=[1, 1, 1, 2, 2], a=[1, 2, 3, 4, 5], y=["p", "p", "p", "q", "q"])
    first, second = open_source(file, sequence="a", group="id")
    assert (first.sequence.tolist(), second.sequence.tolist()) == ([[1], [2], [3]], [[4], [5]])


def test_rows_are_counted_over_batches_and_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 16)
    file = write(tmp_path, 50, x=[f"text {index}" for index in range(200)], y=list(range(200)))
    records = list(open_source(file))
    assert [record.place.row for record in records] == list(range(1, 201))
    assert all(record.sequence == f"text {record.target}" for record in records)


def test_bad_rows_are_named_and_can_be_skipped(tmp_path: Path) -> None:
    file = write(tmp_path, x=["a", None, "", "d", "e"], y=[1.0, 2.0, 3.0, None, float("nan")])
    with pytest.raises(DataError, match="row 2, column 'x': the sequence is missing"):
        list(open_source(file))
    source = open_source(file, skip_bad_rows=True)
    assert [record.sequence for record in source] == ["a"]
    assert [message.removeprefix(f"{file}, ").split(";")[0] for message in source.skipped.messages] == [
        "row 2, column 'x': the sequence is missing",
        "row 3, column 'x': the sequence is empty",
        "row 4, column 'y': the label is missing",
        "row 5, column 'y': the label is missing",
    ]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = write(tmp_path, x=pa.array([b"ok", b"\xff"]), y=[1, 2])
    with pytest.raises(DataError, match=r"row 2, column 'x': byte 1 \(0xff\) is not valid UTF-8"):
        list(open_source(file))


def test_gaps_in_columns_of_numbers(tmp_path: Path) -> None:
    file = write(tmp_path, a=[1, 2], b=[1, None], y=["p", "q"])
    with pytest.raises(DataError, match="row 2, column 'b': the number is missing"):
        list(open_source(file, sequence="a,b"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"sequence": "n"},
            "column 'n': holds int64 values; a whole sequence a row is text or a list; for one",
        ),
        (
            {"sequence": "n,list"},
            "column 'list': holds list<element: int64> values; each of several sequence",
        ),
        ({"sequence": "time"}, "column 'time': holds timestamp"),
        ({"sequence": "list", "target": "time"}, "a target or an id is text or a number"),
        (
            {"sequence": "n", "group": "list"},
            "column 'list': holds list<element: int64> values; a target or an",
        ),
    ],
)
def test_columns_of_a_type_that_cannot_be(tmp_path: Path, options: dict[str, str], said: str) -> None:
    time = pa.array([0], pa.timestamp("s"))
    file = write(tmp_path, n=[1], list=[[1]], time=time, label=["a"])
    with pytest.raises(DataError, match=re.escape(said)):
        open_source(file, **options)


def test_no_rows(tmp_path: Path) -> None:
    file = write(tmp_path, x=pa.array([], pa.string()), y=pa.array([], pa.string()))
    with pytest.raises(DataError, match="has no rows; give a file with at least one"):
        list(open_source(file))


def test_what_is_no_parquet_file(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_text("text,label\na,b\n")
    with pytest.raises(
        DataError, match=r"a\.parquet: is not a Parquet file, or is damaged: .*Parquet magic bytes"
    ):
        open_source(file)


def test_a_damaged_page(tmp_path: Path) -> None:
    file = write(tmp_path, x=[f"text {index}" for index in range(1000)], y=list(range(1000)))
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"is damaged: |cannot be read: "):
        list(open_source(file))


def test_a_column_name_given_twice(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"]), pa.array(["c"])], ["x", "y", "x"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match="has the column 'x' twice"):
        open_source(tmp_path / "a.parquet")
