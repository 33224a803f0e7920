"""Symbols are drawn with the probabilities that the settings define, and from the symbols that they leave."""

import itertools
from collections import Counter

import numpy as np
import pytest

from throughtime.core.errors import OptionError
from throughtime.tasks.sampling import Sampler, Sampling

SCORES = np.log(np.array([0.05, 0.4, 0.15, 0.3, 0.1], np.float32))


def drawn(count: int = 4000, scores: np.ndarray = SCORES, **settings: float) -> Counter[int]:
    """Return how often each symbol is drawn, each time as the first one."""
    sampling, generator = Sampling.parse(settings), np.random.default_rng(0)
    return Counter(Sampler(sampling, generator).draw(scores) for _ in range(count))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return probabilities, in float64."""
    weights = np.exp(scores.astype(np.float64))
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, softmax(SCORES)),
        ({"temperature": 0.5}, softmax(SCORES / 0.5)),
        ({"temperature": 2.0}, softmax(SCORES / 2)),
        ({"top_k": 2}, np.array([0, 4, 0, 3, 0]) / 7),
        ({"top_k": 9}, softmax(SCORES)),
        ({"top_p": 0.6}, np.array([0, 4, 0, 3, 0]) / 7),
        ({"top_p": 0.75}, np.array([0, 40, 15, 30, 0]) / 85),
        ({"top_p": 0.01}, np.array([0, 1, 0, 0, 0])),
        ({"top_k": 3, "top_p": 0.5, "temperature": 1.0}, np.array([0, 4, 0, 3, 0]) / 7),
        ({"temperature": 0}, np.array([0, 1, 0, 0, 0])),
        ({"temperature": 1e-9}, np.array([0, 1, 0, 0, 0])),
    ],
)
def test_frequencies_are_the_probabilities(settings: dict[str, float], expected: np.ndarray) -> None:
    count = 4000
    found = drawn(count, **settings)
    frequencies = np.array([found[symbol] for symbol in range(len(SCORES))]) / count
    assert np.all(np.abs(frequencies - expected) <= 4 * np.sqrt(expected * (1 - expected) / count))
    assert set(found) == set(np.flatnonzero(expected).tolist())


def test_a_forbidden_symbol_is_never_drawn() -> None:
    sampler = Sampler(Sampling(), np.random.default_rng(0), never=(1, 3))
    assert {sampler.draw(SCORES) for _ in range(300)} == {0, 2, 4}


def test_what_was_written_lately_is_less_likely() -> None:
    scores = np.array([2.0, 1.9, -1.0])
    sampler = Sampler(Sampling(temperature=0, repetition_penalty=1.5, repetition_window=1), _chance())
    # Penalised, 2 becomes 1.33; after symbol 1, 1.9 becomes 1.27, and symbol 0 is out of the window again.
    assert [sampler.draw(scores) for _ in range(4)] == [0, 1, 0, 1]
    negative = Sampler(Sampling(temperature=0, repetition_penalty=1.5), _chance())
    assert [negative.draw(np.array([-1.0, -1.2])) for _ in range(2)] == [0, 1]


def test_no_row_is_written_twice() -> None:
    scores = np.zeros(20)
    sampler = Sampler(Sampling(no_repeat=2), np.random.default_rng(1))
    text = [sampler.draw(scores) for _ in range(80)]
    pairs = list(itertools.pairwise(text))
    assert len(set(pairs)) == len(pairs)
    plain = Sampler(Sampling(), np.random.default_rng(1))
    text = [plain.draw(scores) for _ in range(80)]
    assert len(set(itertools.pairwise(text))) < 79
    once = Sampler(Sampling(no_repeat=1), np.random.default_rng(1))
    assert sorted(once.draw(scores) for _ in range(20)) == list(range(20))
    assert once.draw(scores) in range(20)  # nothing is left, and so anything goes


def test_one_seed_gives_one_text() -> None:
    texts = [[Sampler(Sampling(), np.random.default_rng(seed)).draw(SCORES)] for seed in (5, 5)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1}, "temperature is -1; it has to be greater than or equal to 0"),
        ({"top_p": 0}, "top_p is 0; it has to be greater than 0"),
        ({"top_p": 1.5}, "top_p is 1.5; it has to be less than or equal to 1"),
        ({"top_k": 0}, "top_k is 0; it has to be greater than or equal to 1"),
        ({"repetition_penalty": 0}, "repetition_penalty is 0; it has to be greater than 0"),
        ({"no_repeat": 0}, "no_repeat is 0; it has to be greater than or equal to 1"),
        ({"heat": 1}, "there is no setting 'heat'"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Sampling.parse(settings)


def _chance() -> np.random.Generator:
    return np.random.default_rng(0)
