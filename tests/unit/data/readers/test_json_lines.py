"""JSON Lines: fields as columns, one exact error for each bad line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.readers import open_source
from throughtime.data.records import Record


def write(path: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    path.write_bytes(b"".join(line + end for line in lines))
    return path


def test_sequences_of_every_form(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.jsonl",
        b'{"sequence": [[1, 2.5], [3, 4]], "label": 1}',
        b'{"label": "x", "sequence": "some \\u00e9 text", "more": 0}',
        b'{"sequence": ["NN", "VB"], "label": 0.5}',
    )
    place = [Place(str(file), row, "sequence") for row in (1, 2, 3)]
    assert list(open_source(file)) == [
        Record([[1, 2.5], [3, 4]], 1, place[0], "label"),
        Record("some é text", "x", place[1], "label"),
        Record(["NN", "VB"], 0.5, place[2], "label"),
    ]


def test_line_ends_blank_lines_and_the_byte_order_mark(tmp_path: Path) -> None:
    lines = (b"\xef\xbb\xbf", b'{"x": "a", "y": 1}', b"  ", b'{"x": "b", "y": true}')
    file = write(tmp_path / "a.ndjson", *lines, end=b"\r\n")
    assert [(record.place.row, record.target) for record in open_source(file)] == [(2, 1), (4, "true")]


def test_wide_and_long(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.jsonl", b'{"id": 1, "a": 1, "b": 2, "y": 3}', b'{"id": 1, "a": 4, "b": "5", "y": 3}'
    )
    assert [record.sequence.tolist() for record in open_source(file, sequence="a,b")] == [[1, 2], [4, 5]]
    (record,) = open_source(file, sequence="a,b", group="id")
    assert (record.sequence.tolist(), record.target) == ([[1, 2], [4, 5]], 3)


BAD_LINES = [
    (
        b'{"x": "a", "y": 1',
        r"row 2: not valid JSON at character \d+: Expecting ',' delimiter; expected one whole",
    ),
    (b'\xef\xbb\xbf{"x": "a", "y": 1}', "row 2: the JSON cannot be read|row 2: not valid JSON"),
    (b"hello", "row 2: not valid JSON at character 1: Expecting value"),
    (b'{"x": "a"} {"x": "b"}', "row 2: not valid JSON at character 12: Extra data"),
    (b"[1, 2]", r"""row 2: a line holds one JSON object such as .*, this one begins with '\[1, 2\]'"""),
    (b'{"x": "\xff", "y": 1}', r"row 2: byte 8 \(0xff\) is not valid UTF-8"),
    (b'{"y": 1}', "row 2, column 'x': the sequence is missing"),
    (b'{"x": null, "y": 1}', "row 2, column 'x': the sequence is missing"),
    (b'{"x": [], "y": 1}', "row 2, column 'x': the sequence is empty"),
    (b'{"x": "", "y": 1}', "row 2, column 'x': the sequence is empty"),
    (b'{"x": 5, "y": 1}', "row 2, column 'x': the sequence is the single number 5; expected text"),
    (b'{"x": {"a": 1}, "y": 1}', "row 2, column 'x': the sequence is an object with named fields"),
    (b'{"x": "a"}', "row 2, column 'y': the label is missing"),
    (b'{"x": "a", "y": null}', "row 2, column 'y': the label is missing"),
    (b'{"x": "a", "y": NaN}', "row 2, column 'y': the label is missing"),
    (b'{"x": "a", "y": [[1]]}', "row 2, column 'y': a label is text or a number, this is a list"),
    (b'{"x": "\\ud83d", "y": 1}', "row 2: holds half of a character"),
    (b"[" * 100_000, "row 2: the JSON is nested too deeply|row 2: not valid JSON"),
    (b'{"x": "a", "y": ' + b"1" * 5000 + b"}", "row 2: the JSON cannot be read: Exceeds the limit"),
]


@pytest.mark.parametrize(("line", "said"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_is_named_and_can_be_skipped(tmp_path: Path, line: bytes, said: str) -> None:
    good = b'{"x": "good", "y": 1}'
    file = write(tmp_path / "a.jsonl", good, line, good)
    with pytest.raises(DataError, match=rf"^{re.escape(str(file))}, (?:{said})"):
        list(open_source(file))
    source = open_source(file, skip_bad_rows=True)
    assert [record.place.row for record in source] == [1, 3]
    assert source.skipped.count == 1


def test_a_whole_pair_of_surrogates_is_a_character(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b'{"x": "\\ud83d\\ude00", "y": 1}')
    assert next(iter(open_source(file))).sequence == "😀"


def test_the_first_line_is_bad(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b"oops", b'{"x": "good", "y": 1}')
    with pytest.raises(DataError, match="row 1: not valid JSON"):
        open_source(file)
    source = open_source(file, skip_bad_rows=True)
    assert [record.place.row for record in source] == [2]
    assert source.skipped.count == 1
    with pytest.raises(DataError, match="row 1: not valid JSON"):
        open_source(write(tmp_path / "b.jsonl", b"oops", b"oops"), skip_bad_rows=True)


def test_a_field_that_the_first_line_lacks(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b'{"text": "a"}', b'{"text": "b", "label": 1}')
    with pytest.raises(DataError, match="row 1, column 'label': the label is missing"):
        list(open_source(file))
    assert [record.target for record in open_source(file, skip_bad_rows=True)] == [1]


def test_a_field_that_no_line_has(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b'{"text": "a", "label": 1}')
    with pytest.raises(
        DataError, match=r"has no column 'txt' \(did you mean 'text'\?\); its columns are 'text'"
    ):
        open_source(file, sequence="txt")
    with pytest.raises(DataError, match="has no column 'other'"):
        open_source(file, sequence="label,other")
    file = write(tmp_path / "a.jsonl", b"{}", b"{}")
    with pytest.raises(DataError, match="holds objects without fields"):
        open_source(file)


def test_only_blank_lines(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no records, only blank lines"):
        open_source(write(tmp_path / "a.jsonl", b"", b"  "))
