"""A text file, or a folder of them, gives its text, and none without labels where labels are needed."""

from pathlib import Path

import pytest

from throughtime.core.errors import DataError, OptionError
from throughtime.data.readers import open_source


def test_a_text_file_is_one_record(tmp_path: Path) -> None:
    file = tmp_path / "play.txt"
    file.write_bytes(b"\xef\xbb\xbfTo be,\r\nor n\xc3\xb6t\r\n")
    (only,) = open_source(file, needs_target=False)
    assert (only.sequence, only.target) == ("To be,\nor nöt", None)
    assert open_source(file, needs_target=False).description == f"{file}: text"


def test_a_folder_of_text_files_is_a_record_each(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("second\n")
    (tmp_path / "a.txt").write_text("first\n")
    assert [record.sequence for record in open_source(tmp_path, needs_target=False)] == ["first", "second"]


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    file = tmp_path / "play.txt"
    file.write_bytes(b"")
    with pytest.raises(DataError, match="is a text without labels, which can be learned to be written on"):
        open_source(file)
    with pytest.raises(DataError, match=r"play\.txt: the file is empty"):
        open_source(file, needs_target=False)
    file.write_bytes(b"a\xff")
    with pytest.raises(DataError, match=r"byte 2 \(0xff\) is not valid UTF-8"):
        list(open_source(file, needs_target=False))
    with pytest.raises(OptionError, match=r"--sequence is 'x', but .*play\.txt is a text, which has no col"):
        open_source(file, sequence="x", needs_target=False)
    file.write_bytes("ä".encode("utf-16"))
    with pytest.raises(DataError, match="is UTF-16, expected UTF-8"):
        open_source(file, needs_target=False)
