"""A folder of class folders: the folder's name is the label."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.readers import open_source
from throughtime.data.records import Record


def folder(path: Path, **files: bytes) -> Path:
    for name, content in files.items():
        file = path / name.replace("__", "/").replace("_txt", ".txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def test_each_file_is_a_record(tmp_path: Path) -> None:
    root = folder(
        tmp_path,
        pos__b_txt="\ufeffgrün\r\nzwei\r\n".encode(),
        pos__a_txt=b"good\n\n",
        neg__c_txt=b"bad",
        neg__notes=b"no text file",
    )
    (root / ".hidden").mkdir()
    (root / "neg" / ".c.txt").write_bytes(b"an editor's copy")
    source = open_source(root)
    expected = [
        Record("bad", "neg", Place(str(root / "neg" / "c.txt"))),
        Record("good\n", "pos", Place(str(root / "pos" / "a.txt"))),
        Record("grün\r\nzwei", "pos", Place(str(root / "pos" / "b.txt"))),
    ]
    assert list(source) == expected
    assert list(source) == expected
    assert source.description == f"{root}: text files in class folders (neg, pos)"


def test_bad_files_are_named_and_can_be_skipped(tmp_path: Path) -> None:
    root = folder(tmp_path, a__1_txt=b"good", a__2_txt=b"", b__1_txt=b"\xff", b__2_txt=b"fine")
    with pytest.raises(DataError, match="^" + re.escape(f"{root / 'a' / '2.txt'}: the sequence is empty")):
        list(open_source(root))
    source = open_source(root, skip_bad_rows=True)
    assert [record.sequence for record in source] == ["good", "fine"]
    assert source.skipped.count == 2
    assert re.search(r"1\.txt: byte 1 \(0xff\) is not valid UTF-8", source.skipped.messages[1])


def test_a_file_that_vanishes(tmp_path: Path) -> None:
    root = folder(tmp_path, a__1_txt=b"good", a__2_txt=b"gone", b__1_txt=b"fine")
    records = iter(open_source(root))
    next(records)
    (root / "a" / "2.txt").unlink()
    with pytest.raises(DataError, match=r"2\.txt: cannot be read: No such file or directory"):
        next(records)


def test_without_labels_the_files_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    root = folder(tmp_path, a_txt=b"one", b_txt=b"two")
    assert [record.target for record in open_source(root, needs_target=False)] == [None, None]
    with pytest.raises(
        DataError, match="holds no class folders; expected one folder a class, named as the label"
    ):
        open_source(root)


def test_with_class_folders_labels_need_not_be_read(tmp_path: Path) -> None:
    root = folder(tmp_path, pos__a_txt=b"one", neg__b_txt=b"two")
    records = list(open_source(root, needs_target=False))
    assert [(record.sequence, record.target) for record in records] == [("two", None), ("one", None)]


def test_a_folder_that_is_not_one_of_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no class folders"):
        open_source(tmp_path)
    with pytest.raises(DataError, match="holds no class folders"):
        open_source(tmp_path, needs_target=False)
    root = folder(tmp_path, pos__a_txt=b"one", loose_txt=b"two")
    with pytest.raises(
        DataError, match=r"holds 1 \.txt file beside its class folders; move each into the folder"
    ):
        open_source(root)


def test_a_class_folder_without_files(tmp_path: Path) -> None:
    root = folder(tmp_path, pos__a_txt=b"one", neg__b=b"two")
    with pytest.raises(
        DataError, match=r"neg: the class folder holds no \.txt files; put them directly into it"
    ):
        open_source(root)
