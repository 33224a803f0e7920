"""The kernels give the numbers of plain JAX: every family, build and type, at sizes that fit no vector."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.unit.kernels.cases import BUILT, FAMILIES, TOLERANCE, assert_fused_is_scan, both_directions, draw
from throughtime import GRU, Elman, ElmanState, GRUState, unroll
from throughtime.core.fused import kernels

by_family = pytest.mark.parametrize("family", FAMILIES)
by_build = pytest.mark.parametrize("build", BUILT)
by_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def test_the_kernels_were_built() -> None:
    assert "baseline" in BUILT, "build them (see CMakeLists.txt); without them nothing is shown here"


@by_family
@by_build
@by_dtype
@pytest.mark.parametrize(
    ("steps", "batch", "hidden", "lengths"),
    [(4, 1, 1, [3]), (6, 3, 7, [6, 0, 4]), (5, 5, 37, [2, 5, 0, 1, 4])],
    ids=["1", "7", "37"],
)
@pytest.mark.usefixtures("float64")
def test_fused_is_scan(
    family: str, build: str, dtype: str, steps: int, batch: int, hidden: int, lengths: list[int]
) -> None:
    assert_fused_is_scan(build, draw(family, steps, batch, hidden, dtype), jnp.array(lengths), dtype)


@by_family
@pytest.mark.usefixtures("float64")
def test_without_lengths(family: str) -> None:
    assert_fused_is_scan(BUILT[-1], draw(family, 6, 9, 19, "float64"), None, "float64")


@by_family
@by_build
@by_dtype
def test_infinity_and_nan_pass(family: str, build: str, dtype: str) -> None:
    with jax.enable_x64(dtype == "float64"):
        cell, state, inputs = draw(family, 5, 4, 7, dtype)
        for row, value in enumerate((np.inf, -np.inf, np.nan)):
            inputs = inputs.at[2, row, 1].set(value)
        results = []
        for choice in (build, "off"):
            with kernels(choice):
                results.append(jax.jit(both_directions)(cell, state, inputs, jnp.array([5, 4, 3, 5])))
        for fused, plain in zip(*map(jax.tree.leaves, results), strict=True):
            np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=TOLERANCE[dtype])
        assert any(np.any(np.isnan(leaf)) for leaf in jax.tree.leaves(results[1]))


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
    cell = FAMILIES[family](3, 8)
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(10_000, 2, 3)), jnp.float32)
    gradient = jax.jit(jax.grad(lambda cell: jnp.mean(unroll(cell, inputs)[1] ** 2)))(cell)
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(gradient))
    assert float(jnp.max(jnp.abs(gradient.recurrent_weight))) > 0
