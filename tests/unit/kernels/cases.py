"""Cells, sequences and functions of them that the tests of the kernels share."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tests.laws.agreement import assert_close, assert_visible
from tests.laws.compilation import quick_jit
from throughtime import (
    GRU,
    LSTM,
    Cell,
    CoupledLSTM,
    CoupledPeepholeLSTM,
    Elman,
    MinimalGatedUnit,
    PeepholeLSTM,
    ResetBeforeGRU,
    initial_states,
    unroll,
)
from throughtime.core.fused import kernels
from throughtime.kernels.library import available

BUILT = available()
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
FAMILIES: dict[str, Callable[..., Cell]] = {
    "elman_tanh": Elman,
    "elman_relu": functools.partial(Elman, activation="relu"),
    "lstm": LSTM,
    "lstm_peephole": PeepholeLSTM,
    "lstm_coupled": CoupledLSTM,
    "lstm_coupled_peephole": CoupledPeepholeLSTM,
    "gru": GRU,
    "gru_reset_before": ResetBeforeGRU,
    "minimal_gated": MinimalGatedUnit,
}
"""A cell of every family."""

DISTINCT = ("elman_tanh", "lstm_peephole", "gru", "gru_reset_before")
"""Families that go different ways through the skeleton: no gates saved; two states and peepholes; two
gradients of one gate; two products a step."""

INPUT = 3


class Case(NamedTuple):
    """A cell's family and sizes; everything else follows from them. Without lengths all steps are real."""

    family: str
    steps: int
    batch: int
    hidden: int
    dtype: str
    lengths: tuple[int, ...] | None = None


def draw(case: Case) -> tuple[Cell, Any, Array]:
    """Return a cell with weights that are all different, a state that has seen something, and inputs."""
    rng = np.random.default_rng(case.steps + 10 * case.batch + 100 * case.hidden)

    def moved(leaf: Array) -> Array:
        return jnp.asarray(np.asarray(leaf) + rng.normal(0, 0.2, leaf.shape), case.dtype)

    cell = jax.tree.map(moved, FAMILIES[case.family](INPUT, case.hidden, key=jax.random.key(1)))
    state = jax.tree.map(moved, initial_states(cell, case.batch))
    return cell, state, jnp.asarray(rng.normal(size=(case.steps, case.batch, INPUT)), case.dtype)


def readout(tree: Any) -> Array:
    """Return a number that every entry of every array moves by another amount."""
    leaves = jax.tree.leaves(tree)
    return sum(jnp.sum(jnp.sin(leaf + jnp.arange(leaf.size).reshape(leaf.shape))) for leaf in leaves)


def both_directions(cell: Cell, state: Any, inputs: Array, lengths: Array | None) -> Any:
    """Return final states and outputs of reading forwards and in reverse."""
    return [unroll(cell, inputs, state, lengths=lengths, reverse=reverse) for reverse in (False, True)]


def _results_and_gradients(arguments: Any, lengths: Array | None, choice: str, threads: int) -> Any:
    def value(arguments: Any) -> tuple[Array, Any]:
        results = both_directions(*arguments, lengths)
        return readout(results), results

    with kernels(choice, threads=threads):
        (_, results), gradient = jax.value_and_grad(value, has_aux=True)(arguments)
    return results, gradient


def results_and_gradients(choice: str, case: Case, threads: int = 0) -> Any:
    """Return everything that both directions give, and the gradient of it by cell, state and inputs."""
    lengths = None if case.lengths is None else jnp.array(case.lengths)
    compiled = quick_jit(_results_and_gradients, "choice", "threads")
    return compiled(draw(case), lengths, choice=choice, threads=threads)


@functools.cache
def plainly(case: Case) -> Any:
    """Return the results and gradients of plain JAX, none of which is as good as zero."""
    results = results_and_gradients("off", case)
    assert_visible(results, "plain ")
    return results


def assert_fused_is_scan(choice: str, case: Case) -> None:
    """Fail unless a kernel gives the results and gradients of plain JAX, leaf by leaf."""
    assert_close(results_and_gradients(choice, case), plainly(case), TOLERANCE[case.dtype], f"{choice} ")
