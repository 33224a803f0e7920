"""The boundaries of lengths waste as little as possible, with as few as possible."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.core.errors import OptionError, ShapeError
from throughtime.data.batching import padding_waste, plan_epoch
from throughtime.data.lengths import extended, length_boundaries

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=60).map(np.array)


def waste(lengths, boundaries):
    ends = np.array(boundaries)[np.searchsorted(boundaries, lengths)]
    return 1 - lengths.sum() / ends.sum()


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=30).map(np.array),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.1, 0.3]),
)
def test_no_choice_of_boundaries_is_better(lengths, most, allowed):
    found = length_boundaries(lengths, most, allowed)
    shorter = [int(length) for length in np.unique(lengths)[:-1]]

    def best(count):
        return min(
            (waste(lengths, (*chosen, int(lengths.max()))) for chosen in combinations(shorter, count - 1)),
            default=1,
        )

    assert found[-1] == lengths.max()
    assert list(found) == sorted(set(found))
    assert waste(lengths, found) == pytest.approx(best(len(found)))
    if len(found) > 1:
        assert best(len(found) - 1) > allowed
    if len(found) < min(most, len(shorter) + 1):
        assert waste(lengths, found) <= allowed + 1e-12


@given(LENGTHS, st.integers(1, 9), st.integers(1, 5))
def test_with_the_batch_size_the_waste_of_the_plan_itself_is_the_least(lengths, batch_size, most):
    found = length_boundaries(lengths, most, 0.0, batch_size=batch_size)
    without = length_boundaries(lengths, most, 0.0)

    def of(boundaries):
        return padding_waste(
            plan_epoch(lengths, boundaries, batch_size, seed=0, epoch=0), lengths, batch_size
        )

    assert of(found) <= of(without) + 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_sentences_waste_less_than_15_percent(seed):
    generator = np.random.default_rng(seed)
    lengths = np.clip(generator.lognormal(np.log(21) - 0.125, 0.5, 7108).round(), 1, 60).astype(int)
    boundaries = length_boundaries(lengths, batch_size=64)
    assert len(boundaries) <= 8
    plan = plan_epoch(lengths, boundaries, 64, seed=seed, epoch=1)
    assert padding_waste(plan, lengths, 64) < 0.12
    assert len({piece.time_steps for piece in plan}) <= 8


def test_more_lengths_than_candidates_still_waste_little_and_keep_the_greatest():
    lengths = np.arange(1, 20_001)
    boundaries = length_boundaries(lengths, 8, 0.07)
    assert boundaries[-1] == 20_000
    assert waste(lengths, boundaries) < 0.12


def test_one_length_needs_one_boundary():
    assert length_boundaries(np.full(10, 60)) == (60,)


@pytest.mark.parametrize(
    ("lengths", "options", "error", "message"),
    [
        ([], {}, ShapeError, "but there are none; leave empty sequences out"),
        ([3, 0], {}, ShapeError, "but the least is 0"),
        ([3], {"most": 0}, OptionError, "most is 0, batch_size 1, waste 0.1; choose most >= 1"),
        ([3], {"waste": 1.0}, OptionError, "waste 1.0"),
        ([3], {"batch_size": 0}, OptionError, "batch_size 0"),
    ],
)
def test_impossible_settings_are_refused(lengths, options, error, message):
    with pytest.raises(error, match=message):
        length_boundaries(np.array(lengths, int), **options)


def test_longer_sequences_need_few_more_boundaries():
    assert extended((4, 10), 10) == (4, 10)
    assert extended((4, 10), 11) == (4, 10, 15)
    assert extended((4, 10), 40) == (4, 10, 15, 23, 35, 53)
    assert extended((1,), 3) == (1, 2, 3)
