"""Notes on a grid: which of a piano's keys sound at each frame, and back to notes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

LOWEST_KEY, KEYS = 21, 88
"""The MIDI number of the lowest key of a piano (A0), and how many keys there are."""

HEARD_AT = 0.125
"""Where in a frame is listened, in parts of a frame: a note that is played a little late is heard, and one
that lasts a little too long is not."""


def roll_of(notes: Float[np.ndarray, "N 3"], frames_per_quarter: int) -> Bool[np.ndarray, "T K"]:
    """Return which keys sound at each frame, up to the end of the last that is heard; of none, no frame.

    **Equations**

        roll[t, k] = start <= (t + 1/8) / frames_per_quarter < end, for a note of key k

    Arguments:
        notes: start and end in quarter notes, and the MIDI number of the key; see `as_notes`. Those that no
            piano has are left out.
        frames_per_quarter: frames to a quarter note, at least 1.
    """
    notes = notes[~off_the_keys(notes)].astype(np.float64)
    places = np.ceil(notes[:, :2] * frames_per_quarter - HEARD_AT).astype(np.int64)
    heard = places[:, 0] < places[:, 1]
    roll = np.zeros((int(places[heard, 1].max(initial=0)), KEYS), bool)
    for (first, behind), key in zip(places, notes[:, 2].astype(np.int64) - LOWEST_KEY, strict=True):
        roll[first:behind, key] = True
    return roll


def notes_of(roll: Bool[np.ndarray, "T K"], frames_per_quarter: int) -> Float[np.ndarray, "N 3"]:
    """Return the notes of a roll, in the order of their starts: frames of one key in a row are one note."""
    edges = np.diff(np.pad(roll.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    # Key by key, so that the n-th start and the n-th end are of the same note.
    keys, starts = np.nonzero(edges.T == 1)
    _, ends = np.nonzero(edges.T == -1)
    notes = np.stack([starts / frames_per_quarter, ends / frames_per_quarter, keys + LOWEST_KEY], 1)
    return notes[np.lexsort((keys, starts))].astype(np.float32)


def off_the_keys(notes: Float[np.ndarray, "N 3"]) -> Bool[np.ndarray, " N"]:
    """Return which notes no piano has the keys for."""
    return (notes[:, 2] < LOWEST_KEY) | (notes[:, 2] >= LOWEST_KEY + KEYS)
