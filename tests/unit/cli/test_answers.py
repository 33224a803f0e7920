"""Answers as text, CSV and JSON Lines."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from throughtime.cli.answers import FORMATS, Answered, answered, asked_format, format_for, opened
from throughtime.core.errors import DataError, OptionError, Place, UsageError
from throughtime.data.records import Record

ROWS = [
    Answered(Record("x", None, Place("f.csv", 1)), {"label": 'say "a, b"', "probability": 0.5}),
    Answered(Record("y", None, Place("f.csv", 4)), {"label": "ä", "probability": 0.25}),
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text", 'say "a, b"\nä\n'),
        ("csv", 'row,label,probability\n1,"say ""a, b""",0.5\n4,ä,0.25\n'),
        (
            "jsonl",
            '{"row": 1, "label": "say \\"a, b\\"", "probability": 0.5}\n'
            '{"row": 4, "label": "ä", "probability": 0.25}\n',
        ),
    ],
)
def test_formats(name: str, text: str) -> None:
    stream = io.StringIO()
    FORMATS[name](iter(ROWS), stream)
    assert stream.getvalue() == text


def test_the_suffix_tells_the_format() -> None:
    assert asked_format(None, None) is None
    assert asked_format(None, Path("x.CSV")) == "csv"
    assert asked_format("text", Path("x.csv")) == "text"
    assert asked_format(None, Path("x.conll")) == "conll"
    with pytest.raises(OptionError, match=r"--out is 'x.xml', whose suffix '.xml' does not tell.* --format"):
        asked_format(None, Path("x.xml"))
    with pytest.raises(OptionError, match=r"--format is 'json' \(did you mean 'jsonl'\?\)"):
        asked_format("json", None)


def test_labels_go_back_into_the_format_they_are_of() -> None:
    assert format_for(None) == "text"
    assert format_for(None, labelled_from="x.conll") == "conll"
    assert format_for(None, labelled_from="x.jsonl") == "text"
    assert format_for("csv", labelled_from="x.conll") == "csv"
    with pytest.raises(OptionError, match=r"the format 'marked' has a label for each element, and"):
        format_for("marked")


def test_places() -> None:
    records = [Record("x", None, Place("f.csv", 3)), Record("x", None, Place("folder/one.txt"))]
    rows = [row.placed for row in answered(records, {"value": [1.5, 2.5]})]
    assert rows == [{"row": 3, "value": 1.5}, {"file": "folder/one.txt", "value": 2.5}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text", "B-PER O\nO\n"),
        ("csv", "row,labels\n3,B-PER O\n5,O\n"),
        ("conll", "Ada\tB-PER\nwrote\tO\n\n1.5 2\tO\n\n"),
        ("marked", "[PER Ada] wrote\n1.5 2\n"),
    ],
)
def test_labels_of_elements(name: str, text: str) -> None:
    words = Record(["Ada", "wrote"], None, Place("f.conll", 3))
    numbers = Record(np.array([[1.5, 2.0]]), None, Place("f.conll", 5))
    rows = answered([words, numbers], {"labels": [["B-PER", "O"], ["O"]]})
    stream = io.StringIO()
    FORMATS[name](rows, stream)
    assert stream.getvalue() == text


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with opened(out) as stream:
        stream.write("one\n")
        assert not out.exists()
    assert out.read_bytes() == b"one\n"

    def rows() -> Iterator[Answered]:
        yield ROWS[0]
        raise DataError("stop")

    with pytest.raises(DataError, match="stop"), opened(out) as stream:
        FORMATS["text"](rows(), stream)
    assert out.read_bytes() == b"one\n"
    assert list(tmp_path.iterdir()) == [out]
    with (
        pytest.raises(UsageError, match=r"none/out.txt: cannot be written: No such file or directory"),
        opened(tmp_path / "none" / "out.txt") as stream,
    ):
        stream.write("three\n")
