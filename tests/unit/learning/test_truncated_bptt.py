"""Truncated BPTT by its definition, and what it carries from chunk to chunk."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws import laws_of_rules as laws
from tests.laws.agreement import assert_close, assert_visible
from tests.laws.compilation import quick_jit
from throughtime import (
    BPTT,
    GRU,
    Bidirectional,
    Dropout,
    Embedding,
    Gradient,
    LearnedStart,
    Linear,
    Stack,
    TruncatedBPTT,
    gradient_over_chunks,
    initial_states,
    unroll,
)
from throughtime.core.errors import NotACellError, OptionError

KEYS = jax.random.split(jax.random.key(0), 6)


def blocks(steps: int, chunk_size: int, stride: int) -> list[tuple[int, int]]:
    """Return where the blocks of all chunks begin and end."""
    chunks = [(start, min(start + chunk_size, steps)) for start in range(0, steps, chunk_size)]
    return [(start, min(start + stride, end)) for first, end in chunks for start in range(first, end, stride)]


@pytest.mark.parametrize(
    ("stride", "reach", "chunk_size"),
    [(1, 3, 2), (2, 3, 7), (3, 4, 1), (2, 2, 3)],
)
@pytest.mark.usefixtures("float64")
def test_by_its_definition(stride: int, reach: int, chunk_size: int) -> None:
    p = laws.problem()
    borders = blocks(len(p.inputs), chunk_size, stride)

    def truncated(cell: Any) -> jax.Array:
        total, states = jnp.zeros(()), [initial_states(cell, laws.BATCH)]
        for step in range(len(p.inputs)):
            states.append(unroll(cell, p.inputs[step : step + 1], states[-1])[0])
        for start, end in borders:
            first = max(0, start - (reach - stride))
            mask = p.mask.at[:start].set(0)
            part = slice(first, end)
            piece = p._replace(inputs=p.inputs[part], targets=p.targets[part], mask=mask[part])
            total += laws.total_by_hand(piece, cell, jax.lax.stop_gradient(states[first]))
        return total

    value, by_hand = quick_jit(jax.value_and_grad(truncated))(p.cell)
    given = laws.chunked(TruncatedBPTT(stride, reach), p, chunk_size)
    assert_visible(by_hand, "reference gradient by ", least=1e-2)
    assert_close(given.loss, value, laws.EXACT, "loss")
    assert_close(given.gradient, by_hand, laws.EXACT, "gradient by ")


@pytest.mark.usefixtures("float64")
def test_reach_matters() -> None:
    p = laws.problem()
    short, longer = (laws.chunked(TruncatedBPTT(2, reach), p, 2).gradient for reach in (3, 4))
    difference = jax.tree.map(lambda one, other: one - other, short.cells[0], longer.cells[0])
    assert_visible(difference, "difference by ", least=1e-3)


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


@pytest.mark.usefixtures("float64")
def test_symbols_noise_and_a_learned_start_are_those_of_bptt_within_reach() -> None:
    network = Stack(
        [Embedding(6, 3, key=KEYS[0]), LearnedStart(GRU(3, 4, key=KEYS[1])), Dropout(4, 0.3),
         Linear(4, 2, key=KEYS[2])]
    )  # fmt: skip
    inputs = jax.random.randint(KEYS[3], (9, 2), 0, 6)
    targets = jax.random.normal(KEYS[4], (9, 2, 2))

    def compute(rule: Any, chunk_size: int | None, network: Stack) -> Gradient:
        return gradient_over_chunks(
            rule, network, squared, inputs, targets, jnp.ones((9, 2)),
            chunk_size=chunk_size, lengths=jnp.array([9, 4]), key=KEYS[5],
        )  # fmt: skip

    def computed(rule: Any, chunk_size: int | None = None) -> Gradient:
        return quick_jit(functools.partial(compute, rule, chunk_size))(network)

    expected, given = computed(BPTT()), computed(TruncatedBPTT(2, 11), 3)
    assert_visible(expected.gradient.cells[1], "gradient by ", least=1e-3)
    assert_close(given.loss, expected.loss, 1e-10, "loss")
    assert_close(given.gradient, expected.gradient, 1e-10, "gradient by ")


@pytest.mark.usefixtures("float64")
def test_the_loss_is_that_of_the_state_when_weights_have_changed_since() -> None:
    p = laws.problem()
    rule, first, second = TruncatedBPTT(2, 6), slice(0, 4), slice(4, 7)

    def compute(rule: Any, cell: Any, trace: Any, state: Any, part: slice) -> Gradient:
        def of_part(cell: Any, trace: Any, state: Any) -> Gradient:
            parts = p.inputs[part], p.targets[part], p.mask[part]
            return rule.gradient(cell, laws.loss, trace, state, *parts)

        return quick_jit(of_part)(cell, trace, state)

    before = compute(rule, p.cell, rule.start(p.cell, laws.BATCH), None, first)
    changed = jax.tree.map(lambda weight: 0.9 * weight, p.cell)
    given = compute(rule, changed, before.trace, before.state, second)
    expected = compute(BPTT(), changed, (), before.state, second)
    assert_close(given.loss, expected.loss, 1e-10, "loss")
    assert_close(given.state, expected.state, 1e-10, "state")
    assert np.max(np.abs(given.gradient.cells[0].bias - expected.gradient.cells[0].bias)) > 1e-2


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(OptionError, match=r"^reach is 3 and stride 4, so that some losses .* least the str"):
        TruncatedBPTT(4, 3)
    with pytest.raises(OptionError, match=r"^stride is 0; choose a whole number"):
        TruncatedBPTT(0, 3)
    both = Bidirectional(GRU(3, 4, key=KEYS[0]), GRU(3, 4, key=KEYS[1]))
    with pytest.raises(NotACellError, match=r"cannot learn by the online rule 'truncated_bptt'; use"):
        TruncatedBPTT().start(both, 2)
