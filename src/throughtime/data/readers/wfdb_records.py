"""Biosignals in the format of WFDB: a header, files of signals, and annotations beside them."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.core.extras import extra
from throughtime.data.forms import ordered, share
from throughtime.data.kinds import BIOSIGNAL_SUFFIX
from throughtime.data.readers import annotated
from throughtime.data.readers.annotated import AnnotationKind, Annotations, Piece
from throughtime.data.readers.files import existing, unreadable
from throughtime.data.records import Record, Source, make_record
from throughtime.data.signals import Biosignal, Hertz, resampled

EXTRA = "biosignals"

CUT = {
    "beats": annotated.beats,
    "rhythm": annotated.rhythm,
    "rhythm_by_sample": annotated.rhythm_by_sample,
    "waves": annotated.waves,
}

IN_WORDS = {
    "beats": "{:g} s round each beat",
    "rhythm": "pieces of {:g} s within one rhythm",
    "rhythm_by_sample": "pieces of {:g} s with the rhythm at each sample",
    "waves": "pieces of {:g} s with the wave at each sample",
}


class WfdbRecords(Source):
    """The annotated records of a folder, or one record, cut into sequences by what the annotations say.

    A sequence's row is its number within its record. All records come at one sample rate, that of the first
    one unless another is asked for. Without targets, only `beats` need annotations: they say where a beat is.

    Arguments:
        annotations: how records are cut, and what the target is; see `AnnotationKind`.
        annotator: what the names of the annotation files end in.
        segment_s: length of a sequence in seconds, above 0; 0.8 round a beat, otherwise 10, when left out.
        sample_rate: samples a second (Hz).

    **Raises** `DataError` for a folder without records; while reading, for a record or annotations that
    cannot be read.

    **Cost** One record is held at a time.
    """

    def __init__(
        self,
        path: Path,
        *,
        annotations: AnnotationKind = "beats",
        annotator: str = "atr",
        segment_s: int | float | None = None,
        sample_rate: Hertz | None = None,
        needs_target: bool = True,
        skip_bad_rows: bool = False,
    ):
        self.headers = headers_in(path) if path.is_dir() else [path]
        self.annotations, self.annotator, self.needs_target = annotations, annotator, needs_target
        self.answers_once = annotations in ("beats", "rhythm")
        usual = annotated.BEAT_SECONDS if annotations == "beats" else annotated.PIECE_SECONDS
        self.seconds = segment_s if segment_s is not None else usual
        self._rates = Counter[Hertz]()
        self._read = 0
        super().__init__(str(path), "", skip_bad_rows=skip_bad_rows)
        self.give_at(sample_rate or self._first_rate())

    def give_at(self, sample_rate: Hertz) -> None:
        """Give sequences at this rate (Hz) from now on."""
        self.sample_rate = sample_rate
        self.size = round(self.seconds * sample_rate)
        if self.size < 1:
            raise OptionError(
                f"segment_s is {self.seconds:g}, which is less than one sample at {sample_rate:g} Hz; choose "
                "longer segments"
            )
        count = len(self.headers)
        self.description = (
            f"{self.name}: {count:,} WFDB record{'s' * (count != 1)}, "
            f"{IN_WORDS[self.annotations].format(self.seconds)}, at {sample_rate:g} Hz"
        )

    def no_records(self) -> str:
        what = {"beats": "beats", "waves": "waves"}.get(self.annotations, "rhythms")
        return f"the annotations (.{self.annotator}) name no {what}; choose what they do say (annotations)"

    def notes(self) -> list[str]:
        """Return what was resampled in the latest reading."""
        if not self._rates:
            return []
        of = share(self._rates.total(), self._read, "records")
        return [f"resampled to {self.sample_rate:g} Hz (from {ordered(self._rates)} Hz): {of}"]

    def rows(self) -> Iterator[Record | DataError]:
        self._rates.clear()
        self._read = 0
        for header in self.headers:
            place = Place(str(header))
            try:
                signal = read_signal(header, place)
                pieces = self._pieces(header, signal)
            except DataError as error:
                yield error
                continue
            for number, piece in enumerate(pieces, start=1):
                part = Biosignal(piece.samples, self.sample_rate, signal.channels, signal.units)
                at = Place(str(header), number)
                yield make_record(part, piece.target, at, needs_target=self.needs_target)

    def _pieces(self, header: Path, signal: Biosignal) -> Iterator[Piece]:
        samples, rate = signal.samples, signal.sample_rate
        self._read += 1
        if rate != self.sample_rate:
            self._rates[rate] += 1
            samples = resampled(samples, rate, self.sample_rate)
        if not self.needs_target and self.annotations != "beats":
            return annotated.whole(samples, self.size)
        marks = read_annotations(header, self.annotator, rate)
        at = np.rint(marks.samples * (self.sample_rate / rate)).astype(np.int64)
        return CUT[self.annotations](samples, marks._replace(samples=at), self.size)

    def _first_rate(self) -> float:
        first: DataError | None = None
        for header in self.headers:
            try:
                return signal_header(header, Place(str(header)))[1]
            except DataError as error:
                first = first or error
        assert first is not None
        raise first


def headers_in(folder: Path) -> list[Path]:
    """Return the headers of the records directly in a folder, in the order of their names."""
    try:
        return sorted(
            entry
            for entry in folder.iterdir()
            if entry.suffix.lower() == BIOSIGNAL_SUFFIX and not entry.name.startswith(".")
        )
    except OSError as error:
        raise unreadable(folder, error) from None


def signal_header(path: Path, place: Place | None) -> tuple[tuple[str, ...], float]:
    """Return the names of the channels of a record, and its sample rate; raise `DataError` without reading
    its signals."""
    header = _read(path, place, "rdheader")
    if getattr(header, "n_seg", None):  # of several segments, whose channels stand in their own headers
        header = _read(path, place, "rdrecord", sampto=1)
    return _names(header.sig_name), float(header.fs)


def read_signal(path: Path, place: Place | None) -> Biosignal:
    """Return a record in physical units, `[time, channel]` float64.

    Arguments:
        path: its header, or the name of the record.
        place: where the name stands, for messages; they name the file as well.

    **Raises** `DataError` for a file that is missing, damaged or cut short, and for a record without a
    sample; `MissingExtraError` without the extra `biosignals`.
    """
    record = _read(path, place, "rdrecord")
    samples = record.p_signal
    if samples is None or len(samples) == 0:
        raise _wrong(path, place, "has no signal, it is 0 samples long; leave it out")
    units = tuple(str(unit) for unit in record.units or ())
    return Biosignal(samples, float(record.fs), _names(record.sig_name), units)


def read_annotations(header: Path, annotator: str, sample_rate: Hertz) -> Annotations:
    """Return the annotations of a record, at samples of the given rate.

    **Raises** `DataError` for annotations that are missing or damaged.
    """
    library = extra("wfdb", EXTRA)
    place = Place(str(header))
    file = Path(f"{_record_name(header)}.{annotator}")
    try:
        with _quiet():
            found = library.rdann(_record_name(header), annotator)
    except FileNotFoundError:
        there = sorted(path.suffix for path in file.parent.glob(f"{file.stem}.*") if path != header)
        raise DataError(
            f"the annotations {file.name} are missing; put them beside the record, or name others with "
            f"annotator (beside it are {', '.join(there) or 'no files'})",
            place,
        ) from None
    except Exception as error:  # the library raises whatever the damage leads to
        raise DataError(
            f"the annotations {file.name} are damaged or cut short ({error}); copy them anew", place
        ) from None
    if len(found.sample) == 0:
        raise DataError(f"the annotations {file.name} hold none; copy them anew, or leave it out", place)
    own = float(found.fs) if found.fs else sample_rate
    at = np.asarray(found.sample) * (sample_rate / own)
    return Annotations(at, list(found.symbol), [note or "" for note in found.aux_note])


def _read(path: Path, place: Place | None, reader: str, **options: Any) -> Any:
    library = extra("wfdb", EXTRA)
    name = _record_name(path)
    header = Path(f"{name}{BIOSIGNAL_SUFFIX}")
    try:
        existing(header)
    except DataError as error:
        raise _wrong(header, place, error.message) from None
    try:
        with _quiet():
            return getattr(library, reader)(name, **options)
    except FileNotFoundError as error:
        missing = Path(error.filename or "its file of signals").name
        raise _wrong(header, place, f"names the file {missing}, which is missing; put it beside it") from None
    except Exception as error:  # the library raises whatever the damage leads to
        raise _wrong(
            header, place, f"is damaged, or its signals are cut short ({error}); copy the record anew"
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what the library is warned of by those that it uses, which no user can mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _record_name(path: Path) -> str:
    return str(path.absolute()).removesuffix(BIOSIGNAL_SUFFIX)


def _names(names: list[str | None] | None) -> tuple[str, ...]:
    return tuple(name or f"channel {number}" for number, name in enumerate(names or (), start=1))


def _wrong(path: Path, place: Place | None, what: str) -> DataError:
    """Return an error that names the record, and the place its name stands in if that is another file."""
    if place is None or Path(place.file) == path:
        return DataError(what, Place(str(path)))
    return DataError(f"{path}: {what}", place)
