"""The kernels give the numbers of plain JAX: every family, build and type, at sizes that fit no vector."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.unit.kernels.cases import (
    BUILT,
    FAMILIES,
    TOLERANCE,
    Case,
    assert_fused_is_scan,
    both_directions,
    draw,
)
from throughtime import GRU, Elman, ElmanState, GRUState, unroll
from throughtime.core.fused import kernels
from throughtime.kernels import families

by_family = pytest.mark.parametrize("family", FAMILIES)
by_build = pytest.mark.parametrize("build", BUILT)
by_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def test_the_kernels_were_built() -> None:
    assert "baseline" in BUILT, "build them (see CMakeLists.txt); without them nothing is shown here"


def test_every_family_has_a_case() -> None:
    assert set(FAMILIES) == set(families.FAMILIES)


@by_family
@by_dtype
@pytest.mark.parametrize(
    ("steps", "batch", "hidden", "lengths"),
    [(4, 1, 1, (3,)), (6, 3, 7, (6, 0, 4)), (5, 5, 37, (2, 5, 0, 1, 4))],
    ids=["1", "7", "37"],
)
@pytest.mark.usefixtures("float64")
def test_fused_is_scan(
    family: str, dtype: str, steps: int, batch: int, hidden: int, lengths: tuple[int, ...]
) -> None:
    for build in BUILT:
        assert_fused_is_scan(build, Case(family, steps, batch, hidden, dtype, lengths))


@by_family
@pytest.mark.usefixtures("float64")
def test_without_lengths(family: str) -> None:
    assert_fused_is_scan(BUILT[-1], Case(family, 6, 9, 19, "float64"))


@by_family
@pytest.mark.usefixtures("float64")
def test_sums_over_many_steps_are_cut_into_parts(family: str) -> None:
    # More steps than the weights' gradient packs at once, and than W x + b is computed for at once.
    lengths = tuple(n % 13 for n in range(150))
    assert_fused_is_scan(BUILT[-1], Case(family, 12, 150, 33, "float64", lengths))


@by_family
@by_dtype
def test_infinity_and_nan_pass(family: str, dtype: str) -> None:
    with jax.enable_x64(dtype == "float64"):
        cell, state, inputs = draw(Case(family, 5, 4, 7, dtype))
        for row, value in enumerate((np.inf, -np.inf, np.nan)):
            inputs = inputs.at[2, row, 1].set(value)
        lengths = jnp.array([5, 4, 3, 5])
        plain = _both(cell, state, inputs, lengths, choice="off")
        assert any(np.any(np.isnan(leaf)) for leaf in jax.tree.leaves(plain))
        for build in BUILT:
            fused = _both(cell, state, inputs, lengths, choice=build)
            for one, other in zip(*map(jax.tree.leaves, (fused, plain)), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=TOLERANCE[dtype], err_msg=build)


def _both(*arguments: Any, choice: str) -> Any:
    def run(*arguments: Any, choice: str) -> Any:
        with kernels(choice):
            return both_directions(*arguments)

    return jax.jit(run, static_argnames="choice")(*arguments, choice=choice)


@by_build
@by_dtype
def test_functions_keep_their_precision_near_zero_and_far_from_it(build: str, dtype: str) -> None:
    with jax.enable_x64(True), kernels(build):
        sizes = np.concatenate([np.logspace(-30, 2.8, 4000), [0.0, np.inf]])
        x = np.concatenate([-sizes, sizes]).astype(dtype)
        x = x[: len(x) // 8 * 8].reshape(1, -1, 1)
        exact = x.astype(np.longdouble)
        nothing = jnp.zeros((x.shape[1], 1), dtype)
        elman = jax.tree.map(lambda leaf: jnp.zeros_like(leaf, dtype), Elman(1, 1, key=jax.random.key(0)))
        identity = eqx.tree_at(lambda cell: cell.input_weight, elman, jnp.ones((1, 1), dtype))
        tanh = unroll(identity, jnp.asarray(x), ElmanState(nothing))[1]
        gru = jax.tree.map(lambda leaf: jnp.zeros_like(leaf, dtype), GRU(1, 1, key=jax.random.key(0)))
        gate = eqx.tree_at(lambda cell: cell.input_weight, gru, jnp.array([[0], [1], [0]], dtype))
        # The other gates multiply infinity by their weight of zero, so it stays out here.
        sigmoid = unroll(gate, jnp.asarray(np.clip(x, -700, 700)), GRUState(nothing + 1))[1]
        least = np.finfo(dtype).tiny * 10
        bound = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(tanh, np.tanh(exact), rtol=float(bound), atol=float(least))
        np.testing.assert_allclose(
            sigmoid, 1 / (1 + np.exp(-np.clip(exact, -700, 700))), rtol=float(bound), atol=float(least)
        )
        assert tanh[0, -1, 0] == 1


@by_family
def test_ten_thousand_steps_stay_finite(family: str) -> None:
    cell = FAMILIES[family](3, 8, key=jax.random.key(1))
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(10_000, 2, 3)), jnp.float32)
    gradient = jax.jit(jax.grad(lambda cell: jnp.mean(unroll(cell, inputs)[1] ** 2)))(cell)
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(gradient))
    assert float(jnp.max(jnp.abs(gradient.recurrent_weight))) > 0
