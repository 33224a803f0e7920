"""Sunspots of each year, 1700 to 2008."""

import csv
import io
import zipfile
from pathlib import Path

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.parts_of_series import write_parts
from throughtime.data.catalogue.registries import PlatformWheel

STATSMODELS = PlatformWheel(
    "statsmodels", "0.14.6", "19b58cf7474aa9e7e3b0771a66537148b2df9b5884fbf156096c0e6c1ff0469d"
)
"""The package that several series come in."""

TRAIN_YEARS = 221
"""Up to 1920, as in most of the literature."""


def _extract(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as package:
        table = package.read("statsmodels/datasets/sunspots/sunspots.csv").decode("utf-8")
    _, *rows = csv.reader(io.StringIO(table))
    write_parts(["year", "sunspots"], rows, folder, train_size=TRAIN_YEARS)


SUNSPOTS = Entry(
    package=STATSMODELS,
    licence="public domain; the package BSD-3-Clause",
    citation="National Geophysical Data Center, 'Sunspot numbers'",
    files=("train.csv", "test.csv"),
    extract=_extract,
)
