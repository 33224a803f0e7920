"""Dropout drops what it should, and can be switched off everywhere."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.oracles.comparisons import thins_as_it_should
from throughtime import (
    LSTM,
    Bidirectional,
    Chain,
    Dropout,
    Linear,
    NoState,
    Stack,
    apply,
    unroll,
    without_noise,
)
from throughtime.core.errors import OptionError

KEY = jax.random.key(0)


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.9])
def test_distribution(rate: float) -> None:
    thins_as_it_should(Dropout(30, rate))


@pytest.mark.parametrize("dropout", [Dropout(3, 0.0), Dropout(3, 0.5, inference=True)])
def test_no_noise_needs_no_key_and_changes_nothing(dropout: Dropout) -> None:
    inputs = jax.random.normal(KEY, (7, 2, 3))
    state, outputs = unroll(dropout, inputs)
    assert state == NoState()
    np.testing.assert_array_equal(outputs, inputs)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_impossible_rate(rate: float) -> None:
    with pytest.raises(OptionError, match=rf"the dropout rate is {rate}; choose 0 <= rate < 1"):
        Dropout(3, rate)


def test_without_noise_reaches_every_dropout_and_leaves_the_weights() -> None:
    cell = LSTM(3, 3, key=KEY)
    inside = Stack([Dropout(3, 0.5), cell])
    network = Chain([Stack([inside, Dropout(3, 0.5)]), Bidirectional(inside, inside), Linear(6, 2, key=KEY)])
    silent = without_noise(network)
    assert jax.tree.structure(silent) != jax.tree.structure(network)
    for one, other in zip(jax.tree.leaves(silent), jax.tree.leaves(network), strict=True):
        assert one is other
    bare = Chain([Stack([cell]), Bidirectional(cell, cell), Linear(6, 2, key=KEY)])
    inputs = jax.random.normal(KEY, (7, 2, 3))
    run = quick_jit(apply)
    np.testing.assert_allclose(run(silent, inputs), run(bare, inputs), atol=1e-6)
    # And the network itself still draws.
    assert not np.allclose(run(network, inputs, key=KEY), run(bare, inputs), atol=1e-3)


def test_gradient_flows_through_what_is_kept_only() -> None:
    inputs = jnp.ones((7, 2, 3))
    dropout = Dropout(3, 0.5)
    _, outputs = unroll(dropout, inputs, key=KEY)
    slope = jax.grad(lambda inputs: unroll(dropout, inputs, key=KEY)[1].sum())(inputs)
    np.testing.assert_array_equal(slope, np.where(np.asarray(outputs) != 0, 2.0, 0.0))
    assert 0 < np.count_nonzero(slope) < slope.size
