"""Log-mel frames against their equations in NumPy, and parts of a stream against the whole."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from throughtime.core.errors import MissingExtraError, OptionError
from throughtime.data.log_mel import Frames, LogMel

RATE = 8000
SMALL = LogMel(sample_rate=RATE, mel_bins=7, frame_length_ms=20, frame_shift_ms=8)


def sound(count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    steps = np.arange(count) / RATE
    return (0.4 * np.sin(2 * np.pi * 700 * steps) + 0.05 * rng.normal(size=count)).astype(np.float32)


def transcribed(samples: np.ndarray, bins: int, size: int, shift: int) -> np.ndarray:
    """The equations in the docstring of `LogMel`, in float64."""
    padded = 1 << (size - 1).bit_length()
    steps = np.arange(size)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * steps / (size - 1))) ** 0.85

    def mel(hertz: np.ndarray | float) -> np.ndarray:
        return 1127 * np.log(1 + np.asarray(hertz) / 700)

    edges = np.linspace(mel(20.0), mel(RATE / 2), bins + 2)
    heard = mel(np.arange(padded // 2) * RATE / padded)
    triangles = np.array(
        [
            np.clip(np.minimum((heard - low) / (middle - low), (high - heard) / (high - middle)), 0, None)
            for low, middle, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True)
        ]
    )
    rows = []
    for start in range(0, len(samples) - size + 1, shift):
        frame = samples[start : start + size].astype(np.float64)
        frame = frame - frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        power = np.abs(np.fft.rfft(frame * window, padded)) ** 2
        rows.append(np.log(np.maximum(triangles @ power[: padded // 2], np.finfo(np.float32).eps)))
    return np.array(rows)


def test_frames_are_what_the_equations_say() -> None:
    samples = sound(1000)
    found = SMALL.frames(samples)
    expected = transcribed(samples, 7, 160, 64)
    assert (SMALL.frame_size, SMALL.shift_size) == (160, 64)
    assert isinstance(found, Frames)
    assert found.shape == expected.shape == (14, 7)
    np.testing.assert_allclose(found, expected, atol=2e-3)
    assert np.ptp(expected) > 3


@pytest.mark.parametrize("size", [1, 37, 63, 64, 200])
def test_parts_of_a_stream_give_the_frames_of_the_whole(size: int) -> None:
    samples = sound(700)
    waiting, found = samples[:0], []
    for start in range(0, len(samples), size):
        there = np.concatenate([waiting, samples[start : start + size]])
        found.append(SMALL.frames(there))
        waiting = SMALL.unused(there)
        assert len(waiting) < SMALL.frame_size
    np.testing.assert_array_equal(np.concatenate(found), SMALL.frames(samples))


def test_what_does_not_fill_a_frame_has_none() -> None:
    assert SMALL.frames(sound(159)).shape == (0, 7)
    assert SMALL.frames(sound(160)).shape == (1, 7)


def test_impossible_features_are_refused() -> None:
    with pytest.raises(OptionError, match=r"mel_bins is 200, and frames of 25 ms at 8000 Hz cannot tell so"):
        LogMel(sample_rate=RATE, mel_bins=200).check()
    with pytest.raises(ValueError, match=r"a frame of 0\.1 ms every 10 ms is 0 samples every 80 at 8000 Hz"):
        LogMel(sample_rate=RATE, frame_length_ms=0.1)


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaldi_native_fbank", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'throughtime\[audio\]'"):
        SMALL.frames(sound(200))
