"""The chain is what the paper draws, short views of it point the wrong way, and long ones the right one."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from throughtime.core.unroll import unroll
from throughtime.learning import RULES, gradient_over_chunks
from throughtime.problems import InfluenceBalancing
from throughtime.problems.influence_balancing import OpposingInfluences

PAPER = InfluenceBalancing()


def chain(weight: float = 0.5, problem: InfluenceBalancing = PAPER) -> Any:
    network = OpposingInfluences(problem.units, problem.positive)
    return network if weight == 0.5 else jax.tree.map(lambda _: jnp.array(weight), network)


def test_the_chain_is_a_matrix_and_a_vector() -> None:
    matrix = np.diag(np.full(23, 0.5)) + np.diag(np.full(22, 0.5), 1)
    sign = np.array([1.0] * 10 + [-1.0] * 13)
    state, expected = np.ones(23), []
    for _ in range(60):
        state = matrix @ state + 0.5 * sign
        expected.append(state[0])
    _, outputs = unroll(chain(), jnp.zeros((60, 1, 1)))
    np.testing.assert_allclose(outputs[:, 0, 0], expected, rtol=1e-5)


def test_in_the_end_the_majority_decides() -> None:
    _, outputs = unroll(chain(-1 / 6), jnp.zeros((200, 1, 1)))
    np.testing.assert_allclose(outputs[100:], 1, atol=1e-4)  # 2 (2 p - n) θ, with p = 10 and n = 23
    examples = PAPER.draw(1, np.random.default_rng(0))
    assert PAPER.right(np.asarray(outputs), examples).all()
    _, started = unroll(chain(), jnp.zeros((200, 1, 1)))
    assert not PAPER.right(np.asarray(started), examples).any()
    _, idle = unroll(chain(0.0), jnp.zeros((200, 1, 1)))
    np.testing.assert_allclose((idle[-1, 0, 0] - 1) ** 2 / 2, PAPER.trivial_loss, atol=1e-4)


@pytest.mark.parametrize(("chunk_size", "is_misled"), [(1, True), (10, True), (100, False), (None, False)])
def test_a_short_view_misleads(chunk_size: int | None, is_misled: bool) -> None:
    network = PAPER.own_network()
    inputs, targets, mask, lengths = PAPER.draw(1, np.random.default_rng(0))
    gradient = functools.partial(
        gradient_over_chunks, RULES["bptt"](), loss=PAPER.loss, chunk_size=chunk_size
    )
    found = quick_jit(gradient)(network, inputs=inputs, targets=targets, mask=mask, lengths=lengths)
    # The weight is 1/2 and has to become -1/6, so that its gradient has to be positive.
    assert (float(found.gradient.weight) < 0) == is_misled


def test_a_network_without_its_input_has_one_parameter() -> None:
    network = PAPER.own_network()
    assert isinstance(network, OpposingInfluences)
    assert [leaf.shape for leaf in jax.tree.leaves(network)] == [()]
    assert network.initial_state().units.tolist() == [1.0] * 23
