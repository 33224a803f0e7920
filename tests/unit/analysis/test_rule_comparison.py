"""Rules with a known bias and variance, through a window that is cut into chunks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.unit.analysis.toy import LinearMap, Refusing, Scaled, squared
from throughtime import BPTT, GRU, RTRL, Bidirectional, Elman, Linear, Stack, unroll
from throughtime.analysis.agreement import ALL
from throughtime.analysis.rule_comparison import (
    REFERENCE,
    RuleComparison,
    Window,
    compare_rules,
    kept_in_chunks,
)
from throughtime.analysis.rule_cost import interleaved_seconds
from throughtime.core.errors import NotACellError, OptionError, UsageError

STEPS, BATCH = 6, 2
RULES = {
    "bptt": BPTT(),
    "rtrl": RTRL(),
    "doubled": Scaled(bias=2.0),
    "noisy": Scaled(noise=0.5),
    "refusing": Refusing(),
}


def draw(*shape: int, seed: int = 3) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def window(size: int, outputs: int, state: object = None) -> Window:
    mask = jnp.zeros((STEPS, BATCH)).at[-1].set(1.0)
    return Window(state, draw(STEPS, BATCH, size), draw(STEPS, BATCH, outputs, seed=4), mask)


@pytest.fixture(scope="module")
def compared() -> RuleComparison:
    with jax.enable_x64(True):
        key = jax.random.key(1)
        network = Stack([Elman(3, 4, key=key), Linear(4, 2, key=key)])
        state, _ = unroll(network, draw(5, BATCH, 3, seed=9))
        return compare_rules(
            network, squared, window(3, 2, state), RULES, chunk_size=1, draws=60, repeats=2, key=key
        )


def test_each_rule_comes_out_as_it_was_made(compared: RuleComparison) -> None:
    rows = {row.name: row for row in compared.rows}
    assert list(rows) == [REFERENCE, "bptt", "rtrl", "doubled", "noisy"]
    assert rows[REFERENCE].agreements[ALL].bias == 0
    for found in rows["rtrl"].agreements.values():
        assert found.bias < 1e-10, "an exact online rule is BPTT of the window, whatever the chunks"
        assert found.angle < 1e-7
    truncated = rows["bptt"].agreements
    assert truncated["cells.0.recurrent_weight"].bias > 0.05, "the window is long enough to show truncation"
    assert truncated["cells.1.weight"].bias < 1e-12, "the readout needs no past"
    doubled = rows["doubled"].agreements
    assert doubled["cells.1.weight"].bias == pytest.approx(1.0)
    assert doubled["cells.1.weight"].angle < 1e-6
    noisy = rows["noisy"].agreements["cells.1.weight"]
    assert noisy.variance == pytest.approx(0.25, rel=0.5)
    assert noisy.bias < 3 * noisy.bias_error
    assert (noisy.draws, doubled[ALL].draws) == (60, 1)


def test_costs_and_declarations_are_there(compared: RuleComparison) -> None:
    rows = {row.name: row for row in compared.rows}
    assert all(row.seconds > 0 for row in compared.rows)
    assert rows["bptt"].trace == 0
    assert rows["rtrl"].trace > 8 * BATCH * 4 * (4 * 3 + 4 * 4), "influence of each parameter on each unit"
    assert rows["rtrl"].memory > rows["bptt"].memory > 0
    assert [row.kept for row in compared.rows] == ["exact", "truncated", "exact", "biased", "biased"]
    assert kept_in_chunks(RTRL()) == "exact"


def test_a_rule_that_refuses_is_listed_with_its_reason(compared: RuleComparison) -> None:
    assert compared.refused == {"refusing": "this rule trains nothing; choose another one"}
    assert (compared.window, compared.chunk_size, compared.batch_size) == (STEPS, 1, BATCH)
    assert compared.silent == ()


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("chunk_size", [2, 4])
def test_chunks_of_any_size_cover_the_window(chunk_size: int, key: jax.Array) -> None:
    weight = draw(3, 3) / 3
    found = compare_rules(
        LinearMap(weight), squared, window(3, 3), {"rtrl": RTRL(), "bptt": BPTT()},
        chunk_size=chunk_size, draws=2, repeats=1, key=key,
    )  # fmt: skip
    rtrl, bptt = (row.agreements["weight"].bias for row in found.rows[1:])
    assert rtrl < 1e-10
    assert bptt > 0.01


def test_a_whole_window_and_too_few_draws_are_refused(key: jax.Array) -> None:
    cell = LinearMap(draw(3, 3))
    for chunk_size in (0, STEPS):
        with pytest.raises(OptionError, match=rf"chunk_size is {chunk_size} in a window of 6 steps; choose"):
            compare_rules(cell, squared, window(3, 3), {}, chunk_size=chunk_size, key=key)
    with pytest.raises(OptionError, match=r"draws is 1 and repeats 10; choose draws >= 2 and repeats >= 1"):
        compare_rules(cell, squared, window(3, 3), {}, draws=1, key=key)
    both = Bidirectional(GRU(3, 2, key=key), GRU(3, 2, key=key))
    with pytest.raises(NotACellError, match=r"Bidirectional must see .* only BPTT can train it, so there is"):
        compare_rules(both, squared, window(3, 4), {}, key=key)


def test_a_window_without_a_gradient_proves_nothing(key: jax.Array) -> None:
    empty = window(3, 3)
    empty = Window(None, empty.inputs, empty.targets, 0 * empty.mask)
    with pytest.raises(UsageError, match=r"no parameter has a gradient in these 6 steps, .* choose another"):
        compare_rules(LinearMap(draw(3, 3)), squared, empty, {}, key=key)


def test_work_is_timed_in_turns() -> None:
    order = []
    work = {name: lambda name=name: order.append(name) or jnp.zeros(()) for name in "ab"}
    assert set(interleaved_seconds(work, 2)) == {"a", "b"}
    assert order == list("ababab")
