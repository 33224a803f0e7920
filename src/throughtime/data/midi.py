"""Notes in a MIDI file, and notes to one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from throughtime.core.errors import DataError, OptionError, Place, UsageError
from throughtime.core.extras import extra
from throughtime.data.kinds import as_notes

MIDI_ENDINGS = (".mid", ".midi")

TICKS = 480
"""Ticks to a quarter note in a file that is written."""

LOUDNESS = 80
"""The velocity of every note that is written, of 127."""


class Piece(NamedTuple):
    """What a file of music holds.

    `notes` `[N, 3]`: start and end in quarter notes, and the MIDI number of the key. `percussion`: how many
    notes more there are, whose numbers stand for drums. `parts`: of a score, or tracks of a file, how many.
    """

    notes: Float[np.ndarray, "N 3"]
    percussion: int
    parts: int


def piece_in_midi(content: bytes, place: Place) -> Piece:
    """Return the notes of a MIDI file, of all its tracks, in the order of their starts.

    **Raises**

        DataError: the content is damaged, or no MIDI.
        MissingExtraError: symusic is not installed.
    """
    symusic = extra("symusic", "music")
    try:
        score = symusic.Score.from_midi(content)
    except (RuntimeError, ValueError, UnicodeDecodeError) as error:
        reason = str(error).removeprefix("MiniMidi: ").removesuffix(": iostream error").rstrip("!. ")
        raise DataError(f"is no MIDI file, or a damaged one ({reason}); give a whole one", place) from None
    if score.ticks_per_quarter < 1:
        raise DataError(
            "counts time in frames of film and not in notes; give one that counts in notes", place
        )
    pitched = [track for track in score.tracks if not track.is_drum]
    parts = [np.zeros((0, 3))]
    for track in pitched:
        table = track.notes.numpy()
        start = table["time"].astype(np.float64)
        parts.append(np.stack([start, start + table["duration"], table["pitch"]], 1))
    notes = np.concatenate(parts)
    notes[:, :2] /= score.ticks_per_quarter
    percussion = int(score.note_num()) - sum(len(track.notes) for track in pitched)
    return Piece(sounding(notes), percussion, len(score.tracks))


def sounding(notes: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "M 3"]:
    """Return the notes that last, in the order of their starts and keys, in float32."""
    notes = notes[notes[:, 1] > notes[:, 0]]
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))].astype(np.float32)


def midi_of(notes: Float[np.ndarray, "N 3"], *, quarters_per_minute: float = 90.0) -> bytes:
    """Return notes as a MIDI file of one track.

    Arguments:
        notes: start and end in quarter notes, and the MIDI number of the key.
        quarters_per_minute: the tempo.

    **Raises**

        MissingExtraError: symusic is not installed.
    """
    symusic = extra("symusic", "music")
    score = symusic.Score(TICKS)
    score.tempos.append(symusic.Tempo(0, quarters_per_minute))
    track = symusic.Track("", 0, False)
    for start, end, key in notes.tolist():
        ticks, behind = round(start * TICKS), round(end * TICKS)
        track.notes.append(symusic.Note(ticks, behind - ticks, int(key), LOUDNESS))
    score.tracks.append(track)
    content: bytes = score.dumps_midi()
    return content


def write_midi(
    path: str | os.PathLike[str], notes: np.ndarray | list[Any], *, quarters_per_minute: float = 90.0
) -> None:
    """Write notes to a MIDI file of one track.

    Arguments:
        path: ends in `.mid` or `.midi`; a file that is there is replaced.
        notes: start and end in quarter notes, and the MIDI number of the key.
        quarters_per_minute: the tempo, above 0.

    **Raises**

        OptionError: the path ends otherwise.
        DataError: these are no notes.
        UsageError: the file cannot be written.
        MissingExtraError: symusic is not installed.
    """
    path = Path(path)
    check_midi_name(path)
    checked = as_notes(notes) if len(notes) else np.zeros((0, 3), np.float32)
    content = midi_of(checked, quarters_per_minute=quarters_per_minute)
    # Through a name of its own, so that an interrupted write leaves no half of a file.
    beside = path.with_name(f"{path.name}.part")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}; choose another place") from None


def check_midi_name(path: Path) -> None:
    """Raise `OptionError` unless a MIDI file can have this name."""
    if path.suffix.lower() not in MIDI_ENDINGS:
        raise OptionError(f"the music is to be saved as {str(path)!r}; end it in {' or '.join(MIDI_ENDINGS)}")
