"""Random, ring and orthogonal connections, their spectral radius, and matrices kept as few entries a row."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from throughtime import EchoState, SparseRows
from throughtime.core.errors import OptionError, ShapeError
from throughtime.reservoirs import scaled_to_radius, spectral_radius
from throughtime.reservoirs.spectral_radius import SMALL


def largest(matrix: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(matrix)).max())


@pytest.mark.parametrize("size", [20, SMALL + 80])
def test_radius_is_the_largest_eigenvalue(size: int, rng: np.random.Generator) -> None:
    matrix = random_array((size, size), density=4 / size, rng=rng, format="csr")
    matrix.data -= 0.5
    assert spectral_radius(matrix) == pytest.approx(largest(matrix.toarray()), rel=1e-5)
    assert spectral_radius(scaled_to_radius(matrix, 0.7)) == pytest.approx(0.7, rel=1e-5)


def test_radius_of_a_matrix_whose_largest_eigenvalues_are_all_alike() -> None:
    size = SMALL + 20
    ring = csr_array((np.full(size, 0.8), (np.arange(size), np.roll(np.arange(size), 1))))
    assert spectral_radius(ring) == pytest.approx(0.8, rel=1e-5)


def test_matrix_without_cycle_is_refused(rng: np.random.Generator) -> None:
    order = rng.permutation(60)
    hidden = np.tril(rng.normal(size=(60, 60)), -1)[np.ix_(order, order)]
    assert spectral_radius(hidden) == 0
    with pytest.raises(OptionError, match=r"has a spectral radius of 0 .its connections have no cycle."):
        scaled_to_radius(hidden, 0.9)


@pytest.mark.usefixtures("float64")
def test_few_entries_a_row_are_the_matrix(rng: np.random.Generator) -> None:
    matrix = np.where(rng.random((6, 6)) < 0.4, rng.normal(size=(6, 6)), 0)
    matrix[2] = 0
    rows = SparseRows.of(matrix)
    assert rows.weights.shape[1] == np.count_nonzero(matrix, axis=1).max()
    vector = rng.normal(size=6)
    np.testing.assert_allclose(rows.times(jnp.asarray(vector)), matrix @ vector, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(rows.dense(), matrix)
    with pytest.raises(ShapeError, match=r"a matrix of shape \[6, 5\] was given, and recurrent weights are"):
        SparseRows.of(matrix[:, :5])


def matrix_of(cell: EchoState) -> np.ndarray:
    U = cell.recurrent_weight
    return np.asarray(U.dense() if isinstance(U, SparseRows) else U, float)


@pytest.mark.parametrize("fan_in", [3, 9, 30], ids=["sparse", "dense", "all"])
def test_random_structure(fan_in: int) -> None:
    cell = EchoState(2, 30, spectral_radius=0.7, fan_in=fan_in, key=jax.random.key(1))
    assert isinstance(cell.recurrent_weight, SparseRows) == (fan_in == 3)
    matrix = matrix_of(cell)
    assert np.all(np.count_nonzero(matrix, axis=1) == fan_in)
    assert largest(matrix) == pytest.approx(0.7, rel=1e-5)


def test_ring_and_orthogonal_structure() -> None:
    ring = matrix_of(EchoState(2, 5, spectral_radius=0.7, structure="ring", key=jax.random.key(0)))
    np.testing.assert_allclose(ring, 0.7 * np.roll(np.eye(5), 1, axis=0), rtol=1e-6)
    Q = matrix_of(EchoState(2, 5, spectral_radius=0.7, structure="orthogonal", key=jax.random.key(0))) / 0.7
    np.testing.assert_allclose(Q @ Q.T, np.eye(5), atol=1e-6)


def test_input_and_bias_are_scaled() -> None:
    cell = EchoState(2, 400, input_scaling=[0.5, 3.0], bias_scaling=0.2, fan_in=1, key=jax.random.key(0))
    bounds = np.abs(np.asarray(cell.input_weight)).max(axis=0)
    assert np.all(bounds > [0.49, 2.9])
    assert np.all(bounds < [0.5, 3.0])
    assert 0.19 < np.abs(np.asarray(cell.bias)).max() < 0.2


def test_one_key_draws_one_reservoir_compiled_or_not() -> None:
    def drawn(key: jax.Array) -> EchoState:
        return EchoState(2, 30, fan_in=3, key=key)

    one, compiled = drawn(jax.random.key(1)), jax.jit(drawn)(jax.random.key(1))
    for first, second in zip(jax.tree.leaves(one), jax.tree.leaves(compiled), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-6)
    assert not np.array_equal(matrix_of(one), matrix_of(drawn(jax.random.key(2))))


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"spectral_radius": 0.0}, "spectral_radius is 0.0; choose a number above 0"),
        ({"leak": 1.5}, "leak is 1.5; choose a number above 0 and at most 1"),
        ({"gain": 0.0}, "gain is 0.0; choose a number above 0, or None for as much as leak"),
        ({"bias_scaling": -1.0}, "bias_scaling is -1.0; choose a number of at least 0"),
        ({"input_scaling": [1.0, 0.0]}, r"input_scaling is \[1.0, 0.0\]; choose numbers above 0"),
        ({"input_scaling": [1.0] * 3}, "input_scaling has 3 numbers and an element 2 features; give one"),
        ({"structure": "circle"}, "structure is 'circle'.*; choose one of random, ring, orthogonal"),
        ({"activation": "sine"}, "activation is 'sine'.*; choose one of tanh, identity, relu"),
        ({"fan_in": 0}, "fan_in is 0; choose a whole number of at least 1"),
    ],
)
def test_settings_that_make_no_reservoir(settings: dict[str, object], message: str) -> None:
    with pytest.raises((OptionError, ShapeError), match=message):
        EchoState(2, 5, **settings, key=jax.random.key(0))
