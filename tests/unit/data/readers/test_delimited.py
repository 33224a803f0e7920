"""CSV and TSV: exact rows and values, whatever the quoting, line ends and block borders."""

from __future__ import annotations

import csv
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.readers import delimited, open_source
from throughtime.data.records import Record


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def pairs(file: Path, **options: object) -> list[tuple[object, object]]:
    return [(record.sequence, record.target) for record in open_source(file, **options)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_quotes_line_ends_and_the_byte_order_mark(tmp_path: Path, mark: bytes, end: bytes) -> None:
    lines = [b"text,label", b'"a, ""b"" c",1', b'"two\nlines",NA', b"", b'5" disk,null', "é,ß".encode(), b""]
    file = write(tmp_path / "a.csv", mark + end.join(lines))
    assert pairs(file) == [('a, "b" c', "1"), ("two\nlines", "NA"), ('5" disk', "null"), ("é", "ß")]
    assert [record.place.row for record in open_source(file)] == [1, 2, 3, 4]


def test_a_record_has_its_place(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", b"label,text\nx,abc")
    assert list(open_source(file)) == [Record("abc", "x", Place(str(file), 1, "text"), "label")]


def test_values_stay_text_in_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 256)
    rows = [f"{index}" for index in range(500)] + ["abc", "1.5", "true", "2020-01-01"]
    file = write(tmp_path / "a.csv", ("text,label\n" + "".join(f"{row},{row}\n" for row in rows)).encode())
    assert pairs(file) == [(row, row) for row in rows]


def test_as_the_standard_library_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 512)
    draw = random.Random(1)
    rows = [
        ["".join(draw.choices('ab",\n é', k=draw.randint(1, 30))) + "." for _ in range(3)] for _ in range(400)
    ]
    file = tmp_path / "a.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["other", "text", "label"], *rows])
    assert pairs(file) == [(row[1], row[2]) for row in rows]


