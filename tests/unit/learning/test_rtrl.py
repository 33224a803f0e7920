"""Real-time recurrent learning and its sparse approximation: exact where they say so, for every cell."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws import laws_of_rules as laws
from tests.laws.agreement import assert_close
from tests.laws.compilation import quick_jit
from tests.laws.registry import BATCH, CELL_ROWS, TIME, Row
from throughtime import (
    BPTT,
    GRU,
    LSTM,
    RTRL,
    Elman,
    Gradient,
    IndRNN,
    LearningRule,
    Linear,
    SnAp,
    Stack,
    gradient_over_chunks,
)
from throughtime.core.errors import OptionError
from throughtime.learning.probing import dependences

EXACT = 1e-10
LENGTHS = jnp.array([3, TIME])

EXAMINED = (
    "elman_tanh", "lstm", "gru_reset_before", "indrnn", "lru", "elman_higher_order",
    "lstm_full_gate_recurrence", "learned_start", "attention_pooling", "embedding", "stack_gated",
    "zoneout", "output_feedback", "grid_lstm", "dilated",
)  # fmt: skip
"""One cell of each structure; `--every-row` examines all."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the cells to the test that takes one."""
    if "row" in metafunc.fixturenames:
        every = metafunc.config.getoption("--every-row")
        rows = [row for row in CELL_ROWS if every or row.name in EXAMINED]
        metafunc.parametrize("row", rows, ids=lambda row: row.name)


def gradient(rule: LearningRule, p: laws.Problem, chunk_size: int | None) -> Gradient:
    def compute(cell: Any) -> Gradient:
        return gradient_over_chunks(
            rule, cell, laws.loss, p.inputs, p.targets, p.mask,
            chunk_size=chunk_size, lengths=LENGTHS, key=jax.random.key(5),
        )  # fmt: skip

    return quick_jit(compute)(p.cell)


@pytest.mark.usefixtures("float64")
def test_rtrl_is_bptt_for_every_cell(row: Row) -> None:
    p = laws.problem(row)
    p = p._replace(mask=p.mask * (np.arange(TIME)[:, None] < np.asarray(LENGTHS)))
    expected = gradient(BPTT(), p, None)
    sizes = [float(np.max(np.abs(leaf), initial=0)) for leaf in jax.tree.leaves(expected.gradient)]
    assert not sizes or max(sizes) > 1e-2
    given = gradient(RTRL(), p, 3)
    assert_close(given.loss, expected.loss, EXACT, "loss")
    assert_close(given.state, expected.state, EXACT, "state")
    assert_close(given.gradient, expected.gradient, EXACT, "gradient by ")


def kinds(table: Any) -> list[str]:
    return [" ".join(dependence.kind for dependence in row) for row in table]


def test_what_depends_on_what_in_an_lstm() -> None:
    found = dependences(LSTM(3, 5, key=jax.random.key(0)))
    assert kinds(found.states) == ["full own", "full own"]
    assert kinds(found.weights) == ["own own own"] * 2
    assert kinds(found.start) == ["none none none"] * 2
    assert found.weights[0][0].rows == (4, 5, 3)
    assert kinds(found.reached()) == ["full full full"] * 2


def test_elementwise_units_stay_apart_for_ever() -> None:
    found = dependences(IndRNN(3, 5, key=jax.random.key(0)))
    assert kinds(found.states) == ["own"]
    assert kinds(found.reached()) == ["own own own"]


def test_a_readout_has_no_influence_and_an_upper_layer_none_on_the_one_below() -> None:
    keys = jax.random.split(jax.random.key(0), 3)
    network = Stack([IndRNN(3, 5, key=keys[0]), Elman(5, 4, key=keys[1]), Linear(4, 2, key=keys[2])])
    reached = dependences(network).reached()
    assert kinds(reached) == [
        "own own own none none none none none",
        "full full full full full full none none",
    ]


def test_what_is_found_does_not_hang_on_the_weights_given() -> None:
    zero = jax.tree.map(jnp.zeros_like, LSTM(3, 5, key=jax.random.key(0)))
    assert dependences(zero) == dependences(LSTM(3, 5, key=jax.random.key(0)))


