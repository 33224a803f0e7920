"""Scalings that follow a gradient while the reservoir stays as it was drawn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from throughtime import EchoState, Elman, LearnedScaling, Linear, Stack, unroll
from throughtime.core.errors import NotACellError
from throughtime.reservoirs import scalings

KEY = jax.random.key(0)


def test_scalings_alone_are_learned() -> None:
    network = Stack([LearnedScaling(EchoState(1, 20, fan_in=3, leak=0.2, key=KEY)), Linear(20, 1, key=KEY)])
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(30, 4, 1)), jnp.float32)

    def loss(network: Stack) -> jax.Array:
        return jnp.mean((unroll(network, inputs)[1] - inputs) ** 2)

    weights, rest = eqx.partition(network, eqx.is_inexact_array)
    marks = eqx.filter(scalings(network), jax.tree.map(eqx.is_inexact_array, network))
    assert sum(jax.tree.leaves(marks)) == 3
    optimizer = optax.multi_transform({True: optax.adam(0.1), False: optax.set_to_zero()}, marks)
    state = optimizer.init(weights)
    before = float(loss(network))
    step = jax.jit(jax.grad(lambda weights: loss(eqx.combine(weights, rest))))
    for _ in range(10):
        updates, state = optimizer.update(step(weights), state, weights)
        weights = optax.apply_updates(weights, updates)
    after = eqx.combine(weights, rest)
    assert float(loss(after)) < before
    assert abs(float(after.cells[0].log_input_scale)) > 0.1
    for one, other in zip(*map(jax.tree.leaves, (network.cells[0].cell, after.cells[0].cell)), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(network.cells[1].weight, after.cells[1].weight)


@pytest.mark.usefixtures("as_users_run_it")
def test_other_cells_have_no_scalings() -> None:
    with pytest.raises(NotACellError, match="LearnedScaling goes around an EchoState, and was given Elman"):
        LearnedScaling(Elman(1, 2, key=KEY))  # type: ignore[arg-type]
