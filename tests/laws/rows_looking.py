"""Cells that look at a memory, which is a field of theirs; here one memory for all examples."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from tests.laws.row import HIDDEN, INPUT, OUTPUT, Row
from throughtime import (
    GRU,
    AdditiveAttention,
    Elman,
    LookThenStep,
    MultiplicativeAttention,
    StepThenLook,
    whole_memory,
)

ENTRIES, MEMORY, ATTENTION = 6, OUTPUT, 8


def look_then_step(key: PRNGKeyArray) -> LookThenStep:
    keys = jax.random.split(key, 3)
    attention = AdditiveAttention(HIDDEN, MEMORY, ATTENTION, key=keys[0])
    memory = whole_memory(attention, jax.random.normal(keys[1], (ENTRIES, MEMORY)))
    return LookThenStep(GRU(INPUT + MEMORY, HIDDEN, key=keys[2]), attention, memory)


def step_then_look(key: PRNGKeyArray) -> StepThenLook:
    keys = jax.random.split(key, 4)
    attention = MultiplicativeAttention(HIDDEN, MEMORY, key=keys[0])
    memory = whole_memory(attention, jax.random.normal(keys[1], (ENTRIES, MEMORY)))
    return StepThenLook(Elman(INPUT, HIDDEN, key=keys[2]), attention, memory, key=keys[3])


def without(*names: str) -> Callable[[Any], Any]:
    """Return what leaves out weights that keys are made with, which the memory has already."""
    return lambda cell: eqx.tree_at(
        lambda cell: [getattr(cell.attention, name) for name in names], cell, [None] * len(names)
    )


ROWS = (
    Row("look_then_step", look_then_step, HIDDEN + MEMORY, acting=without("memory_weight")),
    Row("step_then_look", step_then_look, HIDDEN, acting=without("weight")),
)
