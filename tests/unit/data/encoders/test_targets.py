"""Labels become indices and number targets are scaled; both come back."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders import (
    LabelEncoder,
    NumberTargetEncoder,
    TargetEncoder,
    label_name,
    target_number,
)


class Row(NamedTuple):
    sequence: object
    target: object
    place: Place
    target_place: Place


def row(target):
    return Row("x", target, Place("f.csv", 3, "text"), Place("f.csv", 3, "class"))


@given(st.lists(st.text("abc", min_size=1), min_size=2).filter(lambda names: len(set(names)) > 1))
def test_labels_come_back(names):
    encoder = LabelEncoder.fit(names)
    assert encoder.decode(encoder.encode_batch(names)) == names
    assert encoder.names == tuple(sorted(set(names)))
    assert encoder.class_count == len(set(names))
    assert LabelEncoder.model_validate_json(encoder.model_dump_json()) == encoder


def test_numbers_as_labels_are_sorted_by_value_and_known_by_their_text():
    encoder = LabelEncoder.fit([10, "9", 2.0, np.int64(1), np.float32(10)])
    assert encoder.names == ("1", "2", "9", "10")
    assert encoder.encode_batch([1, "10", 10.0]).tolist() == [0, 3, 3]
    assert label_name(2.5) == "2.5"


def test_a_label_that_was_never_seen_names_itself_the_row_and_the_nearest():
    encoder = LabelEncoder.fit(["positive", "negative"])
    message = (
        r"f.csv, row 3, column 'class': the label 'postive' does not occur in the training part "
        r"\(did you mean 'positive'\?\); its labels are 'negative', 'positive'"
    )
    with pytest.raises(DataError, match=message):
        encoder.encode_batch([row("postive")])


def test_long_lists_of_labels_are_cut_in_messages():
    with pytest.raises(DataError, match=r"'18', '19', …$"):
        LabelEncoder.fit(range(30)).encode("x")


@pytest.mark.parametrize("missing", [None, "", "  ", float("nan"), np.float32("nan")])
def test_a_missing_label_is_refused(missing):
    with pytest.raises(DataError, match="row 3, column 'class': the label is missing"):
        LabelEncoder.fit(["a", "b", row(missing)])


def test_one_class_only_is_refused():
    with pytest.raises(
        DataError, match="every record has the label 'a'; give records of at least two classes"
    ):
        LabelEncoder.fit(["a", "a"])
    with pytest.raises(DataError, match="labels cannot be learnt from no records"):
        LabelEncoder.fit([])


def test_tampered_labels_are_refused():
    with pytest.raises(ValueError, match="two or more different names"):
        LabelEncoder(names=("a", "a"))


def test_number_targets_are_scaled_and_come_back():
    targets = np.random.default_rng(0).normal(5, 3, 100)
    encoder = NumberTargetEncoder.fit([str(targets[0]), *targets[1:]])
    scaled = encoder.encode_batch(targets)
    assert scaled.dtype == np.float32
    assert abs(scaled.mean()) < 1e-6
    assert abs(scaled.std() - 1) < 1e-6
    np.testing.assert_allclose(encoder.decode(scaled), targets, rtol=1e-5)
    assert encoder.encode(targets[0]) == pytest.approx(scaled[0])
    loaded = TypeAdapter(TargetEncoder).validate_json(encoder.model_dump_json())
    assert loaded == encoder


def test_a_target_that_never_changes_is_only_moved():
    encoder = NumberTargetEncoder.fit([0.1] * 7)
    assert encoder.scale == 1
    assert encoder.encode(1.1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (None, "the target is missing"),
        (" ", "the target is missing"),
        ("tall", "the target is 'tall', which is not a number"),
        ([1], r"the target is \[1\], which is not a number"),
        ("nan", "the target is nan; give a finite number"),
        (float("inf"), "the target is inf"),
    ],
)
def test_a_bad_number_target_is_refused_with_its_place(bad, message):
    with pytest.raises(DataError, match=f"f.csv, row 3, column 'class': {message}"):
        NumberTargetEncoder.fit([1, row(bad)])
    with pytest.raises(DataError, match=message):
        target_number(bad)


def test_no_targets_are_refused():
    with pytest.raises(DataError, match="cannot be learnt from no records"):
        NumberTargetEncoder.fit([])
