"""Pieces of music: files of MIDI and MusicXML, one by one or a folder of them, each of which is a record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.midi import MIDI_ENDINGS, Piece, piece_in_midi
from throughtime.data.music_xml import piece_in_music_xml
from throughtime.data.readers.files import existing, regular, unreadable
from throughtime.data.records import Record, Source

SUFFIXES = (*MIDI_ENDINGS, ".mxl", ".musicxml", ".xml")


def is_music(path: Path) -> bool:
    """Tell whether a path is a file of music by its suffix, or a folder with such a file anywhere below; what
    ends in `.xml` may be anything, and does not count in a folder of texts."""
    suffixes = {file.suffix.lower() for file in _files(path)}
    return bool(suffixes - {".xml"}) or (".xml" in suffixes and not any(path.glob("**/*.txt")))


def read_music(path: str | os.PathLike[str]) -> np.ndarray:
    """Return the notes `[N, 3]` of a file: start and end in quarter notes, and the MIDI number of the key.

    Arguments:
        path: `.mid` or `.midi`, or MusicXML as `.mxl`, `.musicxml` or `.xml`. Notes of percussion are
            left out.

    **Raises**

        DataError: it is missing, damaged, of another format, or holds no notes.
        MissingExtraError: symusic, which reads MIDI, is not installed.
    """
    file = existing(Path(path))
    if file.is_dir() or file.suffix.lower() not in SUFFIXES:
        raise DataError(f"is no file of music; give one that ends in {', '.join(SUFFIXES)}", Place(str(file)))
    return _piece(file).notes


class MusicFiles(Source):
    """The pieces in a file of music, or in all those below a folder, in the order of their paths.

    Hidden files and folders are passed over, and in a folder what is no music.

    `percussion`: how many notes of drums the latest iteration left out.
    """

    holds: Literal["music"] = "music"

    def __init__(self, path: Path, *, skip_bad_rows: bool = False):
        self.path = path
        self.percussion = 0
        self.files = sorted(_files(path))
        if not path.is_dir():
            regular(path)
        what = f"{len(self.files):,} files of music" if path.is_dir() else "a piece of music"
        super().__init__(str(path), f"{path}: {what}", skip_bad_rows=skip_bad_rows)

    def rows(self) -> Iterator[Record | DataError]:
        self.percussion = 0
        for file in self.files:
            try:
                piece = _piece(file)
            except DataError as error:
                yield error
            else:
                self.percussion += piece.percussion
                yield Record(piece.notes, None, Place(str(file)))


def _piece(file: Path) -> Piece:
    place = Place(str(file))
    try:
        content = regular(file).read_bytes()
    except OSError as error:
        raise unreadable(file, error) from None
    piece = (piece_in_midi if file.suffix.lower() in MIDI_ENDINGS else piece_in_music_xml)(content, place)
    if not len(piece.notes):
        drums = f" but {piece.percussion:,} of percussion, which has no keys" if piece.percussion else ""
        raise DataError(f"holds no notes{drums}; give a piece with at least one", place)
    return piece


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if path.suffix.lower() in SUFFIXES:
            yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(folder) / name
