"""Under every transformation of JAX a fused recurrence behaves as the plain one."""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from tests.laws.agreement import assert_close, assert_visible
from tests.laws.compilation import quick_jit
from tests.unit.kernels.cases import BUILT, DISTINCT, FAMILIES, Case, draw, readout
from throughtime import unroll
from throughtime.core.fused import kernels

pytestmark = pytest.mark.usefixtures("float64")
LENGTHS = jnp.array([4, 0, 3])


def value(arguments: Any) -> Any:
    cell, state, inputs = arguments
    return readout(unroll(cell, inputs, state, lengths=LENGTHS))


def moved(arguments: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.cos(leaf), arguments)


def pair(arguments: Any) -> Any:
    """Two of everything, along a new leading axis."""
    return jax.tree.map(lambda leaf: jnp.stack([leaf, 0.9 * leaf + 0.1]), arguments)


def several_states(arguments: Any) -> Any:
    cell, state, inputs = arguments
    return jax.vmap(lambda state: value((cell, state, inputs)))(pair(state))


def by_examples(arguments: Any) -> Any:
    cell, state, inputs = arguments
    return jnp.sum(jax.vmap(lambda one: value((cell, one, inputs)) ** 2)(pair(state)))


def directional(arguments: Any) -> Any:
    return jax.jvp(value, (arguments,), (moved(arguments),))[1]


def slope(arguments: Any) -> Any:
    pairs = map(jax.tree.leaves, (jax.grad(value)(arguments), moved(arguments)))
    return sum(jnp.vdot(one, other) for one, other in zip(*pairs, strict=True))


def columns(arguments: Any) -> Any:
    cell, state, inputs = arguments

    def outputs(weight: Any) -> Any:
        changed = eqx.tree_at(lambda cell: cell.recurrent_weight, cell, weight)
        return unroll(changed, inputs, state)[1]

    return jax.jacfwd(outputs)(cell.recurrent_weight)


def in_a_loop(arguments: Any) -> Any:
    cell, state, inputs = arguments

    def again(state: Any, _: None) -> Any:
        after, outputs = unroll(cell, inputs, state)
        return after, outputs[-1]

    return readout(jax.lax.scan(again, state, None, length=3))


TRANSFORMED: dict[str, Callable[[Any], Any]] = {
    "jvp": directional,
    "jacfwd_by_weights": columns,
    "grad_of_grad": jax.grad(slope),
    "grad_of_jvp": jax.grad(directional),
    "jvp_of_grad": lambda a: jax.jvp(jax.grad(value), (a,), (moved(a),))[1],
    "vmap_of_states": several_states,
    "vmap_of_everything": lambda a: jax.vmap(value)(pair(a)),
    "vmap_of_grad": lambda a: jax.vmap(jax.grad(value))(pair(a)),
    "grad_of_vmap": jax.grad(by_examples),
    "grad_of_vmap_of_everything": lambda a: jax.grad(lambda p: jnp.sum(jax.vmap(value)(p) ** 2))(pair(a)),
    "checkpoint": jax.grad(jax.checkpoint(value)),
    "grad_of_loop": jax.grad(in_a_loop),
    "eager": jax.grad(value),
}


@pytest.mark.parametrize("family", DISTINCT)
@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformation(name: str, family: str) -> None:
    arguments = draw(Case(family, 4, 3, 5, "float64"))
    results = []
    for choice in (BUILT[-1], "off"):
        with kernels(choice):
            function = functools.partial(TRANSFORMED[name])
            results.append((function if name == "eager" else quick_jit(function))(arguments))
    assert_visible(results[1], name)
    assert_close(results[0], results[1], 1e-11, name)


def test_reverse_mode_stays_in_native_code() -> None:
    for name in ("vmap_of_grad", "grad_of_vmap", "grad_of_vmap_of_everything", "checkpoint", "grad_of_loop"):
        text = jax.jit(TRANSFORMED[name]).lower(draw(Case("lstm", 4, 3, 5, "float64"))).as_text()
        assert "lstm_float64_train" in text
        assert "lstm_float64_backward" in text


def test_second_call_compiles_nothing() -> None:
    traced = 0

    @jax.jit
    def counted(arguments: Any) -> Any:
        nonlocal traced
        traced += 1
        return jax.grad(value)(arguments)

    for _ in range(3):
        arguments = counted(draw(Case("gru", 4, 3, 5, "float64")))
    counted(arguments)
    assert traced == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_other_platforms_take_the_scan(family: str) -> None:
    arguments = draw(Case(family, 4, 3, 5, "float64"))
    exported = jax.export.export(jax.jit(jax.grad(value)), platforms=["cuda"])(arguments)
    assert f"throughtime_{BUILT[-1]}" not in exported.mlir_module()
