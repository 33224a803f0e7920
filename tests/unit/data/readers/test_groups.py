"""Long tables: the rows of one id are the time steps of one sequence."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.readers import groups, open_source
from throughtime.data.records import Source


def table(tmp_path: Path, *rows: str, **options: object) -> Source:
    file = tmp_path / "a.csv"
    file.write_text("id,a,b,label\n" + "".join(row + "\n" for row in rows), encoding="utf-8")
    return open_source(file, **{"sequence": "a,b", "group": "id", **options})


def test_rows_of_one_id_are_one_sequence(tmp_path: Path) -> None:
    source = table(tmp_path, "p,1,2,x", "p,3,4,x", "q,5,6,y", "r,7,8,x", "r,9,10,x", "r,11,12,x")
    for _ in range(2):
        records = list(source)
        assert [record.sequence.tolist() for record in records] == [
            [[1, 2], [3, 4]],
            [[5, 6]],
            [[7, 8], [9, 10], [11, 12]],
        ]
        assert [record.target for record in records] == ["x", "y", "x"]
        assert [record.place.row for record in records] == [1, 3, 4]


def test_one_feature_and_no_target(tmp_path: Path) -> None:
    source = table(tmp_path, "p,1,2,", "p,3,4,", sequence="b", needs_target=False)
    (record,) = source
    assert record.sequence.tolist() == [[2], [4]]
    assert record.target is None
    assert record.place == Place(source.name, 1, "b")


def test_a_target_that_changes_within_a_sequence(tmp_path: Path) -> None:
    rows = ("o,1,2,x", "p,1,2,x", "p,3,4,x", "p,5,6,y", "q,7,8,y")
    said = "row 4, column 'label': the target changes from 'x' to 'y' within the sequence "
    with pytest.raises(DataError, match=said + "'p' that began at row 2; give all rows the same one"):
        list(table(tmp_path, *rows))
    source = table(tmp_path, *rows, skip_bad_rows=True)
    assert [record.place.row for record in source] == [1, 5]
    assert source.skipped.count == 1


def test_an_unsorted_table(tmp_path: Path) -> None:
    said = "row 3, column 'id': the sequence 'p' begins again after another one; sort the table by 'id'"
    with pytest.raises(DataError, match=said):
        list(table(tmp_path, "p,1,2,x", "q,1,2,x", "p,3,4,x"))


def test_ids_are_remembered_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "IDS_REMEMBERED", 1)
    assert len(list(table(tmp_path, "p,1,2,x", "q,1,2,x", "q,1,2,x", "r,1,2,x", "q,3,4,x"))) == 4
    with pytest.raises(DataError, match="'p' begins again"):
        list(table(tmp_path, "p,1,2,x", "q,1,2,x", "p,3,4,x"))


@pytest.mark.parametrize("bad", ["p,3,oops,x", "p,3,4,", "p,3,4", " ,3,4,x", "p,3,4,x,more", "p,nan,4,x"])
def test_a_bad_row_spoils_its_sequence_and_no_other(tmp_path: Path, bad: str) -> None:
    source = table(tmp_path, "o,0,0,x", "p,1,2,x", bad, "p,5,6,x", bad, "q,7,8,y", skip_bad_rows=True)
    assert [record.sequence.tolist() for record in source] == [[[0, 0]], [[7, 8]]]
    assert source.skipped.count == 1
    assert "row 3" in source.skipped.messages[0]


def test_a_bad_row_before_the_first_sequence_spoils_that(tmp_path: Path) -> None:
    source = table(tmp_path, "p,1,2", "p,3,4,x", "q,7,8,y", skip_bad_rows=True)
    assert [record.place.row for record in source] == [3]
    assert source.skipped.messages[0].startswith(f"{source.name}, row 1: 3 values where the header has 4")
    with pytest.raises(DataError, match="every one of the 1 records is bad"):
        list(table(tmp_path, "p,1,2", ",1,2,x", skip_bad_rows=True))


def test_a_missing_id(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="row 2, column 'id': the id of the sequence is missing; each row needs"
    ):
        list(table(tmp_path, "p,1,2,x", ",3,4,x"))
