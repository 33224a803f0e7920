"""Numbers are scaled as NumPy would scale them all at once."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders import NumberEncoder


class Row(NamedTuple):
    sequence: object
    target: object
    place: Place


def walks(seed=0, count=50):
    generator = np.random.default_rng(seed)
    return [
        (generator.normal(size=(generator.integers(1, 30), 3)) * [1, 50, 1e-3] + [1e4, -3, 7]).astype(
            np.float32
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("steps_a_count", [1, 40, 1 << 14])
def test_mean_and_scale_are_those_of_all_steps_together(monkeypatch, steps_a_count):
    monkeypatch.setattr("throughtime.data.encoders.numbers._STEPS_A_COUNT", steps_a_count)
    sequences = walks()
    encoder = NumberEncoder.fit(iter(sequences))
    together = np.concatenate(sequences).astype(np.float64)
    np.testing.assert_allclose(encoder.mean, together.mean(0), rtol=1e-12)
    np.testing.assert_allclose(encoder.scale, together.std(0), rtol=1e-9)
    assert encoder.feature_count == 3
    assert encoder.vocabulary_size is None


def test_encoded_numbers_have_mean_zero_and_deviation_one():
    sequences = walks()
    encoded = NumberEncoder.fit(sequences).encode_batch(sequences)
    together = np.concatenate(encoded)
    assert together.dtype == np.float32
    assert [len(ids) for ids in encoded] == [len(sequence) for sequence in sequences]
    np.testing.assert_allclose(together.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(together.std(0), 1, atol=1e-4)


def test_a_feature_that_never_changes_is_only_moved():
    sequences = [np.array([[0.1, 1.0], [0.1, 2.0]], np.float32)] * 7
    encoder = NumberEncoder.fit(sequences)
    assert encoder.scale == (1.0, 0.5)
    np.testing.assert_allclose(encoder.encode(sequences[0])[:, 0], 0, atol=1e-7)
    assert np.isfinite(encoder.encode([[5, 5]])).all()


def test_a_tiny_change_is_still_a_change():
    encoder = NumberEncoder.fit([np.array([1e-30, 3e-30], np.float32)])
    np.testing.assert_allclose(encoder.encode(np.array([1e-30, 3e-30], np.float32))[:, 0], [-1, 1], rtol=1e-5)


def test_numbers_stay_as_they_are_when_asked_to():
    encoder = NumberEncoder.fit(walks(), standardise=False)
    assert np.array_equal(encoder.encode(walks()[3]), walks()[3])


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=False, allow_infinity=False),
            st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
    )
)
def test_saved_and_loaded_is_the_same_to_the_last_bit(pairs):
    mean, scale = zip(*pairs, strict=True)
    encoder = NumberEncoder(mean=mean, scale=scale)
    assert NumberEncoder.model_validate_json(encoder.model_dump_json()) == encoder


def test_another_number_of_features_is_refused_with_its_row():
    row = Row([[1, 2]], None, Place("f.csv", 4))
    message = (
        "f.csv, row 4: the sequence has 2 numbers a time step, but the training part has 3; give 3 numbers"
    )
    with pytest.raises(DataError, match=message):
        NumberEncoder.fit([*walks(), row])
    with pytest.raises(DataError, match=message):
        NumberEncoder.fit(walks()).encode_batch([row])


def test_bad_numbers_are_refused_with_their_row():
    with pytest.raises(DataError, match=r"f.csv, row 2: .*nan"):
        NumberEncoder.fit([Row([1.0, float("nan")], None, Place("f.csv", 2))])
    with pytest.raises(DataError, match="scale of the numbers cannot be learnt from no records"):
        NumberEncoder.fit([])


@pytest.mark.parametrize(
    "saved",
    [
        {"mean": [0, 1], "scale": [1]},
        {"mean": [0], "scale": [0]},
        {"mean": [], "scale": []},
        {"mean": [float("nan")], "scale": [1]},
        {"mean": [0], "scale": [1], "extra": 1},
    ],
)
def test_a_tampered_scaler_is_refused(saved):
    with pytest.raises(ValueError, match="validation error"):
        NumberEncoder.model_validate(saved)
