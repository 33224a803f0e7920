"""What each variant of a cell changes: where it starts, and when it is the cell that it varies."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.registry import lively
from throughtime import (
    GRU,
    LSTM,
    CoupledLSTM,
    CoupledPeepholeLSTM,
    LSTMState,
    MinimalGatedUnit,
    PeepholeLSTM,
    ResetBeforeGRU,
    initial_states,
    unroll,
)

EXACT = 1e-13
LSTMS = [LSTM, PeepholeLSTM, CoupledLSTM, CoupledPeepholeLSTM]


def by_gate(cell: Any) -> dict[str, np.ndarray]:
    return dict(zip(cell.gates, np.split(np.asarray(cell.bias), len(cell.gates)), strict=True))


def with_weights(cell: Any, rearrange: Any, source: Any) -> Any:
    """Return the cell with every weight made of the other cell's by `rearrange`."""
    leaves = [rearrange(leaf) for leaf in (source.input_weight, source.recurrent_weight, source.bias)]
    return jax.tree.unflatten(jax.tree.structure(cell), leaves)


def same_outputs(one: Any, other: Any) -> None:
    inputs = jax.random.normal(jax.random.key(8), (6, 2, 3))
    (_, given), (_, expected) = (unroll(cell, inputs, initial_states(cell, 2)) for cell in (one, other))
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(given, expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("kind", LSTMS)
@pytest.mark.parametrize("forget_bias", [None, 0.0, -2.5])
def test_forget_bias_keeps_the_same_share_in_all_lstms(
    kind: type[LSTM], forget_bias: float | None, key: jax.Array
) -> None:
    cell = kind(3, 5, key=key, **({} if forget_bias is None else {"forget_bias": forget_bias}))
    memory = jnp.arange(1.0, 6.0)
    after, _ = cell.step(LSTMState(jnp.zeros(5), memory), cell.project(jnp.zeros(3)))
    share = 1 / (1 + np.exp(-1.0 if forget_bias is None else -forget_bias))
    np.testing.assert_allclose(after.cell, share * memory, rtol=1e-6)


@pytest.mark.parametrize("kind", LSTMS)
def test_chrono_writes_against_keeping_in_all_lstms(kind: type[LSTM], key: jax.Array) -> None:
    bias = by_gate(kind(3, 50, memory_steps=100, key=key))
    assert bias["i"].max() <= 0
    assert bias["i"].min() < -3
    if "f" in bias:
        np.testing.assert_array_equal(bias["f"], -bias["i"])
    assert not np.any(bias["g"])
    assert not np.any(bias["o"])


def test_chrono_turns_the_gate_that_takes_the_new_state(key: jax.Array) -> None:
    keeps = by_gate(GRU(3, 50, memory_steps=100, key=key))["z"]
    before, minimal = (
        by_gate(kind(3, 50, memory_steps=100, key=key)) for kind in (ResetBeforeGRU, MinimalGatedUnit)
    )
    assert keeps.max() > 3
    np.testing.assert_array_equal(before["z"], keeps)
    np.testing.assert_array_equal(minimal["f"], -keeps)
    assert not any(np.any(bias) for bias in (before["r"], before["n"], minimal["n"]))


@pytest.mark.parametrize(("kind", "without"), [(PeepholeLSTM, LSTM), (CoupledPeepholeLSTM, CoupledLSTM)])
def test_peepholes_start_at_zero_beside_the_weights_of_the_cell_without(
    kind: type[PeepholeLSTM], without: type[LSTM], key: jax.Array
) -> None:
    *weights, peepholes = jax.tree.leaves(kind(3, 5, key=key))
    assert not np.any(peepholes)
    for given, expected in zip(weights, jax.tree.leaves(without(3, 5, key=key)), strict=True):
        np.testing.assert_array_equal(given, expected)


@pytest.mark.usefixtures("float64")
def test_coupled_lstm_is_an_lstm_whose_forget_gate_turns_the_input_gate_round(key: jax.Array) -> None:
    coupled = lively(CoupledLSTM(3, 5, key=key))

    def uncouple(weight: Any) -> Any:
        i, g, o = jnp.split(weight, 3)
        return jnp.concatenate([i, -i, g, o])  # 1 - sigmoid(a) = sigmoid(-a)

    same_outputs(coupled, with_weights(LSTM(3, 5, key=key), uncouple, coupled))


@pytest.mark.usefixtures("float64")
def test_minimal_gated_unit_is_a_gru_that_resets_before_with_one_gate_for_both(key: jax.Array) -> None:
    minimal = lively(MinimalGatedUnit(3, 5, key=key))

    def twofold(weight: Any) -> Any:
        f, n = jnp.split(weight, 2)
        return jnp.concatenate([f, -f, n])

    same_outputs(minimal, with_weights(ResetBeforeGRU(3, 5, key=key), twofold, minimal))
