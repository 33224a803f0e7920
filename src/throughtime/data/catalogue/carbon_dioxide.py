"""Carbon dioxide in the air of Mauna Loa, week by week, 1958 to 2001."""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.parts_of_series import write_parts
from throughtime.data.catalogue.sunspots import STATSMODELS

TRAIN_WEEKS = 1_784
"""The last 500 of 2,284 weeks are held out."""


def _extract(archive: Path, folder: Path) -> None:
    """Write the weeks, with the 59 that are missing on the straight line between their neighbours."""
    with zipfile.ZipFile(archive) as package:
        table = package.read("statsmodels/datasets/co2/co2.csv").decode("utf-8")
    _, *rows = csv.reader(io.StringIO(table))
    weeks = [week for week, _ in rows]
    measured = np.array([float(value) if value else np.nan for _, value in rows])
    known = np.flatnonzero(np.isfinite(measured))
    whole = np.interp(np.arange(len(rows)), known, measured[known])
    filled = [(week, f"{value:.2f}") for week, value in zip(weeks, whole, strict=True)]
    write_parts(["week", "co2"], filled, folder, train_size=TRAIN_WEEKS)


CARBON_DIOXIDE = Entry(
    package=STATSMODELS,
    licence="public domain; the package BSD-3-Clause",
    citation="Keeling & Whorf 2004, 'Trends: a compendium of data on global change', Oak Ridge (Mauna Loa)",
    files=("train.csv", "test.csv"),
    extract=_extract,
)
