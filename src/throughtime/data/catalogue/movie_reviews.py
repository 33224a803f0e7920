"""Sentences of film reviews, favourable or not."""

import csv
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.registries import SourcePackage


def _extract(archive: Path, folder: Path) -> None:
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


MOVIE_REVIEWS = Entry(
    package=SourcePackage(
        "vaderSentiment", "0.5", "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
    ),
    licence="package MIT; the sentences for research use, not to be passed on",
    citation=(
        "Pang & Lee 2005, 'Seeing stars', ACL (the sentences); Hutto & Gilbert 2014, 'VADER', ICWSM "
        "(this copy)"
    ),
    files=("train.csv", "test.csv"),
    extract=_extract,
)
