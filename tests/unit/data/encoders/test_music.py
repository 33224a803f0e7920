"""Frames say what a plain reading of the notes says, and notes come back from frames."""

import numpy as np
import pytest

from throughtime.core.errors import DataError
from throughtime.data.encoders import MusicEncoder
from throughtime.data.piano_roll import KEYS, LOWEST_KEY, notes_of, off_the_keys, roll_of

CHORD = np.array([[0, 1, 60], [0, 2, 64], [1, 1.5, 60], [1.5, 2, 62]], np.float32)


def sounding(roll: np.ndarray) -> list[list[int]]:
    return [(np.flatnonzero(frame) + LOWEST_KEY).tolist() for frame in roll]


def test_a_frame_is_what_sounds_when_it_begins() -> None:
    assert sounding(roll_of(CHORD, 1)) == [[60, 64], [60, 64]]
    assert sounding(roll_of(CHORD, 2)) == [[60, 64], [60, 64], [60, 64], [62, 64]]


def test_played_by_hand_it_is_the_same(rng: np.random.Generator) -> None:
    by_hand = CHORD.copy()
    by_hand[:, :2] = np.maximum(by_hand[:, :2] + rng.uniform(-0.06, 0.06, (len(CHORD), 2)), 0)
    np.testing.assert_array_equal(roll_of(by_hand, 2), roll_of(CHORD, 2))


def test_as_a_plain_loop_has_it(rng: np.random.Generator) -> None:
    starts = rng.uniform(0, 9, 40)
    notes = np.stack([starts, starts + rng.uniform(0.01, 3, 40), rng.integers(0, 128, 40)], 1).astype(
        np.float32
    )
    roll = roll_of(notes, 3)
    assert roll.shape[1] == KEYS
    assert roll[-1].any()
    for frame, keys in enumerate(sounding(np.pad(roll, ((0, 5), (0, 0))))):
        heard = (frame + 0.125) / 3
        assert keys == sorted(
            {int(key) for start, end, key in notes if start <= heard < end and 21 <= key <= 108}
        )


def test_notes_come_back(rng: np.random.Generator) -> None:
    roll = rng.random((30, KEYS)) < 0.2
    roll[-1, 5] = True
    notes = notes_of(roll, 4)
    np.testing.assert_array_equal(roll_of(notes, 4), roll)
    assert (np.diff(notes[:, 0]) >= 0).all()
    assert notes_of(np.zeros((5, KEYS), bool), 4).shape == (0, 3)
    # What is held is one note, what is struck again is another.
    held = np.zeros((5, KEYS), bool)
    held[[0, 1, 3], 39] = True
    assert notes_of(held, 2).tolist() == [[0, 1, 60], [1.5, 2, 60]]


def test_notes_off_the_keys_are_left_out() -> None:
    notes = np.array([[0, 1, 20], [0, 1, 21], [0, 1, 108], [0, 9, 109]], np.float32)
    assert off_the_keys(notes).tolist() == [True, False, False, True]
    assert sounding(roll_of(notes, 1)) == [[21, 108]]


def test_a_piece_without_a_frame_is_refused() -> None:
    encoder = MusicEncoder(frames_per_quarter=1)
    for notes in ([[0, 4, 10]], [[0.25, 0.5, 60]]):
        with pytest.raises(
            DataError, match="no note of the piece sounds at any frame, with 1 to a quarter note and 88"
        ):
            encoder.encode(notes)
    with pytest.raises(DataError, match="the grid of the music cannot be learnt from no records at all"):
        MusicEncoder.fit([])


def test_encoded_and_decoded() -> None:
    encoder = MusicEncoder(frames_per_quarter=2)
    frames = encoder.encode(CHORD)
    assert frames.dtype == np.float32
    assert encoder.decode(frames).tolist() == [[0, 1.5, 60], [0, 2, 64], [1.5, 2, 62]]
