"""Initial weights have the distributions that theory asks for."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import GRU, LSTM, Elman, ElmanState, LSTMState, initial_states, unroll
from throughtime.core.errors import OptionError, ShapeError
from throughtime.core.initializers import (
    INITIALIZERS,
    chrono,
    initializer,
    per_gate,
    sparse,
    spectral_radius,
)

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


def gradient_norms(U: jax.Array, steps: int) -> np.ndarray:
    """Return the length of the gradient by h_t in the network h_t = U h_{t-1}, for t = T - 1, ..., 0."""
    v = jnp.ones(len(U), U.dtype) / len(U) ** 0.5
    _, backwards = jax.lax.scan(lambda v, _: (U.T @ v, U.T @ v), v, None, steps)
    return np.linalg.norm(np.asarray(backwards), axis=1)


def test_alike_columns_see_the_sum_alone(key: jax.Array) -> None:
    W = np.asarray(initializer("alike")(key, (500, COLUMNS)))
    x = np.random.default_rng(0).normal(size=COLUMNS)
    np.testing.assert_allclose(W @ x, W[:, 0] * x.sum(), atol=1e-4)
    assert abs(W[:, 0].std() - 1) < 0.15


@pytest.mark.usefixtures("float64")
def test_orthogonal_keeps_the_length_of_the_gradient_in_a_linear_network() -> None:
    def norms(name: str) -> np.ndarray:
        return gradient_norms(initializer(name)(jax.random.key(0), (20, 20)), 1000)

    np.testing.assert_allclose(norms("orthogonal"), 1, rtol=0, atol=1e-12)
    assert norms("glorot")[-1] > 1e6
    assert norms("uniform")[-1] < 1e-12


def test_orthogonal_keeps_the_gradient_through_a_cell(key: jax.Array) -> None:
    # Units of tanh are all but linear near 0, where a network at rest stands.
    cell = Elman(1, 20, key=key)
    state = initial_states(cell, 1)

    def end(hidden: jax.Array) -> jax.Array:
        return unroll(cell, jnp.zeros((100, 1, 1)), ElmanState(hidden))[0].hidden

    _, backward = jax.vjp(end, state.hidden)
    (gradient,) = backward(jnp.ones((1, 20)) / 20**0.5)
    assert np.linalg.norm(gradient) == pytest.approx(1, abs=1e-4)


def test_sparse_has_so_many_connections_a_unit(key: jax.Array) -> None:
    W = np.asarray(initializer("sparse")(key, (400, 100)))
    np.testing.assert_array_equal((W != 0).sum(axis=1), 15)
    np.testing.assert_array_equal((np.asarray(sparse(3)(key, (400, 100))) != 0).sum(axis=1), 3)
    # Every unit is connected to as often as another, up to chance: 60 times, give or take 7.1.
    assert np.abs((W != 0).sum(axis=0) - 60).max() < 5 * np.sqrt(400 * 0.15 * 0.85)
    weights = W[W != 0]
    assert weights.mean() == pytest.approx(0, abs=5 / np.sqrt(15 * weights.size))
    assert weights.var() == pytest.approx(1 / 15, rel=5 * np.sqrt(2 / weights.size))
    assert np.asarray(sparse(15, scale=1.0)(key, (400, 100))).std() == pytest.approx(0.15**0.5, rel=0.05)


def test_sparse_with_few_columns_takes_them_all(key: jax.Array) -> None:
    W = np.asarray(initializer("sparse")(key, (2000, 3)))
    assert np.all(W != 0)
    assert W.var() == pytest.approx(1 / 3, rel=5 * np.sqrt(2 / W.size))


def test_what_a_unit_receives_does_not_grow_with_the_layer(key: jax.Array) -> None:
    for columns in (20, 2000):
        received = np.asarray(initializer("sparse")(key, (1000, columns))) @ np.ones(columns)
        assert received.std() == pytest.approx(1, rel=5 / np.sqrt(2 * 1000))


@pytest.mark.parametrize("radius", [0.5, 1.1])
def test_spectral_radius_is_the_largest_eigenvalue(radius: float, key: jax.Array) -> None:
    U = np.asarray(spectral_radius(radius)(key, (60, 60)))
    assert np.abs(np.linalg.eigvals(U)).max() == pytest.approx(radius, rel=1e-5)
    np.testing.assert_array_equal((U != 0).sum(axis=1), 15)
    dense = np.asarray(spectral_radius(radius, of=initializer("orthogonal"))(key, (6, 6)))
    np.testing.assert_allclose(dense @ dense.T, radius**2 * np.eye(6), atol=1e-5)


@pytest.mark.usefixtures("float64")
def test_a_linear_network_fades_by_its_spectral_radius() -> None:
    for radius in (0.9, 1.1):
        norms = gradient_norms(spectral_radius(radius)(jax.random.key(0), (20, 20)), 2000)
        rate = (norms[-1] / norms[-1001]) ** (1 / 1000)
        assert rate == pytest.approx(radius, rel=1e-3)


def test_spectral_radius_by_name_is_that_of_the_paper(key: jax.Array) -> None:
    U = np.asarray(Elman(3, 40, recurrent_initializer="spectral_radius", key=key).recurrent_weight)
    assert np.abs(np.linalg.eigvals(U)).max() == pytest.approx(1.1, rel=1e-5)


def test_each_gate_has_the_spectral_radius(key: jax.Array) -> None:
    drawn = spectral_radius(0.7)
    for cell in (
        LSTM(3, 20, recurrent_initializer=drawn, key=key),
        GRU(3, 20, recurrent_initializer=drawn, key=key),
    ):
        for gate in np.asarray(cell.recurrent_weight).reshape(-1, 20, 20):
            assert np.abs(np.linalg.eigvals(gate)).max() == pytest.approx(0.7, rel=1e-5)


def test_only_square_matrices_have_eigenvalues(key: jax.Array) -> None:
    with pytest.raises(
        ShapeError, match=r"of a matrix of shape \[5, 3\], and only square .*recurrent_initializer"
    ):
        Elman(3, 5, input_initializer="spectral_radius", key=key)
    nothing = spectral_radius(of=lambda key, shape: jnp.zeros(shape))
    with pytest.raises(OptionError, match=r"all eigenvalues of the matrix that was drawn are 0"):
        nothing(key, (3, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sparse(0), r"connections is 0; choose a whole number of at least 1"),
        (lambda: sparse(scale=0.0), r"scale is 0\.0; choose a standard deviation above 0"),
        (lambda: spectral_radius(-1.0), r"radius is -1\.0; choose a spectral radius above 0"),
        (lambda: spectral_radius(float("nan")), r"radius is nan; choose a spectral radius above 0"),
    ],
)
def test_parameters_out_of_range(make: Callable[[], object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        make()


def test_an_irnn_keeps_its_state(key: jax.Array) -> None:
    cell = Elman(1, 4, activation="relu", recurrent_initializer="identity", key=key)
    before = ElmanState(jnp.array([[0.1, 2.0, 0.0, 30.0]]))
    after, _ = unroll(cell, jnp.zeros((1000, 1, 1)), before)
    np.testing.assert_array_equal(after.hidden, before.hidden)
    forgetful, _ = unroll(
        Elman(1, 4, activation="relu", recurrent_initializer="glorot", key=key),
        jnp.zeros((1000, 1, 1)),
        before,
    )
    assert np.abs(forgetful.hidden - before.hidden).max() > 1


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
    one, again, other = (np.asarray(draw(jax.random.key(seed), (4, 4))) for seed in (0, 0, 1))
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


def test_chrono_gates_forget_within_the_steps_asked_for(key: jax.Array) -> None:
    cell = LSTM(3, 500, memory_steps=100, key=key)
    forget = np.asarray(jax.nn.sigmoid(jnp.split(cell.bias, 4)[1]))
    assert forget.min() >= 1 / 2
    assert 1 - 1 / 90 < forget.max() <= 1 - 1 / 100 + 1e-6
    steps = 1 / (1 - forget)
    assert steps.mean() == pytest.approx(51, abs=5 * 98 / np.sqrt(12 * 500))


def test_forget_bias_is_what_is_kept_of_a_memory(key: jax.Array) -> None:
    for bias in (0.0, 1.0, 3.0):
        cell = LSTM(1, 4, forget_bias=bias, input_initializer=zeros, recurrent_initializer=zeros, key=key)
        before = LSTMState(jnp.zeros((1, 4)), jnp.ones((1, 4)))
        after, _ = unroll(cell, jnp.zeros((10, 1, 1)), before)
        np.testing.assert_allclose(after.cell, (1 / (1 + np.exp(-bias))) ** 10, rtol=1e-5)


def zeros(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return jnp.zeros(shape)


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
