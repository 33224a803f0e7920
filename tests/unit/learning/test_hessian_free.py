"""Hessian-free steps: exact on quadratics, careful on what is none."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.laws.compilation import quick_jit
from throughtime.learning import Curvature, HessianFreeState, hessian_free

SIZE = 6
START = {"a": np.linspace(-1, 1, 4), "b": np.array([[0.5], [2.0]])}


def flat(tree: Any) -> Any:
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)])


def unflat(vector: Any) -> Any:
    return {"a": vector[:4], "b": vector[4:].reshape(2, 1)}


def curvature(matrix: Any, hidden: Any = None) -> Curvature:
    """Return a curvature with an explicit matrix, and one for the hidden states."""
    hidden = jnp.zeros_like(matrix) if hidden is None else hidden
    return Curvature(
        lambda v, weight: unflat(matrix @ flat(v) + weight * (hidden @ flat(v))), unflat(jnp.diag(matrix))
    )


def step(
    loss: Any,
    bent: Curvature,
    state: HessianFreeState | None = None,
    parameters: Any = None,
    slope: Any = None,
    **options: Any,
) -> tuple[Any, HessianFreeState]:
    """Return the changes of one step, and the state after it; a slope given belongs to a loss of 0."""
    optimizer = hessian_free(**options)
    parameters = jax.tree.map(jnp.asarray, START if parameters is None else parameters)
    state = optimizer.init(parameters) if state is None else state

    @quick_jit
    def update(parameters: Any, state: HessianFreeState) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters)
        if slope is not None:
            value, gradient = jnp.zeros(()), jax.tree.map(jnp.asarray, slope)
        return optimizer.update(gradient, state, parameters, value=value, value_fn=loss, curvature=bent)

    return update(parameters, state)


def ill_conditioned() -> tuple[Any, Any, Any]:
    """Return a quadratic loss with eigenvalues from 1e-3 to 100, its matrix and its minimum."""
    axes = jnp.linalg.qr(jax.random.normal(jax.random.key(0), (SIZE, SIZE)))[0]
    matrix = (axes * jnp.geomspace(1e-3, 100, SIZE)) @ axes.T
    minimum = jnp.arange(1.0, SIZE + 1)

    def loss(parameters: Any) -> Any:
        away = flat(parameters) - minimum
        return away @ matrix @ away / 2

    return loss, matrix, minimum


@pytest.mark.usefixtures("float64")
def test_one_step_to_the_minimum_of_a_quadratic() -> None:
    loss, matrix, minimum = ill_conditioned()
    changes, state = step(loss, curvature(matrix), damping=1e-12, iterations=20, tolerance=0.0)
    np.testing.assert_allclose(flat(START) + flat(changes), minimum, rtol=1e-6)
    assert state.ratio == pytest.approx(1)
    assert state.step_size == 1


@pytest.mark.usefixtures("float64")
def test_it_beats_gradients_of_any_step_size() -> None:
    loss, matrix, _ = ill_conditioned()

    def descended(rate: Any) -> Any:
        body = lambda _, p: jax.tree.map(lambda w, g: w - rate * g, p, jax.grad(loss)(p))  # noqa: E731
        return loss(jax.lax.fori_loop(0, 300, body, START))

    plain = jax.jit(jax.vmap(descended))(jnp.geomspace(1e-4, 0.1, 40))
    parameters, state = START, None
    for _ in range(10):  # of at most 20 products each
        changes, state = step(loss, curvature(matrix), state, parameters, damping=0.1, iterations=20)
        parameters = optax.apply_updates(parameters, changes)
    assert loss(parameters) < 0.05 * np.nanmin(plain)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("structural", [0.0, 0.5])
def test_the_step_is_that_of_the_damped_quadratic(structural: float) -> None:
    loss, matrix, _ = ill_conditioned()
    hidden = jnp.diag(jnp.arange(1.0, SIZE + 1))
    bent = curvature(matrix, hidden)
    changes, state = step(
        loss, bent, damping=0.3, structural_damping=structural, iterations=20, tolerance=0.0
    )
    slope = flat(jax.grad(loss)(START))
    damped = matrix + 0.3 * (jnp.eye(SIZE) + structural * hidden)
    expected = -jnp.linalg.solve(damped, slope)
    np.testing.assert_allclose(flat(changes), expected, rtol=1e-8)
    np.testing.assert_allclose(flat(state.direction), expected, rtol=1e-8)
    # The ratio is that of the quadratic without damping, which is the loss itself.
    assert state.ratio == pytest.approx(1)


@pytest.mark.parametrize(("scale", "factor"), [(1.0, 2 / 3), (0.5, 1.0), (3.5, 2 / 3), (0.2, 3 / 2)])
def test_damping_follows_what_was_promised(scale: float, factor: float) -> None:
    # The loss falls by `scale` times what its slope and curvature promise: a ratio to meet each case.
    def loss(parameters: Any) -> Any:
        away = flat(parameters)
        fall = jnp.sum(away**2) / 2 - jnp.sum(flat(START) ** 2) / 2
        return jnp.where(fall < 0, scale, 1.0) * fall

    _, after = step(loss, curvature(jnp.eye(SIZE)), slope=START, damping=0.1)
    assert after.ratio == pytest.approx(scale, rel=1e-4)
    assert after.damping == pytest.approx(0.1 * factor)


@pytest.mark.parametrize("bad", [lambda p: jnp.sum(flat(p) ** 2) + 100, lambda p: jnp.nan * flat(p)[0]])
def test_a_step_that_only_raises_the_loss_is_refused(bad: Any) -> None:
    changes, state = step(bad, curvature(jnp.eye(SIZE)), slope=START, damping=0.1)
    assert state.step_size == 0
    np.testing.assert_array_equal(flat(changes), 0)
    assert state.damping == pytest.approx(0.15)


def test_a_step_too_far_is_shortened() -> None:
    # Beyond a wall at a third of the way the loss is high.
    slope = flat(START)

    def loss(parameters: Any) -> Any:
        gone = jnp.linalg.norm(flat(parameters) - slope)
        return jnp.sum(flat(parameters) ** 2) / 2 + jnp.where(gone > jnp.linalg.norm(slope) / 3, 50.0, 0.0)

    changes, state = step(loss, curvature(jnp.eye(SIZE)), damping=1e-6)
    assert state.step_size == pytest.approx(0.8**5)  # the first power below a third
    np.testing.assert_allclose(flat(changes), -(0.8**5) * slope, rtol=1e-4)
    assert state.damping == pytest.approx(1.5e-6)


def test_an_earlier_point_is_taken_where_it_is_better() -> None:
    # The loss bends more than the curvature says along the flat direction, which comes last.
    matrix = jnp.diag(jnp.array([100.0, 10.0, 1.0, 1.0, 0.1, 0.01]))

    def loss(parameters: Any) -> Any:
        w = flat(parameters)
        return w @ matrix @ w / 2 + 100 * jax.nn.relu(1 - w[5])

    options = {"damping": 1e-8, "iterations": 6, "tolerance": 0.0, "preconditioning": 0.0}
    changes, state = step(loss, curvature(matrix), **options)
    last = flat(START) + flat(state.direction)
    taken = flat(START) + flat(changes)
    assert last[5] < 0.8 < 1.0 < taken[5]
    assert state.step_size == 1
    assert loss(unflat(taken)) < 0.2 * loss(unflat(last))


def test_conjugate_gradients_go_on_from_the_last_direction() -> None:
    loss, matrix, _ = ill_conditioned()
    options = {"damping": 0.1, "iterations": 1}
    state = hessian_free().init(jax.tree.map(jnp.asarray, START))._replace(direction=unflat(jnp.ones(SIZE)))
    _, near = step(loss, curvature(matrix), state, decay=0.95, **options)
    _, afresh = step(loss, curvature(matrix), state, decay=0.0, **options)
    _, none = step(loss, curvature(matrix), **options)
    np.testing.assert_allclose(flat(afresh.direction), flat(none.direction), rtol=1e-5)
    assert not np.allclose(flat(near.direction), flat(afresh.direction), rtol=0.1)


def test_a_second_step_compiles_nothing() -> None:
    loss, matrix, _ = ill_conditioned()
    optimizer = hessian_free(iterations=3)

    @quick_jit
    def update(parameters: Any, state: HessianFreeState) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters)
        changes, state = optimizer.update(
            gradient, state, parameters, value=value, value_fn=loss, curvature=curvature(matrix)
        )
        return optax.apply_updates(parameters, changes), state

    first = jax.tree.map(jnp.asarray, START)
    after = update(first, optimizer.init(first))
    update(*after)
    assert update._cache_size() == 1


def test_the_example_of_the_page_prints_what_is_written() -> None:
    page = (Path(__file__).parents[3] / "docs" / "hessian_free.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert found is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(found[1], "hessian_free.md", "exec"), {})
    assert printed.getvalue() == "True\n"
