"""Answers as text, CSV and JSON Lines."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from throughtime.cli.answers import FORMATS, format_for, opened, with_places
from throughtime.core.errors import DataError, OptionError, Place, UsageError

ROWS = [
    {"row": 1, "label": 'say "a, b"', "probability": 0.5},
    {"row": 4, "label": "ä", "probability": 0.25},
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
    assert format_for(None, None) == "text"
    assert format_for(None, Path("x.CSV")) == "csv"
    assert format_for("text", Path("x.csv")) == "text"
    with pytest.raises(OptionError, match=r"--out is 'x.xml', whose suffix '.xml' does not tell.* --format"):
        format_for(None, Path("x.xml"))
    with pytest.raises(OptionError, match=r"--format is 'json' \(did you mean 'jsonl'\?\)"):
        format_for("json", None)


def test_places() -> None:
    places = [Place("f.csv", 3), Place("folder/one.txt")]
    rows = list(with_places(places, {"value": [1.5, 2.5]}))
    assert rows == [{"row": 3, "value": 1.5}, {"file": "folder/one.txt", "value": 2.5}]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with opened(out) as stream:
        stream.write("one\n")
        assert not out.exists()
    assert out.read_bytes() == b"one\n"

    def rows() -> Iterator[dict[str, str]]:
        yield {"label": "two"}
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
