"""The softmax over candidates estimates the whole one, and is the whole one when all symbols are there."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from throughtime import BPTT, GRU, Bidirectional, Embedding, Linear, Stack, TiedStack
from throughtime.core.errors import OptionError
from throughtime.learning.candidates import candidate_gradient, draw_candidates, with_candidates

VOCABULARY, TIME, BATCH = 23, 4, 3
KEYS = jax.random.split(jax.random.key(0), 8)
INPUTS = jax.random.randint(KEYS[0], (TIME, BATCH), 0, VOCABULARY)
TARGETS = jax.random.randint(KEYS[1], (TIME, BATCH), 0, VOCABULARY)
MASK = jax.random.uniform(KEYS[2], (TIME, BATCH))
CELLS = [Embedding(VOCABULARY, 5, scale=1.0, key=KEYS[3]), GRU(5, 5, key=KEYS[4])]
TIED = eqx.tree_at(lambda stack: stack.bias, TiedStack(CELLS), jax.random.normal(KEYS[5], VOCABULARY))
UNTIED = Stack([*CELLS, Linear(5, VOCABULARY, key=KEYS[6])])


def cross_entropy(output: Any, target: Any) -> Any:
    return -jax.nn.log_softmax(output)[target]


@pytest.mark.parametrize("network", [TIED, UNTIED], ids=["tied", "untied"])
def test_with_all_symbols_it_is_the_softmax(network: Any) -> None:
    def whole(network: Any) -> Any:
        return BPTT().gradient(network, cross_entropy, (), None, INPUTS, TARGETS, MASK)

    def some(network: Any) -> Any:
        return candidate_gradient(
            BPTT(), network, VOCABULARY + 9, (), None, INPUTS, TARGETS, MASK, key=KEYS[7]
        )

    expected, found = quick_jit(whole)(network), quick_jit(some)(network)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-6)
    ours, theirs = (jax.tree.leaves(one.gradient) for one in (found, expected))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(other).max() > 1e-3
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_the_sum_of_exponentials_is_right_on_average() -> None:
    scores = jax.random.normal(KEYS[6], VOCABULARY)
    targets = jnp.array([[20, 20], [3, 8]])
    draws = 3000

    def estimate(key: Any) -> tuple[Any, Any]:
        found = draw_candidates(targets, VOCABULARY, 8, key)
        return jnp.exp(scores[found.ids] + found.log_weights).sum(), found.ids[found.places]

    sums, places = jax.jit(jax.vmap(estimate))(jax.random.split(KEYS[0], draws))
    assert (places == targets).all()
    error = np.std(sums) / np.sqrt(draws)
    assert abs(np.mean(sums) - np.exp(scores).sum()) < 4 * error
    assert np.std(sums) > 0.1


def test_a_network_without_a_linear_readout_is_refused() -> None:
    gru = GRU(3, 4, key=KEYS[0])
    for network in (Stack([gru]), Bidirectional(gru, gru)):
        with pytest.raises(
            OptionError, match=r"the scores of some symbols alone .* leave softmax_samples out"
        ):
            with_candidates(network, jnp.array([0]))
