"""Sound of every form as scaled frames: files, recordings, samples; mixing, resampling, parts of a stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders.audio import AudioEncoder, SoundForm, usual_sample_rate
from throughtime.data.log_mel import LogMel
from throughtime.data.signals import Recording, resampled

soundfile = pytest.importorskip("soundfile")
FEATURES = LogMel(sample_rate=8000, mel_bins=5)
NOISE = np.random.default_rng(0).normal(0, 0.1, 2000).astype(np.float32)


def test_a_file_a_recording_and_samples_are_the_same_sound(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, 8000, subtype="FLOAT")
    form = SoundForm(FEATURES)
    whole = form(NOISE)
    assert whole.shape == (23, 5)
    for same in (Recording(NOISE, 8000), NOISE.tolist(), whole, str(tmp_path / "a.wav")):
        np.testing.assert_array_equal(form(same), whole)
    np.testing.assert_array_equal(form("a.wav", Place(str(tmp_path / "table.csv"), 3, "path")), whole)
    assert form.notes() == []


def test_channels_are_mixed_and_rates_changed_and_both_are_said() -> None:
    form = SoundForm(FEATURES)
    form(NOISE)
    np.testing.assert_allclose(
        form(Recording(np.stack([NOISE * 2, NOISE * 0], 1), 8000)), form(NOISE), atol=1e-4
    )
    fast = Recording(np.repeat(NOISE, 2), 16000)
    np.testing.assert_array_equal(form(fast), FEATURES.frames(resampled(fast.samples, 16000, 8000)))
    assert form.notes() == [
        "resampled to 8000 Hz (from 16000 Hz): 1 of the 4 recordings",
        "mixed into one channel, their mean (from 2 channels): 1 of the 4 recordings",
    ]


def test_bands_are_scaled_by_the_training_part_and_a_stream_gives_the_same() -> None:
    encoder = AudioEncoder.fit([NOISE, NOISE[:700]], FEATURES)
    frames = np.concatenate([FEATURES.frames(NOISE), FEATURES.frames(NOISE[:700])]).astype(np.float64)
    expected = (FEATURES.frames(NOISE) - frames.mean(0)) / frames.std(0)
    encoded = encoder.encode(NOISE)
    np.testing.assert_allclose(encoded, expected, rtol=1e-4, atol=1e-4)
    waiting, found = NOISE[:0], []
    for start in range(0, len(NOISE), 170):
        part, waiting = encoder.frames_of_part(waiting, NOISE[start : start + 170])
        found.append(part)
    assert len(found[0]) == 0
    np.testing.assert_array_equal(np.concatenate(found), encoded)
    with pytest.raises(DataError, match=r"the sound has 16000 samples a second, and this model hears 8000"):
        encoder.frames_of_part(waiting, Recording(NOISE, 16000))


def test_the_usual_rate_is_that_of_most() -> None:
    found = [(Recording(NOISE, rate), None) for rate in (8000, 16000, 16000)]
    assert usual_sample_rate([*found, (NOISE, None), ("missing.wav", None)]) == 16000
    assert usual_sample_rate([(NOISE, None)]) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (NOISE[:100], r"^X\[2\]: the sound is 12\.5 ms long, and a frame takes 25 ms; give longer"),
        (Recording(NOISE[:0], 8000), r"^X\[2\]: holds no sound, it is 0 samples long"),
        (np.zeros((90, 2)), r"^X\[2\]: the samples have the shape \[90, 2\]; give one channel as \[time\]"),
        ("nowhere.wav", r"^X\[2\]: nowhere\.wav: there is no such file"),
    ],
)
def test_what_is_no_sound_is_refused(value: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        SoundForm(FEATURES)(value, Place("X[2]"))
