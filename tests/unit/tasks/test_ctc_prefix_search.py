"""The search for the best labelling, beside a sum over every path there is."""

from itertools import groupby, product

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.laws.compilation import quick_jit
from throughtime.core.errors import OptionError
from throughtime.tasks.ctc_prefix_search import prefix_search
from throughtime.tasks.hypotheses import Hypotheses

SYMBOLS, STEPS, LENGTHS = 2, 4, (4, 3, 1)
BLANK = SYMBOLS
SCORES = np.random.default_rng(1).normal(size=(STEPS, len(LENGTHS), SYMBOLS + 1)) * 1.5
MANY = sum(SYMBOLS**length for length in range(STEPS + 1))
"""How many labellings there are."""


def search(width: int) -> Hypotheses:
    return quick_jit(prefix_search, "width")(jnp.asarray(SCORES), jnp.array(LENGTHS), width=width)


def labellings(example: int) -> dict[tuple[int, ...], float]:
    """Add up the probability of every path by the labelling that is left of it."""
    scores = SCORES[: LENGTHS[example], example]
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    found: dict[tuple[int, ...], float] = {}
    for path in product(range(SYMBOLS + 1), repeat=len(p)):
        labelling = tuple(symbol for symbol, _ in groupby(path) if symbol != BLANK)
        found[labelling] = found.get(labelling, 0) + np.prod([p[t, s] for t, s in enumerate(path)])
    return found


@pytest.mark.usefixtures("float64")
def test_a_search_as_wide_as_there_are_labellings_sums_over_all_paths() -> None:
    found = search(MANY)
    for example in range(len(LENGTHS)):
        expected = sorted(labellings(example).items(), key=lambda item: -item[1])
        assert abs(sum(value for _, value in expected) - 1) < 1e-12
        for place, (labelling, probability) in enumerate(expected):
            length = found.lengths[example, place]
            assert tuple(found.symbols[example, place, :length].tolist()) == labelling
            np.testing.assert_allclose(
                found.log_probabilities[example, place], np.log(probability), atol=1e-12
            )
        assert np.all(found.log_probabilities[example, len(expected) :] == -np.inf)


@pytest.mark.usefixtures("float64")
def test_the_probability_is_the_one_that_is_trained() -> None:
    """optax.ctc_loss, which knows nothing of the search, is its negative logarithm."""
    found = search(MANY)
    padded = (np.arange(STEPS)[None] >= np.array(LENGTHS)[:, None]).astype(float)
    for place in (0, 2):
        labels = np.maximum(found.symbols[:, place], 0)
        past = (np.arange(STEPS)[None] >= np.asarray(found.lengths)[:, place, None]).astype(float)
        loss = optax.ctc_loss(jnp.moveaxis(SCORES, 0, 1), padded, labels, past, blank_id=BLANK)
        np.testing.assert_allclose(-loss, found.log_probabilities[:, place], atol=1e-5)


@pytest.mark.usefixtures("float64")
def test_a_narrow_search_keeps_the_best_prefixes() -> None:
    """With two prefixes, as dictionaries have it: the ones with the largest sums after each step."""
    found = search(2)
    for example, length in enumerate(LENGTHS):
        kept: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
        for t in range(length):
            p = np.exp(SCORES[t, example]) / np.exp(SCORES[t, example]).sum()
            new: dict[tuple[int, ...], list[float]] = {}
            for prefix, (b, n) in kept.items():
                new.setdefault(prefix, [0.0, 0.0])[0] += p[BLANK] * (b + n)
                for symbol in range(SYMBOLS):
                    repeats = bool(prefix) and symbol == prefix[-1]
                    if repeats:
                        new.setdefault(prefix, [0.0, 0.0])[1] += p[symbol] * n
                    new.setdefault((*prefix, symbol), [0.0, 0.0])[1] += p[symbol] * (b if repeats else b + n)
            best = sorted(new.items(), key=lambda item: -sum(item[1]))[:2]
            kept = {prefix: (b, n) for prefix, (b, n) in best}
        expected = sorted((b + n for b, n in kept.values()), reverse=True)
        np.testing.assert_allclose(np.exp(found.log_probabilities[example]), expected, atol=1e-12)


def test_settings_out_of_range() -> None:
    with pytest.raises(OptionError, match="width is 0; choose a whole number of at least 1"):
        search(0)
