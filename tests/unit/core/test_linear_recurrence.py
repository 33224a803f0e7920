"""Linear recurrences: both executions, under every transformation, against loops written out."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.agreement import assert_close, assert_visible
from tests.laws.compilation import quick_jit
from throughtime import LRU, ComplexState, MinGRU, initial_states, unroll
from throughtime.core.linear_recurrence import by_associative_scan, by_scan, linear_recurrence

pytestmark = pytest.mark.usefixtures("float64")

EXECUTIONS = (linear_recurrence, by_scan, by_associative_scan)
STEPS = 6


def draw(*, is_complex: bool, steps: int = STEPS) -> tuple[Any, Any, Any]:
    """Return a, b and an initial state."""
    rng = np.random.default_rng(7)

    def numbers(*shape: int) -> Any:
        parts = [jnp.asarray(rng.normal(size=(*shape, 2, 3))) for _ in range(2)]
        return ComplexState(*parts) if is_complex else parts[0]

    return numbers(steps), numbers(steps), numbers()


def as_numpy(numbers: Any) -> np.ndarray:
    if isinstance(numbers, ComplexState):
        return np.asarray(numbers.real) + 1j * np.asarray(numbers.imaginary)
    return np.asarray(numbers)


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("steps", [1, STEPS])
def test_execution_is_the_loop(
    execution: Callable[..., Any], is_complex: bool, reverse: bool, steps: int
) -> None:
    given = draw(is_complex=is_complex, steps=steps)
    a, b, h = map(as_numpy, given)
    expected = np.empty_like(a)
    for t in range(steps)[:: -1 if reverse else 1]:
        h = expected[t] = a[t] * h + b[t]
    np.testing.assert_allclose(as_numpy(execution(*given, reverse)), expected, rtol=0, atol=1e-12)


def value(execution: Callable[..., Any], arguments: Any) -> Any:
    """Return a sum over what both directions give, each number with another weight."""
    leaves = jax.tree.leaves([execution(*arguments, reverse) for reverse in (False, True)])
    return sum(
        jnp.sum(jnp.sin(leaf) * jnp.cos(n + jnp.arange(leaf.size)).reshape(leaf.shape))
        for n, leaf in enumerate(leaves)
    )


def pair(arguments: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.stack([leaf, 0.9 * leaf + 0.1]), arguments)


def moved(arguments: Any) -> Any:
    return jax.tree.map(jnp.cos, arguments)


def slope(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda a: jax.jvp(f, (a,), (moved(a),))[1]


TRANSFORMED: dict[str, Callable[[Callable[[Any], Any]], Callable[[Any], Any]]] = {
    "grad": jax.grad,
    "jvp": slope,
    "grad_of_jvp": lambda f: jax.grad(slope(f)),
    "jvp_of_grad": lambda f: lambda a: jax.jvp(jax.grad(f), (a,), (moved(a),))[1],
    "vmap_of_grad": lambda f: lambda a: jax.vmap(jax.grad(f))(pair(a)),
    "grad_of_vmap": lambda f: jax.grad(lambda a: jnp.sum(jax.vmap(f)(pair(a)) ** 2)),
    "jacfwd": jax.jacfwd,
    "checkpoint": lambda f: jax.grad(jax.checkpoint(f)),
}


@pytest.mark.parametrize("name", TRANSFORMED)
@pytest.mark.parametrize("is_complex", [False, True])
def test_transformation(name: str, is_complex: bool) -> None:
    arguments = draw(is_complex=is_complex)

    def transformed(execution: Callable[..., Any]) -> Any:
        return quick_jit(TRANSFORMED[name](lambda given: value(execution, given)))(arguments)

    # Neither of the two that it chooses from has a rule of its own: JAX differentiates their operations.
    given, *expected = map(transformed, EXECUTIONS)
    for each in expected:
        assert_visible(each, name)
        assert_close(given, each, 1e-11, name)


def test_each_platform_takes_what_is_faster_there() -> None:
    cell = MinGRU(3, 5, key=jax.random.key(0))
    inputs = jnp.zeros((20, 2, 3))

    def loss(cell: MinGRU) -> Any:
        return jnp.sum(unroll(cell, inputs)[1])

    def loops(platform: str) -> int:
        exported = jax.export.export(jax.jit(jax.grad(loss)), platforms=[platform])(cell)
        return exported.mlir_module().count("stablehlo.while")

    assert loops("cuda") == 0
    assert loops("cpu") == 2


def test_no_steps_leave_the_state() -> None:
    cell = LRU(3, 5, state_size=4, key=jax.random.key(0))
    state = jax.tree.map(lambda leaf: leaf + 2, initial_states(cell, 2))
    after, outputs = unroll(cell, jnp.zeros((0, 2, 3)), state)
    assert outputs.shape == (0, 2, 5)
    assert_close(after, state, 0.0, "state")
