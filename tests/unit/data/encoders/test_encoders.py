"""One door to all encoders."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from throughtime.core.errors import OptionError
from throughtime.data.encoders import SequenceEncoder, fit_encoder
from throughtime.data.encoders.audio import SoundForm
from throughtime.data.encoders.biosignals import SignalForm
from throughtime.data.kinds import KINDS
from throughtime.data.log_mel import LogMel
from throughtime.data.signals import Biosignal

EXAMPLES = {
    "numbers": [[1.0, 2.0], [3.0]],
    "symbols": ["ACGT", ["A", "C"]],
    "music": [[[0, 1, 60]]],
    "audio": [np.sin(np.arange(900.0)), np.cos(np.arange(400.0) ** 1.1)],
    "biosignals": [Biosignal(np.arange(8.0).reshape(4, 2), 100, ("II", "V5")), [[1.0, 3.0]]],
    "bases": ["ACGT", "nu-"],
    "amino_acids": ["MKV*", "XB"],
}
FORMS = {"audio": SoundForm(LogMel(sample_rate=8000)), "biosignals": SignalForm(("V5", "II"), 100.0)}
WIDTHS = {"numbers": 1, "music": 88, "audio": 40, "biosignals": 2, "bases": 4, "amino_acids": 23}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fits_saves_and_loads_by_its_name(kind):
    values = EXAMPLES.get(kind, ["The cat", "sat."])
    encoder = fit_encoder(kind, iter(values), form=FORMS.get(kind))
    assert encoder.kind == kind
    loaded = TypeAdapter(SequenceEncoder).validate_json(encoder.model_dump_json())
    assert loaded == encoder
    assert type(loaded) is type(encoder)
    assert all(map(np.array_equal, loaded.encode_batch(values), encoder.encode_batch(values)))
    assert (encoder.vocabulary_size is None) == (kind in WIDTHS)
    assert encoder.feature_count == WIDTHS.get(kind)
    form = encoder.form()
    formed = [form(value) for value in values]
    assert all(map(np.array_equal, encoder.encode_batch(formed), loaded.encode_batch(values)))


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_is_frozen(kind):
    encoder = fit_encoder(kind, EXAMPLES.get(kind, ["The cat"]), form=FORMS.get(kind))
    with pytest.raises(ValueError, match="frozen"):
        encoder.kind = "words"


def test_options_reach_the_encoder():
    assert fit_encoder("words", ["A a b"], lowercase=False).vocabulary_size == 4
    assert fit_encoder("words", ["A a b"], min_count=2).vocabulary_size == 2
    assert fit_encoder("subwords", ["ab ab ab"], max_vocabulary=3).vocabulary_size == 4
    assert fit_encoder("subwords", ["AB"], lowercase=False).encode("AB").all()
    assert fit_encoder("characters", ["aab"], max_vocabulary=1).vocabulary_size == 2
    assert fit_encoder("numbers", [[1, 5]], standardise=False).mean == (0,)


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(OptionError, match=r"kind is 'word' \(did you mean 'words'\?\)"):
        fit_encoder("word", ["a"])


@pytest.mark.parametrize("kind", ["bytes", "numbers"])
def test_limits_on_what_has_no_vocabulary_are_refused(kind):
    message = f"min_count=2 and max_vocabulary=None were given, but sequences of {kind} have no vocabulary"
    with pytest.raises(OptionError, match=message):
        fit_encoder(kind, ["1 2"], min_count=2)


@pytest.mark.parametrize(
    ("kind", "values", "others"),
    [
        ("numbers", [np.ones((3, 2)), np.zeros((2, 2))], [np.ones((3, 2))]),
        ("symbols", ["ACGT", "AAC"], ["ACG"]),
        ("words", ["one two", "two three"], ["one four"]),
    ],
)
def test_encoders_are_equal_by_what_they_learned(kind, values, others):
    first, second, other = fit_encoder(kind, values), fit_encoder(kind, values), fit_encoder(kind, others)
    first.encode(values[0])  # which fills what is derived from the fields
    second.encode(values[0])
    assert first == second
    assert hash(first) == hash(second)
    assert first != other


def test_frames_are_for_music_alone():
    assert fit_encoder("music", [[[0, 1, 60]]], frames_per_quarter=3).frames_per_quarter == 3
    with pytest.raises(
        OptionError, match="frames_per_quarter is 2, and sequences of words have no quarter notes"
    ):
        fit_encoder("words", ["The cat"], frames_per_quarter=2)
    with pytest.raises(OptionError, match="sequences of music have no vocabulary to limit"):
        fit_encoder("music", [[[0, 1, 60]]], min_count=2)