@pytest.mark.usefixtures("float64")
def test_influence_takes_one_number_a_weight_where_units_are_apart() -> None:
    cell = IndRNN(3, 50, key=jax.random.key(0))
    trace = RTRL().start(cell, 1)
    assert sum(leaf.size for leaf in jax.tree.leaves(trace)) == sum(
        leaf.size for leaf in jax.tree.leaves(cell)
    )


def of_stack(rule: LearningRule, chunk_size: int | None = 2) -> Any:
    return gradient(rule, laws.problem(), chunk_size).gradient


@pytest.mark.usefixtures("float64")
def test_snap_is_rtrl_from_the_order_at_which_all_is_reached() -> None:
    expected = of_stack(RTRL())
    assert_close(of_stack(SnAp(order=9)), expected, EXACT, "gradient by ")
    first, second = (
        max(
            float(np.max(np.abs(a - b)))
            for a, b in zip(*map(jax.tree.leaves, (given, expected)), strict=True)
        )
        for given in (of_stack(SnAp(order=1)), of_stack(SnAp(order=2)))
    )
    assert first > 1e-2
    assert second < first


@pytest.mark.usefixtures("float64")
def test_snap_is_exact_for_elementwise_cells() -> None:
    row = next(row for row in CELL_ROWS if row.name == "lru")
    p = laws.problem(row)
    assert_close(gradient(SnAp(), p, 2).gradient, gradient(BPTT(), p, None).gradient, EXACT, "gradient by ")


@pytest.mark.usefixtures("float64")
def test_snap_1_is_the_masked_recursion_of_its_paper() -> None:
    """Against matrices in NumPy: of D J + F only those entries are carried where F is other than zero."""
    p = laws.problem(next(row for row in CELL_ROWS if row.name == "gru"))
    cell = p.cell
    weights, rest = eqx.partition(cell, eqx.is_inexact_array)
    flat, restore = jax.flatten_util.ravel_pytree(weights)

    def step(flat: Any, hidden: Any, x: Any) -> Any:
        cell = eqx.combine(restore(flat), rest)
        return cell.step(type(cell.initial_state())(hidden), cell.project(x))[0].hidden

    by_weights, by_state = (quick_jit(jax.jacobian(step, number)) for number in (0, 1))
    expected = np.zeros(flat.size)
    for b in range(BATCH):
        hidden, influence = cell.initial_state().hidden, 0.0
        for t in range(int(LENGTHS[b])):
            D, F = by_state(flat, hidden, p.inputs[t, b]), by_weights(flat, hidden, p.inputs[t, b])
            within_the_step = np.asarray(D) @ np.broadcast_to(influence, F.shape) + np.asarray(F)
            influence = np.where(np.asarray(F) != 0, within_the_step, 0.0)
            hidden = step(flat, hidden, p.inputs[t, b])
            slope = p.mask[t, b] * jax.grad(laws.loss)(hidden, p.targets[t, b])
            expected += np.asarray(slope) @ within_the_step
    given = gradient(SnAp(), p._replace(mask=p.mask * (np.arange(TIME)[:, None] < LENGTHS)), 3).gradient
    np.testing.assert_allclose(jax.flatten_util.ravel_pytree(given)[0], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("order", [0, -1])
def test_order_is_at_least_one(order: int) -> None:
    with pytest.raises(OptionError, match=rf"order is {order}; choose a whole number"):
        SnAp(order=order)


def test_nothing_grows_with_the_stream() -> None:
    cell = GRU(2, 3, key=jax.random.key(0))
    shapes = jax.tree.map(jnp.shape, RTRL().start(cell, 2))
    run = quick_jit(lambda cell, trace, state, x: RTRL().gradient(
        cell, laws.loss, trace, state, x, jnp.zeros((len(x), 2, 3)), jnp.ones((len(x), 2))
    ))  # fmt: skip
    first = run(cell, RTRL().start(cell, 2), None, jnp.ones((4, 2, 2)))
    later = run(cell, first.trace, first.state, jnp.ones((1, 2, 2)))
    assert jax.tree.map(jnp.shape, first.trace) == jax.tree.map(jnp.shape, later.trace) == shapes
