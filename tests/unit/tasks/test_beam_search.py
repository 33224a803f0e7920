"""The search for a decoder's best target: greedy when narrow, exhaustive when wide, batched, cut off."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from throughtime.core.errors import OptionError
from throughtime.tasks.beam_search import beam_search
from throughtime.tasks.hypotheses import Hypotheses

SYMBOLS, MOST, BATCH = 3, 4, 5
END = SYMBOLS
pytestmark = pytest.mark.usefixtures("float64")
TABLE = np.random.default_rng(0).normal(size=(BATCH, SYMBOLS + 1, 7, SYMBOLS + 1)) * 2
"""Scores by example, last symbol (-1 is the last row) and a number that remembers what came before."""


def decoder(state: dict[str, jax.Array], symbols: jax.Array) -> tuple[dict[str, jax.Array], jax.Array]:
    """Score by a table: the state is the example and a mixture of all symbols so far."""
    memory = (state["memory"] * 3 + symbols + 1) % 7
    scores = jnp.asarray(TABLE)[state["example"], symbols, memory]
    return {"example": state["example"], "memory": memory}, scores


def start(batch: range = range(BATCH)) -> dict[str, jax.Array]:
    return {"example": jnp.array(batch), "memory": jnp.zeros(len(batch), int)}


def _search(state: dict[str, jax.Array], width: int, penalty: float) -> Hypotheses:
    size = len(state["memory"])
    return beam_search(
        decoder, state, batch_size=size, width=width, most_symbols=MOST, length_penalty=penalty
    )


def search(width: int, penalty: float = 0.0, batch: range = range(BATCH)) -> Hypotheses:
    return quick_jit(_search, "width", "penalty")(start(batch), width=width, penalty=penalty)


def log_probability(example: int, path: tuple[int, ...]) -> float:
    """Add up the log-probabilities of a path, symbol by symbol."""
    total, memory, last = 0.0, 0, -1
    for symbol in path:
        memory = (memory * 3 + last + 1) % 7
        scores = TABLE[example, last, memory]
        total += scores[symbol] - np.log(np.exp(scores).sum())
        last = symbol
    return total


def targets() -> list[tuple[int, ...]]:
    """Every path: those that end, and those that are as long as may be and do not."""
    finished = [(*body, END) for length in range(MOST) for body in product(range(SYMBOLS), repeat=length)]
    return finished + list(product(range(SYMBOLS), repeat=MOST))


def test_a_beam_as_wide_as_there_are_targets_finds_all_in_order() -> None:
    paths, penalty = targets(), 0.7
    found = search(len(paths), penalty)
    for example in range(BATCH):
        scored = []
        for path in paths:
            value = log_probability(example, path)
            scored.append((path[-1] != END, -value / ((5 + len(path)) / 6) ** penalty, path, value))
        for place, (cut_off, score, path, value) in enumerate(sorted(scored)):
            length = len(path) - (path[-1] == END)
            assert found.lengths[example, place] == length
            assert tuple(found.symbols[example, place, :length].tolist()) == path[:length]
            assert np.all(found.symbols[example, place, length:] == -1)
            np.testing.assert_allclose(found.log_probabilities[example, place], value, atol=1e-12)
            np.testing.assert_allclose(found.scores[example, place], -score, atol=1e-12)
            assert found.is_finished[example, place] != cut_off


def test_a_beam_of_one_follows_the_likeliest_symbol() -> None:
    found = search(1)
    for example in range(BATCH):
        path: tuple[int, ...] = ()
        while len(path) < MOST and (not path or path[-1] != END):
            path = max(
                ((*path, symbol) for symbol in range(SYMBOLS + 1)), key=lambda p: log_probability(example, p)
            )
        length = found.lengths[example, 0]
        assert tuple(found.symbols[example, 0, :length].tolist()) == tuple(s for s in path if s != END)
        assert found.is_finished[example, 0] == (path[-1] == END)


def test_a_search_of_a_few_is_what_the_paper_says() -> None:
    """A beam of three, one example at a time, with lists: what ends leaves and takes its room with it."""
    found = search(3)
    for example in range(BATCH):
        under_way, finished = [()], []
        for _ in range(MOST):
            longer = sorted(
                ((*path, symbol) for path in under_way for symbol in range(SYMBOLS + 1)),
                key=lambda path: -log_probability(example, path),
            )[: 3 - len(finished)]
            finished += [path for path in longer if path[-1] == END]
            under_way = [path for path in longer if path[-1] != END]
        finished.sort(key=lambda path: -log_probability(example, path))
        expected = [log_probability(example, path) for path in (*finished, *under_way)]
        np.testing.assert_allclose(found.log_probabilities[example], expected, atol=1e-12)


def test_a_batch_is_its_examples() -> None:
    every = search(3)
    for example in range(BATCH):
        alone = search(3, batch=range(example, example + 1))
        for one, many in zip(alone, every, strict=True):
            np.testing.assert_array_equal(one[0], many[example])


def test_settings_out_of_range() -> None:
    with pytest.raises(OptionError, match="width is 0; choose a whole number of at least 1"):
        search(0)
    with pytest.raises(OptionError, match=r"length_penalty is -1\.0; choose 0 or more"):
        search(1, -1.0)
