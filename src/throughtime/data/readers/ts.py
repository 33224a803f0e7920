"""The `.ts` format of the time series classification archive, as aeon and sktime write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.cells import number_of, numbers_of
from throughtime.data.readers.files import lines, regular, utf8
from throughtime.data.records import RawTarget, Record, Source, decoded, make_record

COMMENTS = ("#", "%")
MISSING = ("?", "nan")


@dataclass(frozen=True)
class Header:
    """What the lines that start with `@` say about the cases: what stands behind the last colon of each."""

    target: Literal["class", "number"] | None
    dimensions: int | None


class TimeSeriesFile(Source):
    """One case a line: dimensions separated by colons, time steps by commas, then the label.

    A univariate case comes out as `[T]`, a multivariate one as `[T, F]`. Cases may differ in length, the
    dimensions of one case may not. A file whose header says nothing of labels has class labels, as in aeon.
    A row is a case; blank lines and comments do not count.
    """

    def __init__(self, path: Path, *, needs_target: bool = True, skip_bad_rows: bool = False):
        self.path = utf8(regular(path))
        self.needs_target = needs_target
        name = str(path)
        self.header = _header(self.path)
        if needs_target and self.header.target is None:
            raise DataError(
                "has no labels: its header says '@classLabel false'; give a file with '@classLabel true' or "
                "'@targetLabel true' and a label behind the last colon of each case",
                Place(name),
            )
        said = {"class": "class labels", "number": "number targets", None: "no labels"}[self.header.target]
        super().__init__(name, f"{name}: .ts time series with {said}", skip_bad_rows=skip_bad_rows)

    def no_records(self) -> str:
        return "has a header and no cases below @data; give a file with at least one"

    def rows(self) -> Iterator[Record | DataError]:
        dimensions = self.header.dimensions
        for number, line in enumerate(_cases(self.path), start=1):
            place = Place(self.name, number)
            try:
                parts = decoded(line, place).split(":")
                target = self._target(parts, place)
                sequence = _sequence(parts, dimensions, place)
            except DataError as error:
                yield error
                continue
            dimensions = len(parts)
            yield make_record(sequence, target, place, target_column="label", needs_target=self.needs_target)

    def _target(self, parts: list[str], place: Place) -> RawTarget | None:
        """Take the target off the end of the parts."""
        if self.header.target is None:
            return None
        if len(parts) < 2:
            raise DataError("the label is missing; put it behind a colon at the end of the line", place)
        text = parts.pop().strip()
        if self.needs_target and self.header.target == "number":
            return number_of(text, Place(place.file, place.row, "label"))
        return text


def _sequence(parts: list[str], dimensions: int | None, place: Place) -> np.ndarray:
    if dimensions is not None and len(parts) != dimensions:
        raise DataError(
            f"{len(parts)} dimension{'s' * (len(parts) != 1)} where {dimensions} were expected; dimensions "
            f"are separated by colons, and the label follows the last",
            place,
        )
    columns: list[list[float]] = []
    for index, part in enumerate(parts, start=1):
        if not part.strip():
            raise DataError(f"dimension {index} is empty; a sequence has at least one time step", place)
        values = part.split(",")
        if columns and len(values) != len(columns[0]):
            raise DataError(
                f"dimension {index} has {len(values)} time steps and dimension 1 has {len(columns[0])}; give "
                f"all dimensions of a case the same length",
                place,
            )
        columns.append(_dimension(values, index, place))
    return np.array(columns[0]) if len(columns) == 1 else np.array(columns).T


def _dimension(values: list[str], index: int, place: Place) -> list[float]:
    cells = ["" if value.strip().lower() in MISSING else value for value in values]
    names = [f"dimension {index}, time step {step}" for step in range(1, len(values) + 1)]
    return numbers_of(cells, names, place.file, place.row)


def _header(path: Path) -> Header:
    place = Place(str(path))
    target: Literal["class", "number"] | None = "class"
    dimensions: int | None = None
    for raw in lines(path):
        line = decoded(raw, place).strip()
        if not line or line.startswith(COMMENTS):
            continue
        if not line.startswith("@"):
            break
        key, *values = line[1:].lower().split()
        value = values[0] if values else ""
        if key == "data":
            return Header(target, dimensions)
        if key == "timestamps" and value == "true":
            raise DataError(
                "its cases have time stamps (@timeStamps true), which are not read; give evenly spaced "
                "values without them, and '@timeStamps false'",
                place,
            )
        if key == "classlabel" and target != "number":
            target = "class" if value == "true" else None
        elif key == "targetlabel" and value == "true":
            target = "number"
        elif key in ("dimensions", "dimension") and value.isdigit():
            dimensions = int(value)
    raise DataError(
        "has no @data line before the cases, so it is no .ts file, or one that was cut short; put '@data' on "
        "a line of its own between the header and the cases",
        place,
    )


def _cases(path: Path) -> Iterator[bytes]:
    below = False
    comments = tuple(mark.encode() for mark in COMMENTS)
    for line in lines(path):
        line = line.strip()
        if not below:
            below = line.lower().startswith(b"@data")
        elif line and not line.startswith(comments):
            yield line
