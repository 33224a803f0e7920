"""Keys depend on seed, purpose and count alone, and on each of them."""

import itertools

import jax
import numpy as np
import pytest

from throughtime.core.errors import OptionError
from throughtime.core.randomness import generator_for, key_for

USES = list(itertools.product((0, 1, 2**32 - 1), ("weights", "dropout", "shuffle"), (0, 1, 7)))


def test_same_use_same_key() -> None:
    for use in USES:
        assert np.array_equal(jax.random.key_data(key_for(*use)), jax.random.key_data(key_for(*use)))
        assert generator_for(*use).random() == generator_for(*use).random()


def test_every_use_draws_something_else() -> None:
    keys = {tuple(np.asarray(jax.random.key_data(key_for(*use)))) for use in USES}
    numbers = {generator_for(*use).random() for use in USES}
    assert len(keys) == len(numbers) == len(USES)


def test_purposes_are_independent() -> None:
    draws = [np.asarray(jax.random.normal(key_for(0, name), (4000,))) for name in ("weights", "dropout")]
    draws.append(np.asarray(jax.random.normal(key_for(0, "weights", 1), (4000,))))
    correlations = np.corrcoef(draws)[np.triu_indices(3, 1)]
    assert np.all(np.abs(correlations) < 5 / np.sqrt(4000))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(seed: int) -> None:
    for make in (key_for, generator_for):
        with pytest.raises(OptionError, match=rf"seed is {seed}; choose a whole number from 0 to 4294967295"):
            make(seed, "weights")