def test_tsv_has_no_quoting(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tsv", b'text\tlabel\r\n"a, b\tx\r\n"c"\ty"\r\n')
    assert pairs(file) == [('"a, b', "x"), ('"c"', 'y"')]


def test_a_tsv_header_has_no_quoting_either(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tsv", b'"text\tlabel"\na\tx\n')
    assert pairs(file, sequence='"text', target='label"') == [("a", "x")]


def test_column_names_are_taken_as_they_are(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", b'a.b,"x, y[0]"\n1,2\n')
    assert pairs(file, sequence="a.b", target="x, y[0]") == [("1", "2")]
    assert pairs(file, sequence="x, y[0]", target="a.b") == [("2", "1")]


def test_rows_of_another_width_are_named_in_every_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 256)
    bad = {1, 2, 77, 78, 500, 999, 1000}
    lines = [f"t{row},l{row}" + (",more" if row in bad else "") for row in range(1, 1001)]
    file = write(tmp_path / "a.csv", ("text,label\n" + "\n".join(lines) + "\n").encode())
    with pytest.raises(
        DataError, match=r"a\.csv, row 1: 3 values where the header has 2 columns; put quotation"
    ):
        list(open_source(file))
    source = open_source(file, skip_bad_rows=True)
    records = list(source)
    assert [record.place.row for record in records] == [row for row in range(1, 1001) if row not in bad]
    assert all(record.sequence == f"t{record.place.row}" for record in records)
    assert source.skipped.count == len(bad)
    assert [re.search(r"row (\d+)", message)[1] for message in source.skipped.messages] == [
        "1", "2", "77", "78", "500",
    ]  # fmt: skip


def test_a_short_row(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", b"text,label\na,x\nb\n")
    with pytest.raises(DataError, match="row 2: 1 value where the header has 2 columns"):
        list(open_source(file))
    file = write(tmp_path / "a.tsv", b"text\tlabel\na\tx\nb\n")
    with pytest.raises(DataError, match="row 2: 1 value where the header has 2 columns; correct the tabs"):
        list(open_source(file))


def test_only_rows_of_another_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.csv", b"text,label\n" + b"a\n" * 100)
    with pytest.raises(DataError, match="every one of the 100 records is bad"):
        list(open_source(file, skip_bad_rows=True))
    monkeypatch.setattr(delimited, "MOST_INVALID_IN_A_RUN", 10)
    with pytest.raises(
        DataError, match="10 rows in a run are not as wide as the header, which has 2 columns"
    ):
        list(open_source(file, skip_bad_rows=True))


def test_bad_rows_go_on_to_the_next(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", b"text,label\na,x\n,y\nc,\n\xff,z\ne,\xc3\n  ,w\nf,x\n")
    source = open_source(file, skip_bad_rows=True)
    assert [record.sequence for record in source] == ["a", "f"]
    assert source.skipped.count == 5
    assert [message.removeprefix(f"{file}, ").split(";")[0] for message in source.skipped.messages] == [
        "row 2, column 'text': the sequence is empty",
        "row 3, column 'label': the label is missing",
        "row 4, column 'text': byte 1 (0xff) is not valid UTF-8",
        "row 5, column 'label': byte 1 (0xc3) is not valid UTF-8",
        "row 6, column 'text': the sequence is empty",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"text,label", "has a header and no rows; give a file with at least one row below the header"),
        (b"text,label\r\n\r\n", "has a header and no rows"),
    ],
)
def test_a_header_and_no_rows(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        list(open_source(write(tmp_path / "a.csv", content)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n\n\n", "the file is empty but for blank lines"),
        (
            b"text,label,text\na,b,c\n",
            "the header has the column 'text' twice; give each column its own name",
        ),
        (b"text,\xff\na,b\n", "the header is not valid UTF-8; save the file as UTF-8"),
        (b'"' + b"x" * 200_000, "the header cannot be read as CSV: field larger than field limit"),
    ],
)
def test_a_bad_header(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_source(write(tmp_path / "a.csv", content))


def test_blank_lines_before_the_header(tmp_path: Path) -> None:
    assert pairs(write(tmp_path / "a.csv", b"\r\n\r\ntext,label\r\na,x\r\n")) == [("a", "x")]


def test_a_row_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    rows = [("a" * length, str(length)) for length in (1, 10, 1000, 3, 500, 5000, 2)]
    file = write(tmp_path / "a.csv", ("text,label\n" + "".join(f"{a},{b}\n" for a, b in rows)).encode())
    assert pairs(file) == rows


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("options", [{}, {"sequence": "text", "target": "label"}])
def test_a_quotation_mark_that_is_never_closed(tmp_path: Path, tail: bytes, options: dict[str, str]) -> None:
    header = b"text,label,other\n" if options else b"text,label\n"
    row = b'b,x,"c\nd,y,z' if options else b'b,"c\nd,y'
    file = write(tmp_path / "a.csv", header + (b"a,x,y\n" if options else b"a,x\n") + row + tail)
    with pytest.raises(DataError, match="row 2: a quotation mark opens in this row and is never closed"):
        list(open_source(file, **options))
    file = write(tmp_path / "b.csv", header + row + b'"' + tail)
    assert len(list(open_source(file, **options))) == 1


def test_a_line_end_in_a_value_before_a_bad_last_row_is_no_open_mark(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", b'text,label\na,"x\ny"\nb\n')
    with pytest.raises(DataError, match="row 2: 1 value where the header has 2 columns"):
        list(open_source(file))


def test_an_unclosed_mark_in_the_first_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.csv", b'text,label\na,x\n"b,x\nc,y\n')
    with pytest.raises(DataError, match=r"row 2: 1 value where.*; a quotation mark in it is not closed"):
        list(open_source(file))
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    monkeypatch.setattr(delimited, "LARGEST_BLOCK_BYTES", 128)
    file = write(tmp_path / "a.csv", b'text,label\na,x\n"b,x\n' + b"c,y\n" * 100)
    with pytest.raises(
        DataError, match=r"row 2: is longer than .* MiB, or a quotation mark in it is never closed"
    ):
        list(open_source(file))


def test_a_wide_table(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", b"t2,label,t1,id\n1, x,-2e3,7\n3.5,y, 4 ,8\n")
    source = open_source(file, sequence="t1,t2")
    first, second = source
    assert first.sequence.tolist() == [-2000, 1]
    assert second.sequence.tolist() == [4, 3.5]
    assert (first.target, second.target, second.place) == (" x", "y", Place(str(file), 2))
    assert second.target_place == Place(str(file), 2, "label")
    (prediction, _) = open_source(file, sequence="t1,t2", needs_target=False)
    assert prediction.target is None


WRONG_NUMBERS = [
    ("abc", "'abc' where a number was expected; correct it, or choose other columns"),
    ("1_000", "'1_000' where a number was expected"),
    ("", "the number is missing; fill it in"),
    (" ", "the number is missing"),
    ("NaN", "nan where a finite number was expected; replace it"),
    ("-inf", "-inf where a finite number was expected"),
    ("y" * 500, "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy... where a number was expected"),
]


@pytest.mark.parametrize(("cell", "said"), WRONG_NUMBERS)
@pytest.mark.parametrize("options", [{"sequence": "a,b"}, {"sequence": "a,b", "group": "id"}])
def test_what_is_no_number_in_a_column_of_numbers(
    tmp_path: Path, cell: str, said: str, options: dict[str, str]
) -> None:
    file = write(tmp_path / "a.csv", f"id,a,b,label\n1,0,1,x\n2,1,{cell},x\n3,1,2,x\n".encode())
    with pytest.raises(DataError, match=re.escape(f"{file}, row 2, column 'b': {said}")):
        list(open_source(file, **options))
    source = open_source(file, skip_bad_rows=True, **options)
    assert [record.place.row for record in source] == [1, 3]
    assert source.skipped.count == 1


def test_numbers_whose_sum_overflows(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", b"a,b,label\n1e308,1e308,x\n")
    assert next(iter(open_source(file, sequence="a,b"))).sequence.tolist() == [1e308, 1e308]


MEMORY_OF_A_READING = """
import resource, sys
def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
from throughtime.data.readers import open_source
source = iter(open_source(sys.argv[1], sequence="text", target="label"))
next(source)
before = most()
count = sum(1 for _ in source)
print(count, most() - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    rows = 600
    row = b'"' + b"some text, " * 10_000 + b'",x\n'
    file = write(tmp_path / "a.csv", b"text,label\n")
    with file.open("ab") as out:
        for _ in range(rows):
            out.write(row)
    assert file.stat().st_size > 60 << 20
    said = subprocess.run(
        [sys.executable, "-c", MEMORY_OF_A_READING, str(file)], check=True, capture_output=True, text=True
    ).stdout
    count, grown = map(int, said.split())
    assert count == rows - 1
    assert grown < file.stat().st_size / 2
