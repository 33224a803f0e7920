"""NumPy archives: the rows of X, cut to their lengths, with their labels."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.readers import npz, open_source


def write(folder: Path, compressed: bool = False, **arrays: Any) -> Path:
    file = folder / "a.npz"
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file


X = np.arange(24, dtype=np.float64).reshape(2, 4, 3)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.bool_, ">f8"])
def test_rows_cut_to_their_lengths(tmp_path: Path, compressed: bool, dtype: Any) -> None:
    file = write(tmp_path, compressed, X=X.astype(dtype), y=["a", "b"], lengths=np.array([4, 1]))
    first, second = open_source(file)
    np.testing.assert_array_equal(first.sequence, X[0].astype(dtype))
    np.testing.assert_array_equal(second.sequence, X[1, :1].astype(dtype))
    assert (first.target, second.target) == ("a", "b")
    assert first.place == Place(str(file), 1, "X")
    assert second.target_place == Place(str(file), 2, "y")


def test_one_feature_without_lengths(tmp_path: Path) -> None:
    file = write(tmp_path, X=X[:, :, 0], y=[3, 1])
    first, second = open_source(file)
    np.testing.assert_array_equal(second.sequence, X[1, :, 0])
    assert (first.target, second.target) == (3, 1)
    assert open_source(file).description == f"{file}: NumPy archive, X, y, X is [2, 4]"


def test_rows_of_every_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "CHUNK_BYTES", 100)
    values = np.random.default_rng(0).normal(size=(50, 7))
    records = list(open_source(write(tmp_path, X=values, y=np.arange(50) / 4)))
    np.testing.assert_array_equal([record.sequence for record in records], values)
    assert [record.target for record in records] == [index / 4 for index in range(50)]


@pytest.mark.parametrize("dtype", ["U", "S"])
def test_text_and_symbols(tmp_path: Path, dtype: str) -> None:
    file = write(tmp_path, X=np.array(["some text", "b"], dtype))
    assert [record.sequence for record in open_source(file, needs_target=False)] == ["some text", "b"]
    file = write(tmp_path, X=np.array([["NN", "VB"], ["DT", ""]], dtype), y=["a", "b"], lengths=[2, 1])
    assert [record.sequence for record in open_source(file)] == [["NN", "VB"], ["DT"]]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    for values in ([b"ok", b"\xff"], [[b"ok", b"ok"], [b"ok", b"\xff"]]):
        source = open_source(write(tmp_path, X=np.array(values)), needs_target=False, skip_bad_rows=True)
        assert [record.place.row for record in source] == [1]
        assert "row 2, column 'X': byte 1 (0xff) is not valid UTF-8" in source.skipped.messages[0]


def test_labels_that_are_not_needed(tmp_path: Path) -> None:
    file = write(tmp_path, X=X)
    assert [record.target for record in open_source(file, needs_target=False)] == [None, None]


@pytest.mark.parametrize("length", [0, 5, -1])
def test_lengths_out_of_range(tmp_path: Path, length: int) -> None:
    file = write(tmp_path, X=X, y=["a", "b"], lengths=[length, 2])
    said = f"lengths[0] is {length} but X has 4 time steps; give lengths between 1 and 4"
    with pytest.raises(DataError, match=re.escape(f"{file}, row 1, column 'lengths': {said}")):
        list(open_source(file))
    source = open_source(file, skip_bad_rows=True)
    assert [record.place.row for record in source] == [2]
    assert source.skipped.count == 1


def test_a_missing_label(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 2, column 'y': the label is missing"):
        list(open_source(write(tmp_path, X=X, y=[1.0, np.nan])))


OBJECTS = np.array([[1, 2], [3]], dtype=object)

BAD_ARCHIVES: list[tuple[dict[str, Any], str]] = [
    (
        {"Xs": X, "y": ["a", "b"]},
        "has no array 'X' (did you mean 'Xs'?); its arrays are Xs, y; save the sequences",
    ),
    ({"y": ["a", "b"]}, "has no array 'X'"),
    ({"X": X, "labels": ["a", "b"]}, "has no array 'y'; its arrays are X, labels; save the labels"),
    (
        {"X": OBJECTS, "y": ["a", "b"]},
        "X holds pickled Python objects, which are not read as they can run any",
    ),
    ({"X": X, "y": OBJECTS}, "y holds pickled Python objects"),
    ({"X": X, "y": ["a", "b"], "lengths": OBJECTS}, "lengths holds pickled Python objects"),
    ({"X": X[0, 0], "y": ["a"]}, "X has the shape [3]; expected [N, T] or [N, T, F]"),
    ({"X": X[None], "y": ["a"]}, "X has the shape [1, 2, 4, 3]"),
    ({"X": X, "y": ["a"]}, "y has the shape [1]; expected [2], one for each row of X"),
    ({"X": X, "y": [["a"], ["b"]]}, "y has the shape [2, 1]; expected [2]"),
    ({"X": X, "y": ["a", "b"], "lengths": [1]}, "lengths has the shape [1]; expected [2]"),
    (
        {"X": X, "y": ["a", "b"], "lengths": [1.0, 2.0]},
        "lengths holds float64 values; expected whole numbers",
    ),
    ({"X": X * 1j, "y": ["a", "b"]}, "X holds complex128 values; expected numbers or text"),
    ({"X": np.asfortranarray(X), "y": ["a", "b"]}, "X is stored column by column; save it with np.ascontig"),
    ({"X": ["a", "b"], "y": ["a", "b"], "lengths": [1, 1]}, "lengths does not go with an X of whole texts"),
]


@pytest.mark.parametrize(("arrays", "said"), BAD_ARCHIVES)
def test_a_bad_archive(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    file = write(tmp_path, **arrays)
    with pytest.raises(DataError, match="^" + re.escape(f"{file}: {said}")):
        open_source(file)


def test_other_arrays_may_hold_anything(tmp_path: Path) -> None:
    assert len(list(open_source(write(tmp_path, X=X, y=["a", "b"], more=OBJECTS)))) == 2


def test_no_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="X has no rows; give an archive with at least one sequence"):
        list(open_source(write(tmp_path, X=X[:0], y=np.zeros(0))))
    with pytest.raises(DataError, match="row 1, column 'X': the sequence is empty"):
        list(open_source(write(tmp_path, X=X[:, :0], y=["a", "b"])))


def test_what_is_no_archive(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    file.write_text("text,label\n")
    with pytest.raises(DataError, match=r"is not a NumPy archive, or is damaged .*; write it with np\.savez"):
        open_source(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", b"no array")
    with pytest.raises(DataError, match="is not a NumPy archive, or is damaged"):
        open_source(file)


def test_a_damaged_archive(tmp_path: Path) -> None:
    file = write(tmp_path, X=np.random.default_rng(0).normal(size=(100, 50)), y=np.arange(100))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="is not a NumPy archive, or is damaged"):
        open_source(file)
    changed = bytearray(content)
    changed[5000] ^= 1
    file.write_bytes(changed)
    with pytest.raises(DataError, match=r"is not a NumPy archive, or is damaged .*CRC"):
        list(open_source(file))


def test_an_array_that_ends_early(tmp_path: Path) -> None:
    file = write(tmp_path, X=X, y=["a", "b"])
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part[:-8] if name == "X.npy" else part)
    with pytest.raises(DataError, match=r"is not a NumPy archive, or is damaged .*X ends 2 rows early"):
        list(open_source(file))
