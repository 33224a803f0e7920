"""Conjugate gradients: at the minimum when they should be, and what is kept on the way."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from throughtime.core.errors import OptionError
from throughtime.learning import Descent, conjugate_gradients

SIZE = 7


def quadratic(eigenvalues: Any) -> tuple[Any, Any]:
    """Return a matrix with these eigenvalues, and a slope."""
    size = len(eigenvalues)
    axes = jnp.linalg.qr(jax.random.normal(jax.random.key(0), (size, size)))[0]
    return (axes * jnp.asarray(eigenvalues)) @ axes.T, jax.random.normal(jax.random.key(1), (size,))


def _descend(matrix: Any, slope: Any, start: Any, **options: Any) -> Descent:
    return conjugate_gradients(lambda v: matrix @ v, slope, start, **options)


def descend(matrix: Any, slope: Any, start: Any = None, **options: Any) -> Descent:
    start = jnp.zeros_like(slope) if start is None else start
    static = tuple(name for name in options if name != "preconditioner")
    return quick_jit(_descend, *static)(matrix, slope, start, **options)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("preconditioned", [False, True])
def test_minimum_after_as_many_iterations_as_dimensions(preconditioned: bool) -> None:
    matrix, slope = quadratic(np.arange(1.0, SIZE + 1))
    start = jax.random.normal(jax.random.key(2), (SIZE,))
    minimum = -jnp.linalg.solve(matrix, slope)
    options = {"preconditioner": jnp.geomspace(0.3, 5, SIZE)} if preconditioned else {}
    way = descend(matrix, slope, start, iterations=SIZE, **options)
    assert way.iterations == SIZE
    np.testing.assert_allclose(way.points[way.last], minimum, rtol=1e-9)
    np.testing.assert_allclose(way.value, slope @ minimum / 2, rtol=1e-10)
    early = descend(matrix, slope, start, iterations=SIZE - 1, **options)
    assert not np.allclose(early.points[early.last], minimum, rtol=1e-3)


@pytest.mark.usefixtures("float64")
def test_as_many_iterations_as_different_eigenvalues_and_then_it_is_flat() -> None:
    matrix, slope = quadratic([2.0, 2.0, 5.0, 5.0, 5.0, 9.0, 9.0])
    way = descend(matrix, slope, iterations=3)
    np.testing.assert_allclose(way.points[way.last], -jnp.linalg.solve(matrix, slope), rtol=1e-10)


def test_the_diagonal_as_preconditioner_solves_a_diagonal_quadratic_at_once() -> None:
    diagonal = jnp.array([0.01, 1.0, 30.0, 500.0])
    slope = jnp.array([1.0, -2.0, 3.0, 4.0])
    way = descend(jnp.diag(diagonal), slope, preconditioner=diagonal, iterations=1)
    np.testing.assert_allclose(way.points[way.last], -slope / diagonal, rtol=1e-5)
    plain = descend(jnp.diag(diagonal), slope, iterations=1)
    assert not np.allclose(plain.points[plain.last], -slope / diagonal, rtol=0.1)


@pytest.mark.usefixtures("float64")
def test_the_points_kept_are_those_of_growing_iterations() -> None:
    matrix, slope = quadratic(np.geomspace(1e-3, 10, 40))
    way = descend(matrix, slope, iterations=12, tolerance=0.0)
    kept_at = [1, 2, 3, 4, 6, 8, 11, 12]  # each 1.3 times the one before, rounded up
    assert way.points.shape == (len(kept_at), 40)
    for row, count in enumerate(kept_at):
        alone = descend(matrix, slope, iterations=count, tolerance=0.0)
        np.testing.assert_allclose(way.points[row], alone.points[alone.last], rtol=1e-9)
    values = [slope @ x + x @ matrix @ x / 2 for x in way.points]
    assert values == sorted(values, reverse=True)
    np.testing.assert_allclose(way.value, values[-1], rtol=1e-9)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("tolerance", [5e-4, 1e-2])
def test_it_ends_where_the_relative_progress_is_small(tolerance: float) -> None:
    matrix, slope = quadratic(np.geomspace(0.02, 10, 60))
    x, r = np.zeros(60), -np.asarray(slope)
    d, values = r, [0.0]
    for k in range(1, 301):  # by the book, without what the library shares
        a = r @ r / (d @ matrix @ d)
        x, after = x + a * d, r - a * (matrix @ d)
        d, r = after + d * (after @ after) / (r @ r), after
        values.append(float(slope @ x + x @ matrix @ x / 2))
        n = max(10, -(-k // 10))
        if k > n and values[k] < 0 and (values[k] - values[k - n]) / values[k] < n * tolerance:
            break
    way = descend(matrix, slope, tolerance=tolerance)
    assert 10 < way.iterations == k < 300
    np.testing.assert_allclose(way.value, values[-1], rtol=1e-5)


def test_from_the_minimum_there_is_nowhere_to_go() -> None:
    way = descend(jnp.diag(jnp.array([1.0, 4.0])), jnp.array([2.0, 8.0]), jnp.array([-2.0, -2.0]))
    assert way.iterations == 1
    np.testing.assert_array_equal(way.points[way.last], [-2.0, -2.0])


def test_a_start_with_no_way_back_to_zero_is_kept_finite() -> None:
    way = descend(jnp.zeros((2, 2)), jnp.array([1.0, 0.0]))  # a slope without end
    assert np.all(np.isfinite(way.points))
    assert way.iterations == 1


def test_no_iterations_are_refused() -> None:
    with pytest.raises(OptionError, match=r"iterations is 0; choose a whole number of at least 1"):
        conjugate_gradients(lambda v: v, jnp.ones(2), jnp.ones(2), iterations=0)
