"""What holds before a format is read: the file is there, is of a known kind, and has the columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from throughtime.core.errors import DataError, OptionError
from throughtime.data.readers import open_source


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_missing_file_suggests_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path / "training.csv", "text,label\n")
    with pytest.raises(
        DataError, match=r"trainin\.csv: there is no such file \(did you mean 'training\.csv'\?\)"
    ):
        open_source(tmp_path / "trainin.csv")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file, nor a folder '.*nowhere'; check the path"):
        open_source(tmp_path / "nowhere" / "a.csv")
    file = write(tmp_path / "a.csv", "text,label\n")
    with pytest.raises(DataError, match="no such file, nor a folder"):
        open_source(file / "b.csv")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "a.jsnl",
            r"the suffix '\.jsnl' is not one of a known format \(did you mean '\.jsonl'\?\); give a file",
        ),
        ("a.xlsx", r"the suffix '\.xlsx' is not one of a known format.* ends in \.csv, \.tsv, \.parquet"),
        ("a", r"no suffix; give a file that ends in \.csv"),
    ],
)
def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_source(write(tmp_path / name, "text\n"))


def test_a_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert len(list(open_source(write(tmp_path / "A.CSV", "text,label\na,b\n")))) == 1


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "jsonl", "ndjson", "ts", "npz"])
def test_an_empty_file(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / f"a.{suffix}", "")
    with pytest.raises(
        DataError, match=rf"^{re.escape(str(file))}: the file is empty; give one with at least"
    ):
        open_source(file)
    file.write_bytes(b"\xef\xbb\xbf")
    with pytest.raises(DataError, match="the file is empty"):
        open_source(file)


def test_a_folder_with_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataError, match=r"a\.csv: is a folder with the name of a file"):
        open_source(tmp_path / "a.csv")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.csv", "text,label\na,b\n")

    def refuse(*_: object, **__: object) -> None:
        # The superuser, as whom tests may run, is refused nothing.
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        open_source(file)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "ts"])
def test_utf16_is_named(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    file.write_text("text,label\na,b\n", encoding="utf-16")
    with pytest.raises(DataError, match="is UTF-16, expected UTF-8; save it as UTF-8"):
        open_source(file)


@pytest.mark.parametrize("option", ["sequence", "target", "group"])
def test_options_that_a_format_does_not_have_are_refused(tmp_path: Path, option: str) -> None:
    file = write(tmp_path / "a.ts", "@data\n1,2:a\n")
    with pytest.raises(
        OptionError, match=rf"--{option} is 'x', but .*a\.ts is a \.ts file, which has no named"
    ):
        open_source(file, **{option: "x"})
    with pytest.raises(OptionError, match=rf"--{option} is 'x', but .* is a folder of class folders"):
        open_source(tmp_path, **{option: "x"})


HEADERS_AND_CHOICES = [
    ("sequence,label", {}, ("sequence",), "label"),
    ("label,text", {}, ("text",), "label"),
    ("id,X,y,other", {}, ("X",), "y"),
    ("review,class", {}, ("review",), "class"),
    ("text,verdict", {}, ("text",), "verdict"),
    ("text,verdict", {"target": "text"}, ("verdict",), "text"),
    ("class,a,y", {"sequence": "a", "group": "class"}, ("a",), "y"),
    ("review,verdict", {"target": "verdict"}, ("review",), "verdict"),
    ("review,verdict", {"sequence": "verdict"}, ("verdict",), "review"),
    ("text,label", {"sequence": "label", "target": "text"}, ("label",), "text"),
    ("a,b,c,y", {"sequence": "c, a"}, ("c", "a"), "y"),
    ("text", {"needs_target": False}, ("text",), None),
    ("review", {"needs_target": False}, ("review",), None),
    ("review,class", {"needs_target": False}, ("review",), None),
    ("review,x2", {"needs_target": False, "target": "x2"}, ("review",), None),
    ("review", {"needs_target": False, "target": "label"}, ("review",), None),
]


@pytest.mark.parametrize(("header", "options", "sequence", "target"), HEADERS_AND_CHOICES)
def test_columns_are_chosen(
    tmp_path: Path, header: str, options: dict[str, object], sequence: tuple[str, ...], target: str | None
) -> None:
    file = write(tmp_path / "a.csv", header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")
    source = open_source(file, **options)
    assert source.columns.sequence == sequence
    assert source.columns.target == target
    (record,) = source
    assert record.target == (None if target is None else "1")


BAD_CHOICES = [
    (
        "a,b,c",
        {},
        DataError,
        "which column holds the sequence? None is called sequence, text, sentence, x, X, "
        "path, audio, file or record; "
        "its columns are 'a', 'b', 'c'; name it with --sequence",
    ),
    (
        "text,b,c",
        {},
        DataError,
        "which column holds the target? None is called label, class, target or y; "
        "its columns are 'text', 'b', 'c'; name it with --target",
    ),
    ("text", {}, DataError, "which column holds the target?"),
    ("review,class,label", {}, DataError, "which column holds the sequence?"),
    (
        "text,label",
        {"sequence": "txt"},
        DataError,
        "has no column 'txt' (did you mean 'text'?); its columns are 'text', 'label'; choose with --sequence",
    ),
    ("text,label", {"target": "lable"}, DataError, "has no column 'lable' (did you mean 'label'?)"),
    ("a,b,label", {"sequence": "a,c"}, DataError, "has no column 'c'"),
    ("a,b,label", {"sequence": "a", "group": "ids"}, DataError, "has no column 'ids'"),
    ("a,b,label", {"sequence": "a,,b"}, OptionError, "--sequence is 'a,,b', with nothing between two commas"),
    ("a,b,label", {"sequence": "a,b,a"}, OptionError, "--sequence names the column 'a' twice"),
    (
        "text,label",
        {"sequence": "text", "target": "text"},
        OptionError,
        "the column 'text' is given both as --sequence and as --target",
    ),
    ("a,b,label", {"sequence": "a", "group": "a"}, OptionError, "both as --sequence and as --group"),
    (
        "a,b,label",
        {"sequence": "a", "group": "b", "target": "b"},
        OptionError,
        "both as --target and as --group",
    ),
    (
        "id,a,label",
        {"group": "id"},
        OptionError,
        "--group id makes one sequence of the rows with the same id, so --sequence must name",
    ),
]


@pytest.mark.parametrize(("header", "options", "kind", "said"), BAD_CHOICES)
def test_columns_that_cannot_be_chosen(
    tmp_path: Path, header: str, options: dict[str, str], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=re.escape(said)):
        open_source(write(tmp_path / "a.csv", header + "\n"), **options)


def test_a_wide_header_is_not_listed_whole(tmp_path: Path) -> None:
    header = ",".join(f"t{step}" for step in range(1000))
    with pytest.raises(DataError, match=r"'t19' and 980 more; name it with --sequence"):
        open_source(write(tmp_path / "a.csv", header + "\n"))


def test_the_description_says_format_and_columns(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "id,a,b,label\n1,2,3,x\n")
    assert open_source(file, sequence="a").description == f"{file}: CSV, sequence in 'a', target in 'label'"
    assert (
        "one sequence a row, with 2 time steps ('a' to 'b')" in open_source(file, sequence="a,b").description
    )
    long = open_source(file, sequence="a,b", group="id")
    assert "one sequence for each 'id', with 2 features ('a' to 'b'), target in 'label'" in long.description
