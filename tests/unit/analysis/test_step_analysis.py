"""Singular values of the step Jacobian and Lyapunov exponents, where they are known."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.unit.analysis.toy import LinearMap
from throughtime import GRU, LSTM, Bidirectional, Linear, LSTMState, Stack
from throughtime.analysis.jacobians import step_jacobians
from throughtime.analysis.lyapunov import lyapunov_exponents
from throughtime.core.errors import NotACellError, OptionError

SIZE, BATCH = 4, 2
LENGTHS = np.array([6, 4])


def draw(*shape: int, seed: int = 3) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.usefixtures("float64")
def test_an_orthogonal_recurrence_keeps_every_length() -> None:
    network = LinearMap(jnp.asarray(np.linalg.qr(draw(SIZE, SIZE))[0]))
    found = step_jacobians(network, draw(6, BATCH, SIZE), lengths=jnp.asarray(LENGTHS))
    np.testing.assert_allclose(found.real(), np.ones((10, SIZE)), rtol=1e-12)
    assert np.isnan(found.singular_values[4:, 1]).all()
    spectrum = lyapunov_exponents(network, draw(6, BATCH, SIZE), key=jax.random.key(0))
    np.testing.assert_allclose(spectrum.exponents, 0, atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_singular_values_are_those_of_the_derivative_along_the_way(key: jax.Array) -> None:
    cell = LSTM(3, SIZE, key=key)
    network = Stack([cell, Linear(SIZE, 1, key=key)])
    inputs = draw(3, 1, 3)
    found = step_jacobians(network, inputs).singular_values[:, 0]
    state = cell.initial_state()

    def step(state: LSTMState, x: jax.Array) -> LSTMState:
        return cell.step(state, cell.project(x))[0]

    derivative = quick_jit(jax.jacrev(step))
    for t in range(3):
        blocks = derivative(state, inputs[t, 0])
        whole = np.block([[np.asarray(block) for block in row] for row in blocks])
        np.testing.assert_allclose(found[t], np.linalg.svd(whole, compute_uv=False), rtol=1e-9)
        state = step(state, inputs[t, 0])
    assert found.shape == (3, 2 * SIZE)


@pytest.mark.usefixtures("float64")
def test_of_a_linear_map_the_exponents_are_the_logarithms_of_its_eigenvalues() -> None:
    values, basis = np.array([1.5, -1.0, 0.6, 0.2]), draw(SIZE, SIZE)
    network = LinearMap(jnp.asarray(basis @ np.diag(values) @ np.linalg.inv(basis)))
    inputs = jnp.zeros((120, BATCH, SIZE))
    given: Any = {"settle": 60, "key": jax.random.key(0)}
    spectrum = lyapunov_exponents(network, inputs, **given)
    np.testing.assert_allclose(spectrum.exponents, np.log(np.abs(values)), atol=1e-6)
    np.testing.assert_allclose(spectrum.of_each, [np.log(np.abs(values))] * BATCH, atol=1e-6)
    assert spectrum.steps == 60 * BATCH
    largest = lyapunov_exponents(network, inputs, count=2, **given)
    np.testing.assert_allclose(largest.exponents, spectrum.exponents[:2], atol=1e-6)
    early = lyapunov_exponents(network, inputs[:3], key=jax.random.key(0))
    assert np.abs(early.exponents - np.log(np.abs(values))).max() > 0.05, "the frame has not turned yet"


def test_what_is_forgotten_at_once_has_an_exponent_of_minus_infinity() -> None:
    network = LinearMap(jnp.diag(jnp.array([0.5, 0.0])))
    spectrum = lyapunov_exponents(
        network, jnp.zeros((8, 2, 2)), lengths=jnp.array([8, 2]), settle=3, key=jax.random.key(0)
    )
    assert spectrum.exponents[0] == pytest.approx(np.log(0.5), rel=1e-5)
    assert spectrum.exponents[1] < -15
    assert spectrum.steps == 5
    assert np.isnan(spectrum.of_each[1]).all()


@pytest.mark.parametrize("what", [step_jacobians, lyapunov_exponents])
def test_what_has_no_step_or_no_memory_is_refused(what: object, key: jax.Array) -> None:
    both = Bidirectional(GRU(2, 3, key=key), GRU(2, 3, key=key))
    with pytest.raises(NotACellError, match=r"Bidirectional must see the whole .*, so it has no step and no"):
        what(both, draw(4, 1, 2), key=key)  # type: ignore[operator]
    with pytest.raises(OptionError, match=r"Linear remembers nothing, so it has no .*; use a network with a"):
        what(Linear(2, 3, key=key), draw(4, 1, 2), key=key)  # type: ignore[operator]


def test_counts_and_settling_have_limits(key: jax.Array) -> None:
    cell = GRU(2, 3, key=key)
    with pytest.raises(OptionError, match=r"count is 4, and a state of GRU has 3 numbers; choose 1 to 3"):
        lyapunov_exponents(cell, draw(4, 1, 2), count=4, key=key)
    with pytest.raises(OptionError, match=r"settle is 4, and the longest .* has 4 steps; choose 0 to 3"):
        lyapunov_exponents(cell, draw(4, 1, 2), settle=4, key=key)
