"""What form sequences are brought to: as set, or as most of the first records are."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime import Biosignal, Recording
from throughtime.core.errors import DataError, OptionError
from throughtime.data.encoders.audio import SoundForm
from throughtime.data.encoders.biosignals import SignalForm
from throughtime.data.memory import MemorySource
from throughtime.data.records import RawSequence
from throughtime.training.forms import form_of, kind_of
from throughtime.training.preparation import prepare
from throughtime.training.settings import DataSettings, Settings

NOISE = np.random.default_rng(0).normal(size=(600, 2))
SIGNALS: list[RawSequence] = [
    Biosignal(NOISE, 100, ("I", "II")),
    Biosignal(NOISE[:300], 50, ("I", "II")),
    Biosignal(NOISE[:, ::-1], 100, ("II", "I")),
    Biosignal(NOISE + 1, 100, ("I", "II")),
]


def test_channels_and_rate_are_those_of_most_records_unless_they_are_set() -> None:
    source = MemorySource(SIGNALS)
    assert kind_of(source, DataSettings()) == (
        "biosignals",
        "each of the 4 records looked at is a record of biosignals (another kind can be set)",
    )
    form = form_of(source, "biosignals", DataSettings())
    assert isinstance(form, SignalForm)
    assert (form.channels, form.sample_rate) == (("I", "II"), 100)
    np.testing.assert_array_equal(form(SIGNALS[2]), form(SIGNALS[0])[:, ::-1][:, ::-1])
    chosen = form_of(source, "biosignals", DataSettings(channels="II, I", sample_rate=25))
    assert isinstance(chosen, SignalForm)
    assert (chosen.channels, chosen.sample_rate) == (("II", "I"), 25)
    assert chosen(SIGNALS[1]).shape == (150, 2)


def test_a_run_keeps_what_was_chosen_in_its_encoder_and_says_what_was_changed() -> None:
    settings = Settings.parse({"task": "classify", "data": {"channels": "II"}, "training": {"validation": 0}})
    prepared = prepare(MemorySource(SIGNALS, ["a", "b", "a", "b"]), settings)
    assert prepared.encoder.feature_count == 1
    assert prepared.encoder.sample_rate_heard == 100
    assert "resampled to 100 Hz (from 50 Hz): 1 of the 4 signals" in prepared.notes
    assert prepared.train.lengths.tolist() == [600, 600, 600, 600]
    prepared.close()


def test_sound_comes_at_the_rate_of_most_recordings() -> None:
    sounds: list[RawSequence] = [Recording(NOISE[:, 0], rate) for rate in (8000, 16000, 16000)]
    form = form_of(MemorySource(sounds), "audio", DataSettings(mel_bins=6))
    assert isinstance(form, SoundForm)
    assert (form.features.sample_rate, form.features.mel_bins) == (16000, 6)
    set_so = form_of(MemorySource(sounds), "audio", DataSettings(sample_rate=4000, mel_bins=6))
    assert isinstance(set_so, SoundForm)
    assert set_so.features.sample_rate == 4000


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("numbers", {"mel_bins": 8}, "mel_bins is 8 and the sequences are numbers, which have no use for it"),
        ("audio", {"channels": "I"}, "channels is 'I' and the sequences are audio, .* set the kind to bio"),
        ("symbols", {"sample_rate": 5}, "sample_rate is 5.* set the kind to audio or biosignals"),
        ("audio", {"sample_rate": 8000, "mel_bins": 900}, "mel_bins is 900, and frames of 25 ms at 8000 Hz"),
        (
            "audio",
            {"sample_rate": 8000, "frame_length_ms": 0.01},
            "a frame of 0.01 ms every 10 ms is 0 sampl",
        ),
    ],
)
def test_settings_of_another_kind_are_refused(kind: str, settings: dict, said: str) -> None:
    source = MemorySource([NOISE[:, 0]])
    with pytest.raises(OptionError, match=said):
        form_of(source, kind, DataSettings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["audio", "biosignals"])
def test_without_a_sample_rate_the_error_says_where_it_can_come_from(kind: str) -> None:
    with pytest.raises(DataError, match=r"is not known: give it in Hz \(sample_rate\), or"):
        form_of(MemorySource([NOISE[:, 0]]), kind, DataSettings())  # type: ignore[arg-type]


def test_labels_need_annotations_with_one_for_each_sample() -> None:
    source = MemorySource(SIGNALS, ["a", "b", "a", "b"])
    source.answers_once = True
    with pytest.raises(
        OptionError, match=r"one label a sequence, .* choose rhythm_by_sample or waves, or the"
    ):
        prepare(source, Settings(task="label"))
    source.answers_once = False
    with pytest.raises(
        OptionError, match=r"a label for each sample, .* choose beats or rhythm, or the task 'l"
    ):
        prepare(source, Settings(task="classify"))
