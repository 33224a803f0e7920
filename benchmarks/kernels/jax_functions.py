"""Inference and training steps of anything that is a function in JAX, compiled ahead of time."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.kernels.grid import What


def compiled(
    outputs: Callable[[Any, jax.Array], jax.Array], weights: Any, x: jax.Array, what: What
) -> tuple[Callable[[Any], Any], float]:
    """Return a function of the weights that waits for its results, and the seconds of compiling it.

    Inference gives the outputs; a training step gives the mean of their squares, and its gradient by the
    weights.

    Arguments:
        outputs: the outputs of some network with these weights.
    """

    # Functions of their own: JAX would otherwise give one way the trace of another.
    def infer(weights: Any, x: jax.Array) -> jax.Array:
        return outputs(weights, x)

    def loss(weights: Any, x: jax.Array) -> jax.Array:
        return jnp.mean(jnp.square(outputs(weights, x)))

    started = time.perf_counter()
    function = jax.jit(infer if what == "infer" else jax.value_and_grad(loss))
    executable = function.lower(weights, x).compile()
    seconds = time.perf_counter() - started
    return lambda weights: jax.block_until_ready(executable(weights, x)), seconds
