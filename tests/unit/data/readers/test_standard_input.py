"""Standard input: text or JSON, a record a line, read once."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace
from typing import Any

import pytest

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.readers import open_source
from throughtime.data.readers.standard_input import StandardInput
from throughtime.data.records import Source


def opened(monkeypatch: pytest.MonkeyPatch, content: bytes, **options: Any) -> Source:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    return open_source("-", **options)


def test_text_and_json(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b'\xef\xbb\xbfa text, "quoted"\r\n[[1, 2], [3, 4]]\n ["NN"]\n{"text": "t", "label": "x"}\n0.1 0.2'
    source = opened(monkeypatch, lines, needs_target=False)
    records = list(source)
    assert [record.sequence for record in records] == [
        'a text, "quoted"',
        [[1, 2], [3, 4]],
        ["NN"],
        "t",
        "0.1 0.2",
    ]
    assert [record.target for record in records] == [None] * 5
    assert records[3].place == Place("standard input", 4, "text")
    assert records[4].place == Place("standard input", 5)


def test_objects_with_targets_and_named_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    line = b'{"a": 1, "b": "2", "c": "t", "y": 3}\n'
    (record,) = opened(monkeypatch, line, sequence="c")
    assert (record.sequence, record.target) == ("t", 3)
    (record,) = opened(monkeypatch, line, sequence="a,b")
    assert (record.sequence.tolist(), record.target) == ([1, 2], 3)
    with pytest.raises(
        DataError, match=r"standard input: has no column 'd'.*; its columns are 'a', 'b', 'c', 'y'"
    ):
        list(opened(monkeypatch, line, sequence="d"))


def test_it_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = opened(monkeypatch, b"a\n", needs_target=False)
    assert not source.rereadable
    assert len(list(source)) == 1
    with pytest.raises(
        DataError, match=r"standard input: can be read only once, .* save it to a file and give that"
    ):
        list(source)


def test_bad_lines_are_named_and_can_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b'good\n\n[1, 2\n\xff\n{"text": ""}\n{"other": 1}\nfine\n'
    with pytest.raises(DataError, match="standard input, row 2: the sequence is empty"):
        list(opened(monkeypatch, lines, needs_target=False))
    source = opened(monkeypatch, lines, needs_target=False, skip_bad_rows=True)
    assert [record.place.row for record in source] == [1, 7]
    assert [
        message.removeprefix("standard input, ").split(";")[0] for message in source.skipped.messages
    ] == [
        "row 2: the sequence is empty",
        "row 3: not valid JSON at character 6: Expecting ',' delimiter",
        "row 4: byte 1 (0xff) is not valid UTF-8",
        "row 5, column 'text': the sequence is empty",
        "row 6, column 'text': the sequence is missing",
    ]


def test_a_target_where_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="row 1: holds a sequence and no target; give JSON objects such as"):
        list(opened(monkeypatch, b"text\n"))
    with pytest.raises(DataError, match="row 1, column 'label': the label is missing"):
        list(opened(monkeypatch, b'{"text": "a", "label": null}\n'))


def test_nothing_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="standard input: no line arrived; write one record a line to it"):
        list(opened(monkeypatch, b"", needs_target=False))


def test_groups_are_refused() -> None:
    with pytest.raises(
        OptionError, match="--group is 'id', but - is standard input, where each line is a whole"
    ):
        open_source("-", group="id")


def test_a_record_comes_as_soon_as_its_line() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as stream, open(writing, "wb", buffering=0) as out:
        records = iter(StandardInput(needs_target=False, stream=stream))
        for text in ("first", "second"):
            out.write(text.encode() + b"\n")
            assert next(records).sequence == text
