"""Initial weights have the distributions that theory asks for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import GRU, LSTM, Elman
from throughtime.core.errors import OptionError
from throughtime.core.initializers import INITIALIZERS, chrono, initializer, per_gate

ROWS, COLUMNS = 60, 40


def test_orthogonal_rows_or_columns(key: jax.Array) -> None:
    for shape in ((ROWS, COLUMNS), (COLUMNS, ROWS)):
        W = np.asarray(initializer("orthogonal")(key, shape))
        gram = W.T @ W if shape[0] > shape[1] else W @ W.T
        np.testing.assert_allclose(gram, np.eye(COLUMNS), atol=1e-5)


def test_each_gate_is_orthogonal_by_itself(key: jax.Array) -> None:
    U = np.asarray(LSTM(3, 20, key=key).recurrent_weight).reshape(4, 20, 20)
    for gate in U:
        np.testing.assert_allclose(gate @ gate.T, np.eye(20), atol=1e-5)
    for one in range(4):
        for other in range(one):
            assert np.abs(U[one] - U[other]).max() > 0.1, f"gates {one} and {other} start alike"


def test_glorot_keeps_variance_forwards_and_backwards(key: jax.Array) -> None:
    W = np.asarray(initializer("glorot")(key, (ROWS, COLUMNS)))
    limit = np.sqrt(6 / (ROWS + COLUMNS))
    assert 0.98 * limit < np.abs(W).max() <= limit
    # The variance of a sample variance of a uniform distribution: 0.8 / n of its square.
    assert W.var() == pytest.approx(2 / (ROWS + COLUMNS), rel=5 * np.sqrt(0.8 / W.size))


def test_glorot_counts_one_gate_and_not_all(key: jax.Array) -> None:
    W = np.asarray(GRU(COLUMNS, ROWS, key=key).input_weight)
    assert W.shape == (3 * ROWS, COLUMNS)
    assert W.var() == pytest.approx(2 / (ROWS + COLUMNS), rel=5 * np.sqrt(0.8 / W.size))


def test_uniform_is_bounded_by_its_columns(key: jax.Array) -> None:
    W = np.asarray(initializer("uniform")(key, (ROWS, COLUMNS)))
    bound = COLUMNS**-0.5
    assert 0.98 * bound < np.abs(W).max() <= bound
    assert abs(W.mean()) < 5 * bound / np.sqrt(3 * W.size)


def test_identity_is_cut_or_filled(key: jax.Array) -> None:
    np.testing.assert_array_equal(initializer("identity")(key, (2, 3)), [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(initializer("identity")(key, (3, 2)), [[1, 0], [0, 1], [0, 0]])


def test_identity_with_relu_is_a_counter(key: jax.Array) -> None:
    cell = Elman(1, 4, activation="relu", recurrent_initializer="identity", key=key)
    state, _ = cell.step(cell.initial_state(), jnp.arange(4.0))
    state, _ = cell.step(state, jnp.arange(4.0))
    np.testing.assert_array_equal(state.hidden, 2 * np.arange(4.0))


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name != "identity"])
def test_other_keys_draw_other_weights(name: str) -> None:
    draw = initializer(name)
    one, again, other = (np.asarray(draw(jax.random.key(seed), (4, 3))) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert np.all(one != other)


def test_gates_are_stacked_in_rows(key: jax.Array) -> None:
    stacked = per_gate(initializer("identity"), key, 3, 2, 2)
    np.testing.assert_array_equal(stacked, np.tile(np.eye(2), (3, 1)))


def test_chrono_is_logarithmic_up_to_its_limit(key: jax.Array) -> None:
    steps = np.exp(np.asarray(chrono(key, 2000, 101)))
    assert steps.min() >= 1 - 1e-5
    assert 95 < steps.max() <= 100 + 1e-3
    assert steps.mean() == pytest.approx(50.5, abs=5 * 99 / np.sqrt(12 * 2000))


def test_chrono_sets_the_gates_that_keep(key: jax.Array) -> None:
    i, f, g, o = np.split(np.asarray(LSTM(3, 50, memory_steps=100, key=key).bias), 4)
    assert f.min() >= 0
    assert f.max() > 3
    np.testing.assert_array_equal(i, -f)
    assert not np.any(g)
    assert not np.any(o)
    r, z, n = np.split(np.asarray(GRU(3, 50, memory_steps=100, key=key).bias), 3)
    assert z.max() > 3
    assert not np.any(r)
    assert not np.any(n)


def test_chrono_needs_two_steps(key: jax.Array) -> None:
    np.testing.assert_array_equal(chrono(key, 3, 2), 0)
    with pytest.raises(OptionError, match=r"memory_steps is 1; choose a number of steps of at least 2"):
        chrono(key, 3, 1)


def test_unknown_name() -> None:
    with pytest.raises(
        OptionError, match=r"initializer is 'ortogonal' \(did you mean 'orthogonal'\?\); choose one"
    ):
        initializer("ortogonal")
