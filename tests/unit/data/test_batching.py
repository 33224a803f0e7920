"""An epoch holds every record once, in few shapes, in an order that seed and epoch decide."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.core.errors import OptionError, ShapeError
from throughtime.data.batching import Plan, batches, length_boundaries, padding_waste, plan_epoch
from throughtime.data.store import SequenceStore

LENGTHS = st.lists(st.integers(1, 50), min_size=1, max_size=200).map(np.array)
SIZES = st.integers(1, 40)


class Data(NamedTuple):
    store: SequenceStore
    targets: np.ndarray


def make(count=10, features=None):
    store = SequenceStore()
    for index in range(count):
        length = index % 4 + 1
        store.append(
            np.full(length, index + 1, np.uint8)
            if features is None
            else np.full((length, features), index + 1.0)
        )
    return Data(store, np.arange(count) * 10)


def same(left, right):
    return len(left) == len(right) and all(
        a.time_steps == b.time_steps and np.array_equal(a.indices, b.indices)
        for a, b in zip(left, right, strict=True)
    )


@given(LENGTHS, SIZES, st.integers(0, 5), st.booleans())
def test_every_record_is_in_exactly_one_batch_and_fits(lengths, batch_size, seed, shuffle):
    boundaries = length_boundaries(lengths[: len(lengths) // 2 + 1])
    plan = plan_epoch(lengths, boundaries, batch_size, seed=seed, epoch=1, shuffle=shuffle)
    assert sorted(np.concatenate([piece.indices for piece in plan])) == list(range(len(lengths)))
    assert all(lengths[piece.indices].max() <= piece.time_steps for piece in plan)
    sizes = sorted(len(piece.indices) for piece in plan)
    assert sizes[1:] == [batch_size] * (len(plan) - 1)
    assert 1 <= sizes[0] <= batch_size


@given(LENGTHS, SIZES)
def test_only_the_shortest_batch_is_not_full(lengths, batch_size):
    plan = plan_epoch(lengths, length_boundaries(lengths), batch_size, seed=0, epoch=0)
    for piece in plan:
        if len(piece.indices) < batch_size:
            assert piece.time_steps == min(other.time_steps for other in plan)


@given(LENGTHS, SIZES)
def test_time_steps_are_boundaries(lengths, batch_size):
    boundaries = length_boundaries(lengths)
    plan = plan_epoch(lengths, boundaries, batch_size, seed=0, epoch=0)
    assert {piece.time_steps for piece in plan} <= set(boundaries)


def test_records_beyond_the_last_boundary_get_few_shapes():
    lengths = np.arange(1, 101)
    plan = plan_epoch(lengths, (5, 10), 1, seed=0, epoch=0)
    assert {piece.time_steps for piece in plan} == {5, 10, 15, 23, 35, 53, 80, 120}


@given(LENGTHS, SIZES, st.integers(0, 2**40))
def test_seed_and_epoch_decide_the_order(lengths, batch_size, seed):
    boundaries = length_boundaries(lengths)
    first = plan_epoch(lengths, boundaries, batch_size, seed=seed, epoch=3)
    assert same(first, plan_epoch(lengths, boundaries, batch_size, seed=seed, epoch=3))


def test_another_seed_or_epoch_is_another_order():
    lengths = np.random.default_rng(0).integers(1, 40, 300)
    plans = [
        plan_epoch(lengths, (10, 20, 40), 8, seed=seed, epoch=epoch)
        for seed, epoch in [(0, 0), (0, 1), (1, 0), (1, 1)]
    ]
    for index, plan in enumerate(plans):
        assert not any(same(plan, other) for other in plans[:index])
    # Records move between batches, and batches of different lengths mix.
    assert len({frozenset(piece.indices.tolist()) for plan in plans for piece in plan}) == sum(
        map(len, plans)
    )
    steps = [piece.time_steps for piece in plans[0]]
    assert steps != sorted(steps)
    assert steps != sorted(steps, reverse=True)


def test_without_shuffling_neither_seed_nor_epoch_matters():
    lengths = np.random.default_rng(0).integers(1, 40, 300)
    plan = plan_epoch(lengths, (20, 40), 8, seed=0, epoch=0, shuffle=False)
    assert same(plan, plan_epoch(lengths, (20, 40), 8, seed=5, epoch=2, shuffle=False))
    long = np.concatenate([piece.indices for piece in plan])[: (lengths > 20).sum()]
    assert np.array_equal(long, np.flatnonzero(lengths > 20))


def test_waste_counts_padding_and_rows_that_fill_up():
    lengths = np.array([4, 2, 1])
    plan = [Plan(np.array([0, 1]), 4), Plan(np.array([2]), 1)]
    assert padding_waste(plan, lengths, 2) == pytest.approx(1 - 7 / 10)
    assert padding_waste([], lengths, 2) == 0


def test_no_records_are_no_batches():
    assert plan_epoch(np.zeros(0, int), (3,), 2, seed=0, epoch=0) == []


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"batch_size": 0}, OptionError, "batch_size is 0, seed 0, epoch 0; choose batch_size >= 1"),
        ({"seed": -1}, OptionError, "seed -1"),
        ({"epoch": -2}, OptionError, "epoch -2"),
        ({"boundaries": ()}, ShapeError, r"boundaries are \(\); give increasing lengths"),
        ({"boundaries": (3, 3)}, ShapeError, r"boundaries are \(3, 3\)"),
        ({"boundaries": (0, 3)}, ShapeError, r"boundaries are \(0, 3\)"),
        ({"lengths": np.array([2, 0])}, ShapeError, r"lengths\[1\] is 0; leave empty sequences out"),
    ],
)
def test_impossible_plans_are_refused(change, error, message):
    given = {"lengths": np.array([1, 2]), "boundaries": (3,), "batch_size": 2, "seed": 0, "epoch": 0} | change
    with pytest.raises(error, match=message):
        plan_epoch(**given)


@pytest.mark.parametrize("features", [None, 2])
def test_batches_hold_the_records_of_the_plan(features):
    data = make(features=features)
    plan = plan_epoch(data.store.lengths, (2, 4), 4, seed=0, epoch=0)
    for piece, batch in zip(plan, batches(data, plan, 4), strict=True):
        count = len(piece.indices)
        assert batch.inputs.shape == (
            (piece.time_steps, 4) if features is None else (piece.time_steps, 4, features)
        )
        assert batch.inputs.dtype == (np.int32 if features is None else np.float32)
        assert np.array_equal(batch.inputs, data.store.gather(piece.indices, piece.time_steps, batch_size=4))
        assert batch.lengths.tolist() == [*data.store.lengths[piece.indices], *[0] * (4 - count)]
        assert batch.targets.tolist() == [*data.targets[piece.indices], *[0] * (4 - count)]
        assert batch.weights.tolist() == [1] * count + [0] * (4 - count)
        assert (batch.lengths.dtype, batch.targets.dtype, batch.weights.dtype) == (
            np.int32,
            np.int32,
            np.float32,
        )


def test_number_targets_are_float32():
    data = make()._replace(targets=np.arange(10) / 3)
    batch = next(batches(data, [Plan(np.array([1, 2]), 4)], 2))
    assert batch.targets.dtype == np.float32
    assert batch.targets.tolist() == pytest.approx([1 / 3, 2 / 3])


def test_a_piece_larger_than_the_batch_is_refused():
    with pytest.raises(ShapeError, match="3 sequences do not fit into batch_size=2"):
        list(batches(make(), [Plan(np.arange(3), 4)], 2))
