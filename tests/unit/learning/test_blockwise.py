"""Steps of units that are alone, taken many at once: the numbers of one after the other, and their trace."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.agreement import assert_close
from tests.laws.compilation import quick_jit
from throughtime import (
    GRU,
    LRU,
    LSTM,
    RTRL,
    ElementwiseLSTM,
    EProp,
    Gradient,
    LearnedStart,
    LearningRule,
    Linear,
    SnAp,
    Stack,
)
from throughtime.core.errors import ShapeError
from throughtime.learning import rtrl
from throughtime.learning.blockwise import is_of_own
from throughtime.learning.probing import dependences
from throughtime.learning.stepwise import StepwiseRule

TIME, BATCH = 7, 3


def network(cell: Any, features: int = 2) -> Stack:
    keys = jax.random.split(jax.random.key(0))
    layer = cell(features, 5, key=keys[0])
    stack = Stack([layer, Linear(layer.output_size, 2, key=keys[1])])
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(float)), stack)


def squared(output: Any, target: Any) -> Any:
    return jnp.sum((output - target) ** 2)


def two_chunks(rule: LearningRule, cell: Any) -> Gradient:
    """Learn from a chunk with padding, and from one that follows it."""
    draw = np.random.default_rng(0)
    inputs, targets = (jnp.asarray(draw.normal(size=(TIME, BATCH, 2))) for _ in range(2))
    mask, lengths = jnp.asarray(draw.uniform(size=(TIME, BATCH))), jnp.array([7, 5, 0])

    def compute(cell: Any) -> Gradient:
        trace = rule.start(cell, BATCH)
        first = rule.gradient(cell, squared, trace, None, inputs, targets, mask, lengths=lengths)
        return rule.gradient(cell, squared, first.trace, first.state, inputs, targets, mask)

    return quick_jit(compute)(cell)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("rule", "cell"),
    [
        (RTRL(), ElementwiseLSTM),
        (RTRL(), lambda *sizes, key: LearnedStart(LRU(*sizes, key=key))),
        (EProp(feedback="random"), LSTM),
    ],
    ids=("rtrl", "rtrl_complex_start", "eprop"),
)
def test_a_block_of_steps_is_one_after_the_other(
    rule: LearningRule, cell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = network(cell)
    assert isinstance(rule, RTRL)
    found = dependences(rule.remembering(p))
    assert is_of_own(found, rule.kept(found))
    monkeypatch.setattr(rtrl, "BLOCK", 3)
    blocks = two_chunks(rule, p)
    monkeypatch.setattr(RTRL, "over_steps", StepwiseRule.over_steps)
    one_by_one = two_chunks(rule, p)
    for name in Gradient._fields:
        expected = getattr(one_by_one, name)
        assert all(np.abs(leaf).max() > 1e-3 for leaf in jax.tree.leaves(expected))
        assert_close(getattr(blocks, name), expected, 1e-10, name)


def test_units_that_hear_of_each_other_are_not_alone() -> None:
    for cell, rule in ((GRU, RTRL()), (LSTM, SnAp())):
        found = dependences(network(cell))
        assert not is_of_own(found, rule.kept(found))
    two = Stack([ElementwiseLSTM(2, 3, key=jax.random.key(0)), ElementwiseLSTM(3, 3, key=jax.random.key(1))])
    found = dependences(two)
    assert not is_of_own(found, RTRL().kept(found))


def test_inputs_that_do_not_fit_are_refused() -> None:
    p, rule = network(GRU), RTRL()
    with pytest.raises(ShapeError, match="inputs have 4 features, and Stack was made for input_size=2"):
        rule.gradient(p, squared, (), None, jnp.zeros((5, 2, 4)), jnp.zeros((5, 2, 2)), jnp.ones((5, 2)))
