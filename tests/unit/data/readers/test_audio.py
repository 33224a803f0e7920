"""Files of sound: what is read, and what is wrong with those that cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from throughtime.core.errors import DataError, MissingExtraError, Place
from throughtime.data.readers import open_source
from throughtime.data.readers.audio import read_recording, sample_rate_of

soundfile = pytest.importorskip("soundfile")
NOISE = np.random.default_rng(0).normal(0, 0.1, (4000, 2)).astype(np.float32)
ROW = Place("table.csv", 3, "path")


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_sound_comes_back_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    soundfile.write(file, NOISE, 11025)
    found = read_recording(file, None)
    assert (found.sample_rate, sample_rate_of(file, None)) == (11025, 11025)
    np.testing.assert_allclose(found.samples, NOISE, atol=2 / 2**15)


def test_a_size_that_is_unknown_is_no_damage(tmp_path: Path) -> None:
    file = tmp_path / "piped.wav"
    soundfile.write(file, NOISE, 8000)
    raw = bytearray(file.read_bytes())
    raw[40:44] = b"\xff" * 4
    file.write_bytes(raw)
    assert len(read_recording(file, None)) == len(NOISE)


def _damaged(folder: Path, name: str) -> Path:
    soundfile.write(folder / "whole.wav", NOISE, 8000)
    soundfile.write(folder / "whole.flac", NOISE, 8000)
    contents = {
        "short.wav": (folder / "whole.wav").read_bytes()[:10_000],
        "header.wav": (folder / "whole.wav").read_bytes()[:30],
        "short.flac": (folder / "whole.flac").read_bytes()[:5_000],
        "other.wav": b"no sound at all, but text",
        "nothing.wav": b"",
    }
    if name == "silent.wav":
        soundfile.write(folder / name, NOISE[:0], 8000)
    elif name in contents:
        (folder / name).write_bytes(contents[name])
    return folder / name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("short.wav", r"is cut short: its sound ends 6,044 bytes before the end that its header announces, "),
        ("header.wav", r"cannot be read as sound \(Error in WAV file.*\); write it anew"),
        ("short.flac", r"cannot be read as sound \(.*\); write it anew"),
        ("other.wav", r"cannot be read as sound \(Format not recognised\)"),
        ("nothing.wav", r"the file is empty"),
        ("silent.wav", r"holds no sound, it is 0 samples long; leave it out"),
        ("whole.waw", r"there is no such file \(did you mean 'whole\.wav'\?\)"),
    ],
)
def test_a_bad_file_is_named_with_the_row_it_stands_in(tmp_path: Path, name: str, said: str) -> None:
    file = _damaged(tmp_path, name)
    with pytest.raises(DataError, match=rf"^table\.csv, row 3, column 'path': .*{name}: {said}"):
        read_recording(file, ROW)
    with pytest.raises(DataError, match=rf"^{file}: {said}"):
        read_recording(file, Place(str(file)))
    if name in ("header.wav", "other.wav", "nothing.wav"):
        with pytest.raises(DataError, match=said):
            sample_rate_of(file, ROW)


def test_folders_of_classes_and_single_files(tmp_path: Path) -> None:
    for label in ("dog", "cat"):
        (tmp_path / "in" / label).mkdir(parents=True)
        soundfile.write(tmp_path / "in" / label / f"{label}.wav", NOISE, 8000)
    source = open_source(tmp_path / "in")
    assert "recordings in class folders (cat, dog)" in source.description
    assert [(record.sequence, record.target) for record in source] == [("cat.wav", "cat"), ("dog.wav", "dog")]
    (single,) = open_source(tmp_path / "in" / "cat" / "cat.wav", needs_target=False)
    assert single.sequence == "cat.wav"
    with pytest.raises(DataError, match="is one recording without an answer; give a table with a column"):
        open_source(tmp_path / "in" / "cat" / "cat.wav")
    (tmp_path / "in" / "cat" / "note.txt").write_text("a cat")
    with pytest.raises(DataError, match=r"hold files of several sorts \(\.txt, \.wav\); keep one sort"):
        open_source(tmp_path / "in")


def test_without_the_extra_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingExtraError, match=r"soundfile is not .* pip install 'throughtime\[audio\]'"):
        read_recording(tmp_path / "a.wav", None)
