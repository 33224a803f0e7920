"""Counting predicts as a loop over the definition does, and its probabilities add up to one."""

import itertools

import numpy as np
import pytest

from throughtime.tasks.symbol_counts import SymbolCounts

IDS = np.random.default_rng(3).choice(5, 400, p=[0.5, 0.2, 0.15, 0.14, 0.01]).astype(np.uint8)
HELD_OUT = np.array([0, 6, 1, 1, 4, 5, 0, 3, 2], np.uint8)
SIZE = 7


def by_definition(pairs: dict[tuple[int, int], int], first: int, second: int) -> float:
    """Return p(second | first) as Witten & Bell have it, from a table of counts."""
    unigram = (int((second == IDS).sum()) + 1) / (len(IDS) + SIZE)
    followers = {b: n for (a, b), n in pairs.items() if a == first}
    total, distinct = sum(followers.values()), len(followers)
    if not total:
        return unigram
    return (followers.get(second, 0) + distinct * unigram) / (total + distinct)


def test_the_losses_are_those_of_the_definition() -> None:
    counts = SymbolCounts.of(IDS, SIZE)
    pairs: dict[tuple[int, int], int] = {}
    for a, b in zip(IDS[:-1].tolist(), IDS[1:].tolist(), strict=True):
        pairs[a, b] = pairs.get((a, b), 0) + 1
    unigram = [-np.log((np.sum(b == IDS) + 1) / (len(IDS) + SIZE)) for b in HELD_OUT[1:]]
    bigram = [-np.log(by_definition(pairs, int(a), int(b))) for a, b in itertools.pairwise(HELD_OUT)]
    np.testing.assert_allclose(counts.unigram_losses(HELD_OUT), unigram, rtol=1e-12)
    np.testing.assert_allclose(counts.bigram_losses(HELD_OUT), bigram, rtol=1e-12)
    assert counts.seen(4)
    assert not counts.seen(6)


@pytest.mark.parametrize("most_pairs", [3, 1000])
def test_probabilities_add_up_to_one_and_survive_saving(most_pairs: int) -> None:
    counts = SymbolCounts.of(IDS, SIZE, most_pairs)
    again = SymbolCounts.model_validate_json(counts.model_dump_json())
    for first in range(SIZE):
        pairs = np.array([[first, second] for second in range(SIZE)])
        each = [again.bigram_losses(pair)[0] for pair in pairs]
        assert np.exp(-np.array(each)).sum() == pytest.approx(1, abs=1e-12)
