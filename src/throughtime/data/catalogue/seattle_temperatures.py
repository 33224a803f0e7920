"""The usual temperature of each hour of a year in Seattle, in degrees Fahrenheit."""

import csv
import io
import zipfile
from pathlib import Path

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.parts_of_series import write_parts
from throughtime.data.catalogue.registries import WheelPackage

TRAIN_HOURS = 7_008
"""Four fifths of the 8,759 hours."""


def _extract(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as package:
        table = package.read("vega_datasets/_data/seattle-temps.csv").decode("utf-8")
    _, *rows = csv.reader(io.StringIO(table))
    write_parts(["hour", "temperature"], rows, folder, train_size=TRAIN_HOURS)


SEATTLE_TEMPERATURES = Entry(
    package=WheelPackage(
        "vega_datasets", "0.9.0", "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d"
    ),
    licence="public domain; the package MIT",
    citation="National Oceanic and Atmospheric Administration, 'Climate normals' (hourly, 1981-2010)",
    files=("train.csv", "test.csv"),
    extract=_extract,
)
