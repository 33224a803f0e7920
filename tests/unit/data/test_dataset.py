"""Encoded records with their targets, and the split that keeps the classes even."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.core.errors import OptionError, ShapeError
from throughtime.data.dataset import Encoded, stratified_split
from throughtime.data.store import SequenceStore


def make(count=30):
    store = SequenceStore()
    store.extend(np.full(1 + index % 5, index, np.uint8) for index in range(count))
    return Encoded(store, np.arange(count), (2, 5))


def test_an_epoch_is_shuffled_by_seed_and_epoch_and_fixed_without_a_seed():
    with make() as data:
        assert len(data) == 30
        assert data.lengths.tolist() == [1 + index % 5 for index in range(30)]

        def order(**options):
            return np.concatenate([piece.indices for piece in data.plan(4, **options)]).tolist()

        assert order() == order(epoch=3)
        assert order(seed=0) != order()
        assert order(seed=0, epoch=1) != order(seed=0, epoch=0)
        assert order(seed=0, epoch=1) == order(seed=0, epoch=1)
        assert sorted(order(seed=9)) == list(range(30))
    with pytest.raises(ShapeError, match="the store is closed"):
        data.store.gather(np.array([0]), 5)


def test_there_is_one_target_a_sequence():
    store = make().store
    with pytest.raises(
        ShapeError, match=r"targets have shape \(29,\) but there are 30 sequences; give one target"
    ):
        Encoded(store, np.zeros(29), (5,))


@given(
    st.lists(st.sampled_from("abc"), min_size=12, max_size=40),
    st.floats(0.05, 0.5),
    st.integers(0, 9),
)
def test_every_record_is_in_one_part_and_the_classes_are_even(labels, fraction, seed):
    training, validation = stratified_split(labels, len(labels), fraction, seed)
    assert sorted([*training, *validation]) == list(range(len(labels)))
    assert training.tolist() == sorted(training)
    assert validation.tolist() == sorted(validation)
    sizes = {label: labels.count(label) for label in set(labels)}
    repeated = sum(size > 1 for size in sizes.values())
    assert len(validation) == max(round(fraction * len(labels)), repeated, 1)
    stratified = sum(size for size in sizes.values() if size > 1)
    for label, size in sizes.items():
        held = sum(labels[index] == label for index in validation)
        share = len(validation) * size / stratified if size > 1 else 0
        assert abs(held - share) < 1 + 1e-9
        assert held < size


def test_the_split_depends_on_the_seed_alone():
    labels = np.arange(200) % 4
    first = stratified_split(labels, 200, 0.2, 3)[1]
    assert np.array_equal(first, stratified_split(labels, 200, 0.2, np.random.default_rng(3))[1])
    assert not np.array_equal(first, stratified_split(labels, 200, 0.2, 4)[1])


def test_without_labels_chance_alone_decides():
    training, validation = stratified_split(None, 50, 0.2, 0)
    assert (len(training), len(validation)) == (40, 10)
    assert sorted([*training, *validation]) == list(range(50))


def test_labels_are_the_same_class_by_their_text():
    labels = [1, "1", 1.0, "b", "b", "b"]
    validation = stratified_split(labels, 6, 0.34, 0)[1]
    assert sum(index < 3 for index in validation) == 1


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(
        OptionError, match=f"the validation fraction is {fraction}; choose one between 0 and 1"
    ):
        stratified_split(None, 10, fraction, 0)


def test_too_few_records_are_refused():
    with pytest.raises(
        OptionError, match=r"0.5 of 3 records \(1 classes to keep even\) leaves 0 to train on"
    ):
        stratified_split(["a", "a", "b"], 3, 0.5, 0)
    with pytest.raises(OptionError, match=r"of 1 records .* leaves 0 to train on; choose a smaller fraction"):
        stratified_split(None, 1, 0.5, 0)
    with pytest.raises(ShapeError, match="there are 2 labels but 3 records"):
        stratified_split(["a", "b"], 3, 0.5, 0)
