"""BPTT with checkpoints: the numbers of BPTT, in the memory of sqrt(T) steps."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.agreement import assert_close, assert_visible
from tests.laws.compilation import quick_jit
from throughtime import BPTT, GRU, Dropout, Gradient, LearnedStart, Linear, Stack, gradient_over_chunks

KEYS = jax.random.split(jax.random.key(0), 5)
LONG = np.array([256, 1024, 4096])


def network() -> Stack:
    return Stack([LearnedStart(GRU(3, 8, key=KEYS[0])), Dropout(8, 0.2), Linear(8, 2, key=KEYS[1])])


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


def gradient(rule: BPTT, steps: int, is_ragged: bool = False) -> Gradient:
    lengths = jnp.array([steps, steps // 2]) if is_ragged else None
    inputs = jax.random.normal(KEYS[2], (steps, 2, 3))
    targets = jax.random.normal(KEYS[3], (steps, 2, 2))

    def compute(cell: Stack) -> Gradient:
        return gradient_over_chunks(
            rule, cell, squared, inputs, targets, jnp.ones((steps, 2)), lengths=lengths, key=KEYS[4]
        )

    return quick_jit(compute)(network())


@pytest.mark.parametrize("steps", [3, 16, 23])
@pytest.mark.usefixtures("float64")
def test_numbers_are_those_of_bptt(steps: int) -> None:
    for is_ragged in (False, True):
        expected = gradient(BPTT(), steps, is_ragged)
        given = gradient(BPTT(checkpointed=True), steps, is_ragged)
        assert_visible(expected.gradient, "gradient by ", least=1e-3)
        assert_close(given.loss, expected.loss, 1e-12, "loss")
        assert_close(given.gradient, expected.gradient, 1e-12, "gradient by ")
        assert_close(given.state, expected.state, 1e-12, "state")


def test_nothing_at_all_is_a_sequence_too() -> None:
    given = gradient(BPTT(checkpointed=True), 0)
    assert given.loss == 0
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(given.gradient))


def growth(rule: BPTT) -> float:
    """Return the power of the number of steps by which the memory of a compiled gradient grows."""
    cell = Stack([GRU(3, 16, key=KEYS[0]), Linear(16, 2, key=KEYS[1])])
    taken = []
    for steps in LONG:
        parts = jnp.zeros((steps, 4, 3)), jnp.zeros((steps, 4, 2)), jnp.ones((steps, 4))

        def compute(cell: Stack, *parts: jax.Array) -> Any:
            return rule.gradient(cell, squared, (), None, *parts).gradient

        taken.append(jax.jit(compute).lower(cell, *parts).compile().memory_analysis().temp_size_in_bytes)
    return float(np.polyfit(np.log(LONG), np.log(taken), 1)[0])


def test_memory_grows_with_the_root_of_the_steps() -> None:
    assert growth(BPTT()) == pytest.approx(1.0, abs=0.05)
    assert growth(BPTT(checkpointed=True)) == pytest.approx(0.5, abs=0.07)
