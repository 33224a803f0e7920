"""The native steps of a reservoir, one sequence and many, of all lengths, beside plain JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import EchoState, initial_states, unroll
from throughtime.core.errors import UsageError
from throughtime.core.fused import kernels
from throughtime.kernels.library import available
from throughtime.reservoirs import native_run

STEPS = 9


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("build", available())
@pytest.mark.parametrize(("hidden", "fan_in", "batch"), [(21, 3, 1), (40, 5, 21), (16, 1, 7)])
@pytest.mark.parametrize("reverse", [False, True])
def test_native_steps_are_the_plain_ones(
    build: str, hidden: int, fan_in: int, batch: int, reverse: bool
) -> None:
    cell = EchoState(2, hidden, fan_in=fan_in, leak=0.4, gain=0.7, bias_scaling=0.3, key=jax.random.key(0))
    draw = np.random.default_rng(0)
    inputs = jnp.asarray(draw.normal(size=(STEPS, batch, 2)))
    state = initial_states(cell, batch)._replace(hidden=jnp.asarray(draw.normal(size=(batch, hidden))))
    lengths = jnp.asarray(draw.integers(0, STEPS + 1, batch)).at[0].set(STEPS - 1)

    def ran(choice: str, threads: int = 0) -> Any:
        with kernels(choice, threads=threads):
            return jax.tree.leaves(
                [unroll(cell, inputs, state, lengths=real, reverse=reverse) for real in (None, lengths)]
            )

    for native, plain in zip(ran(build), ran("off"), strict=True):
        np.testing.assert_allclose(native, plain, rtol=0, atol=1e-13)


@pytest.mark.parametrize("build", available())
def test_threads_that_share_the_rows_of_one_sequence(build: str) -> None:
    cell = EchoState(1, 1010, fan_in=100, key=jax.random.key(0))
    inputs = jnp.sin(jnp.arange(6.0))[:, None, None]
    with kernels(build, threads=3):
        shared = unroll(cell, inputs)
    with kernels("off"):
        plain = unroll(cell, inputs)
    for native, expected in zip(jax.tree.leaves(shared), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(native, expected, rtol=0, atol=2e-5)


def test_kernels_that_are_older_than_reservoirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_run, "is_built", lambda _: False)
    with kernels(available()[-1]), pytest.raises(UsageError, match="are older than the rest of throughtime"):
        unroll(EchoState(1, 30, fan_in=1, key=jax.random.key(0)), jnp.ones((3, 1, 1)))
