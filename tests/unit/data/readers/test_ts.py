"""The .ts format: headers, dimensions, and what is wrong with a case."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.readers import open_source

HEADER = "# made up\n% a comment\n@problemName some name\n@timeStamps false\n@univariate false\n"
LABELS = "@classLabel true a b\n@data\n"


def write(folder: Path, *lines: str, header: str = HEADER + LABELS, end: str = "\n") -> Path:
    file = folder / "a.ts"
    text = header + "".join(line + "\n" for line in lines)
    file.write_text(text.replace("\n", end), encoding="utf-8", newline="")
    return file


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_several_dimensions_of_different_lengths(tmp_path: Path, end: str) -> None:
    file = write(tmp_path, "1,2,3:4,5,6:a", "", "# between", " 7 , 8 : 9,-1e1 : b ", end=end)
    first, second = open_source(file)
    np.testing.assert_array_equal(first.sequence, [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(second.sequence, [[7, 9], [8, -10]])
    assert (first.target, second.target) == ("a", "b")
    assert second.place == Place(str(file), 2)
    assert second.target_place == Place(str(file), 2, "label")


def test_one_dimension(tmp_path: Path) -> None:
    (record,) = open_source(write(tmp_path, "1,2,3:a"))
    np.testing.assert_array_equal(record.sequence, [1, 2, 3])


def test_number_targets(tmp_path: Path) -> None:
    header = "@targetLabel true\n@classLabel false\n@DATA\n"
    file = write(tmp_path, "1,2:0.5", "3,4:x", header=header)
    source = open_source(file, skip_bad_rows=True)
    assert [record.target for record in source] == [0.5]
    assert "row 2, column 'label': 'x' where a number was expected" in source.skipped.messages[0]


def test_labels_are_there_unless_the_header_denies_them(tmp_path: Path) -> None:
    (record,) = open_source(write(tmp_path, "1,2:a", header="@data\n"))
    assert record.target == "a"
    file = write(tmp_path, "1,2:3,4", header="@classLabel false\n@data\n")
    with pytest.raises(
        DataError, match="has no labels: its header says '@classLabel false'; give a file with"
    ):
        open_source(file)
    (record,) = open_source(file, needs_target=False)
    np.testing.assert_array_equal(record.sequence, [[1, 3], [2, 4]])
    assert record.target is None


def test_labels_that_are_not_needed_are_no_dimension(tmp_path: Path) -> None:
    (record,) = open_source(write(tmp_path, "1,2:a"), needs_target=False)
    np.testing.assert_array_equal(record.sequence, [1, 2])
    assert record.target is None


BAD_CASES = [
    ("1,x:3,4:a", "row 2, column 'dimension 1, time step 2': 'x' where a number was expected"),
    ("1,2:3,?:a", "row 2, column 'dimension 2, time step 2': the number is missing"),
    ("1,NaN:3,4:a", "row 2, column 'dimension 1, time step 2': the number is missing"),
    ("1,inf:3,4:a", "row 2, column 'dimension 1, time step 2': inf where a finite number was expected"),
    ("1,:3,4:a", "row 2, column 'dimension 1, time step 2': the number is missing"),
    ("1,2:3:a", "row 2: dimension 2 has 1 time steps and dimension 1 has 2; give all dimensions"),
    (":3,4:a", "row 2: dimension 1 is empty"),
    ("1,2:a", "row 2: 1 dimension where 2 were expected"),
    ("1,2:3,4:5,6:a", "row 2: 3 dimensions where 2 were expected"),
    ("1,2", "row 2: the label is missing; put it behind a colon"),
    ("1,2:3,4:", "row 2, column 'label': the label is missing"),
]


@pytest.mark.parametrize(("case", "said"), BAD_CASES)
def test_a_bad_case_is_named_and_can_be_skipped(tmp_path: Path, case: str, said: str) -> None:
    file = write(tmp_path, "1,2:3,4:a", case, "5,6:7,8:b")
    with pytest.raises(DataError, match="^" + re.escape(f"{file}, {said}")):
        list(open_source(file))
    source = open_source(file, skip_bad_rows=True)
    assert [record.place.row for record in source] == [1, 3]
    assert source.skipped.count == 1


def test_the_header_says_how_many_dimensions(tmp_path: Path) -> None:
    file = write(tmp_path, "1,2:a", header="@dimensions 2\n" + LABELS)
    with pytest.raises(DataError, match="row 1: 1 dimension where 2 were expected"):
        list(open_source(file))


@pytest.mark.parametrize(
    "lines", [("@classLabel true a b",), ("@classLabel true a", "1,2:a"), ("1,2:a", "@data")]
)
def test_without_data(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match=r"a\.ts: has no @data line before the cases"):
        open_source(write(tmp_path, *lines, header=""))


def test_no_cases(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has a header and no cases below @data"):
        list(open_source(write(tmp_path)))


def test_time_stamps_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "(0,1),(1,2):a", header="@timeStamps True\n" + LABELS)
    with pytest.raises(
        DataError, match=r"its cases have time stamps .* give evenly spaced values without them"
    ):
        open_source(file)


def test_invalid_utf8(tmp_path: Path) -> None:
    file = write(tmp_path, "1,2:a")
    file.write_bytes(file.read_bytes() + b"1,2:\xff\n")
    with pytest.raises(DataError, match=r"row 2: byte 5 \(0xff\) is not valid UTF-8"):
        list(open_source(file))
