"""Music as a row of frames, each of which says of every key of a piano whether it sounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders.encoder import Encoder
from throughtime.data.encoders.raw import located
from throughtime.data.encoders.vocabulary import nothing_given
from throughtime.data.kinds import as_notes
from throughtime.data.piano_roll import KEYS, notes_of, roll_of

USUAL_FRAMES = 4
"""Frames to a quarter note where nobody says how many: a frame is a sixteenth note."""


class MusicEncoder(Encoder):
    """Frames `[T, 88]` of 0 and 1 in float32, from notes `[N, 3]`; see `roll_of` and `as_notes`.

    Nothing but the grid is learnt or chosen. Where a note ends and the next of the same key begins at once,
    frames do not tell the two from one long note. Notes that no piano has keys for are left out.

    **Raises** `DataError` for a piece without a frame: no note, none on the keys, or only such as end between
    two frames.
    """

    kind: Literal["music"] = "music"
    frames_per_quarter: Annotated[int, Field(ge=1)] = USUAL_FRAMES

    @classmethod
    def fit(cls, values: Iterable[Any], *, frames_per_quarter: int | None = None) -> MusicEncoder:
        """Choose the grid: `frames_per_quarter` frames to a quarter note, 1 or more, 4 when left out."""
        if next(iter(values), None) is None:
            raise nothing_given("grid of the music")
        return cls(frames_per_quarter=frames_per_quarter or USUAL_FRAMES)

    @property
    def vocabulary_size(self) -> None:
        return None

    @property
    def feature_count(self) -> int:
        return KEYS

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn the notes of one piece into frames `[T, 88]`."""
        roll = roll_of(as_notes(value, place), self.frames_per_quarter)
        if not len(roll):
            raise DataError(
                f"no note of the piece sounds at any frame, with {self.frames_per_quarter} to a quarter note "
                f"and {KEYS} keys (A0 to C8); give notes on the keys, or more frames_per_quarter",
                place,
            )
        return roll.astype(np.float32)

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        return [self.encode(value, place) for value, place in located(values)]

    def decode(self, frames: np.ndarray) -> np.ndarray:
        """Return the notes `[N, 3]` of frames `[T, 88]`: those of one key in a row are one note."""
        return notes_of(np.asarray(frames) > 0.5, self.frames_per_quarter)
