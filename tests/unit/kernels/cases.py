"""Cells, sequences and functions of them that the tests of the kernels share."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tests.laws.agreement import assert_close
from throughtime import GRU, LSTM, Cell, Elman, initial_states, unroll
from throughtime.core.fused import kernels
from throughtime.kernels.library import available

BUILT = available()
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
FAMILIES: dict[str, Callable[[int, int], Cell]] = {
    "elman_tanh": lambda inputs, hidden: Elman(inputs, hidden, key=jax.random.key(1)),
    "elman_relu": lambda inputs, hidden: Elman(inputs, hidden, activation="relu", key=jax.random.key(1)),
    "lstm": lambda inputs, hidden: LSTM(inputs, hidden, key=jax.random.key(1)),
    "gru": lambda inputs, hidden: GRU(inputs, hidden, key=jax.random.key(1)),
}
INPUT = 3


def draw(family: str, steps: int, batch: int, hidden: int, dtype: str) -> tuple[Cell, Any, Array]:
    """Return a cell with weights that are all different, a state that has seen something, and inputs."""
    rng = np.random.default_rng(steps + 10 * batch + 100 * hidden)

    def moved(leaf: Array) -> Array:
        return jnp.asarray(np.asarray(leaf) + rng.normal(0, 0.2, leaf.shape), dtype)

    cell = jax.tree.map(moved, FAMILIES[family](INPUT, hidden))
    state = jax.tree.map(moved, initial_states(cell, batch))
    return cell, state, jnp.asarray(rng.normal(size=(steps, batch, INPUT)), dtype)


def readout(tree: Any) -> Array:
    """Return a number that every entry of every array moves by another amount."""
    leaves = jax.tree.leaves(tree)
    return sum(jnp.sum(jnp.sin(leaf + jnp.arange(leaf.size).reshape(leaf.shape))) for leaf in leaves)


def both_directions(cell: Cell, state: Any, inputs: Array, lengths: Array | None) -> Any:
    """Return final states and outputs of reading forwards and in reverse."""
    return [unroll(cell, inputs, state, lengths=lengths, reverse=reverse) for reverse in (False, True)]


def results_and_gradients(choice: str, arguments: Any, lengths: Array | None, threads: int = 0) -> Any:
    """Return everything that both directions give, and the gradient of it by cell, state and inputs."""

    def value(arguments: Any) -> tuple[Array, Any]:
        results = both_directions(*arguments, lengths)
        return readout(results), results

    with kernels(choice, threads=threads):
        (_, results), gradient = jax.jit(jax.value_and_grad(value, has_aux=True))(arguments)
    return results, gradient


def assert_fused_is_scan(choice: str, arguments: Any, lengths: Array | None, dtype: str) -> None:
    """Fail unless a kernel gives the results and gradients of plain JAX, leaf by leaf."""
    fused, plain = (results_and_gradients(which, arguments, lengths) for which in (choice, "off"))
    assert_close(fused, plain, TOLERANCE[dtype], f"{choice} ")
