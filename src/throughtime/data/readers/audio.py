"""Sound from WAV, FLAC and the other files that libsndfile reads."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.core.extras import extra
from throughtime.data.log_mel import EXTRA
from throughtime.data.readers.files import existing, regular
from throughtime.data.records import Record, Source, make_record
from throughtime.data.signals import Recording

UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""What a program writes as the size of a sound that it does not know the end of, as into a pipe."""


class AudioFile(Source):
    """One file of sound as one record; it has no target.

    **Raises** `DataError` where a target is needed.
    """

    def __init__(self, path: Path, *, needs_target: bool = True, skip_bad_rows: bool = False):
        if needs_target:
            raise DataError(
                "is one recording without an answer; give a table with a column of such files and one of "
                "answers, or a folder with one folder of recordings a class",
                Place(str(path)),
            )
        self.path = regular(path)
        super().__init__(str(path), f"{path}: a recording", skip_bad_rows=skip_bad_rows)

    def rows(self) -> Iterator[Record | DataError]:
        yield make_record(self.path.name, None, Place(str(self.path)), needs_target=False)


def read_recording(path: Path, place: Place | None) -> Recording:
    """Return the sound in a file, `[time, channel]` float32.

    Arguments:
        path: the file.
        place: where its name stands, for messages; they name the file as well.

    **Raises** `DataError` for a file that is missing, of another format, damaged, cut short or without a
    sample; `MissingExtraError` without the extra `audio`.
    """
    library = extra("soundfile", EXTRA)
    _check_file(path, place)
    try:
        samples, sample_rate = library.read(path, dtype="float32", always_2d=True)
    except library.LibsndfileError as error:
        raise _wrong(path, place, f"cannot be read as sound ({_reason(error)}); write it anew") from None
    if len(samples) == 0:
        raise _wrong(path, place, "holds no sound, it is 0 samples long; leave it out")
    missing = _missing_bytes(path)
    if missing:
        raise _wrong(
            path,
            place,
            f"is cut short: its sound ends {missing:,} bytes before the end that its header announces, after "
            f"{len(samples) / sample_rate:.3g} s; copy it anew",
        )
    if not np.isfinite(samples).all():
        raise _wrong(path, place, "has samples that are infinite or no numbers; write it anew")
    return Recording(samples, sample_rate)


def sample_rate_of(path: Path, place: Place | None) -> int:
    """Return the sample rate that the header of a file of sound has; raise `DataError` if it has none."""
    library = extra("soundfile", EXTRA)
    _check_file(path, place)
    try:
        return int(library.info(path).samplerate)
    except library.LibsndfileError as error:
        raise _wrong(path, place, f"cannot be read as sound ({_reason(error)}); write it anew") from None


def _check_file(path: Path, place: Place | None) -> None:
    try:
        regular(existing(path))
    except DataError as error:
        raise _wrong(path, place, error.message) from None


def _missing_bytes(path: Path) -> int:
    """Return how many bytes of samples a WAV file lacks of those that it announces."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return 0
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"data":
                there = path.stat().st_size - file.tell()
                return 0 if size in UNKNOWN_SIZES else max(0, size - there)
            file.seek(size + size % 2, 1)
    return 0


def _reason(error: Exception) -> str:
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(".")


def _wrong(path: Path, place: Place | None, what: str) -> DataError:
    """Return an error that names the file, and the place its name stands in if that is another file."""
    if place is None or Path(place.file) == path:
        return DataError(what, Place(str(path)))
    return DataError(f"{path}: {what}", place)
