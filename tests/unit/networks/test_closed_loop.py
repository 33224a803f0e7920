"""A reservoir in closed loop with its readout: native code gives what plain steps give."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import EchoState, Linear, OutputFeedback, Stack, Values, initial_states, unroll
from throughtime.core.fused import kernels
from throughtime.kernels.library import available
from throughtime.networks.closed_loop import closed_loop

STEPS, HIDDEN, OUTPUT = 12, 37, 2


def network(activation: Any = "tanh") -> OutputFeedback:
    keys = jax.random.split(jax.random.key(0))
    reservoir = EchoState(
        OUTPUT, HIDDEN, fan_in=3, leak=0.4, gain=0.7, bias_scaling=0.5, activation=activation, key=keys[0]
    )
    return OutputFeedback(Stack([reservoir, Linear(HIDDEN, OUTPUT, key=keys[1])]), Values(OUTPUT))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("activation", ["tanh", "identity", "relu"])
@pytest.mark.parametrize("batch", [1, 3])
def test_native_loop_is_the_plain_one(activation: str, batch: int) -> None:
    loop = network(activation)
    nothing = jnp.zeros((STEPS, batch, 0))
    before = initial_states(loop, batch)
    draw = np.random.default_rng(0)
    hidden = jnp.asarray(draw.normal(size=(batch, HIDDEN)))
    inner = before.inner._replace(
        layers=(before.inner.layers[0]._replace(hidden=hidden), before.inner.layers[1])
    )
    goes_on = before._replace(
        inner=inner, output=jnp.ones((batch, OUTPUT)), position=jnp.full(batch, 3, jnp.int32)
    )

    def total(loop: OutputFeedback, hidden: jax.Array) -> Any:
        layers = (goes_on.inner.layers[0]._replace(hidden=hidden), goes_on.inner.layers[1])
        after, outputs = unroll(loop, nothing, goes_on._replace(inner=inner._replace(layers=layers)))
        return jnp.sum(jnp.cos(outputs)) + jnp.sum(after.inner.layers[0].hidden ** 2), (after, outputs)

    def ran(choice: str) -> Any:
        with kernels(choice):
            assert (closed_loop(loop.cell, loop.feedback, nothing) is None) == (choice == "off")
            gradient, results = jax.jit(jax.grad(total, has_aux=True, allow_int=True, argnums=(1,)))(
                loop, hidden
            )
            return jax.tree.leaves((gradient, results, unroll(loop, nothing)))

    plain = ran("off")
    assert float(np.ptp(plain[-1])) > 1e-3, "it says nothing"
    for choice in available():
        for native, expected in zip(ran(choice), plain, strict=True):
            np.testing.assert_allclose(native, expected, rtol=0, atol=1e-11)


def test_what_native_code_cannot_run() -> None:
    loop = network()
    nothing = jnp.zeros((STEPS, 1, 0))
    assert closed_loop(loop.cell, Values(OUTPUT, activation="tanh"), nothing) is None
    assert closed_loop(loop.cell, loop.feedback, jnp.zeros((STEPS, 1, 1))) is None
    assert closed_loop(loop.cell.cells[0], loop.feedback, nothing) is None
