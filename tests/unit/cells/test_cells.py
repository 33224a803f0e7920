"""Constructors of the cells: sizes, options, what they start from, and what they refuse."""

import inspect

import jax
import numpy as np
import pytest

from throughtime import (
    GRU,
    LRU,
    LSTM,
    CoupledLSTM,
    CoupledPeepholeLSTM,
    DepthLSTM,
    ElementwiseLSTM,
    Elman,
    GridLSTM,
    GRUState,
    IndRNN,
    LSTMState,
    MinGRU,
    MinimalGatedUnit,
    MinLSTM,
    PeepholeLSTM,
    ResetBeforeGRU,
)
from throughtime.cells import CELLS
from throughtime.core.errors import OptionError

TUNABLE = [
    name for name, kind in CELLS.items() if "recurrent_initializer" in inspect.signature(kind).parameters
]
"""The cells that let their initialisers be chosen."""
IN_BLOCKS = ("depth_lstm", "grid_lstm")
"""The cells whose recurrent weights stand in blocks, with tests of their own."""

pytestmark = pytest.mark.usefixtures("as_users_run_it")


def test_cells_by_name() -> None:
    assert {
        "elman": Elman,
        "lstm": LSTM,
        "lstm_peephole": PeepholeLSTM,
        "lstm_coupled": CoupledLSTM,
        "lstm_coupled_peephole": CoupledPeepholeLSTM,
        "gru": GRU,
        "gru_reset_before": ResetBeforeGRU,
        "mgu": MinimalGatedUnit,
        "indrnn": IndRNN,
        "lstm_elementwise": ElementwiseLSTM,
        "min_gru": MinGRU,
        "min_lstm": MinLSTM,
        "lru": LRU,
        "depth_lstm": DepthLSTM,
        "grid_lstm": GridLSTM,
    }.items() <= CELLS.items()
    for name, kind in CELLS.items():
        assert kind.kind == name


@pytest.mark.parametrize("name", CELLS)
def test_sizes(name: str, key: jax.Array) -> None:
    cell = CELLS[name](3, 5, key=key)
    assert (cell.input_size, cell.output_size) == (3, 5)
    for sizes, message in (
        ((0, 5), "input_size is 0"),
        ((3, -1), "hidden_size is -1"),
        ((3, 2.5), "hidden_size is 2.5"),
    ):
        with pytest.raises(OptionError, match=message):
            CELLS[name](*sizes, key=key)


@pytest.mark.parametrize("name", CELLS)
def test_shapes_without_numbers_as_a_loaded_model_takes_them(name: str, key: jax.Array) -> None:
    takes = inspect.signature(CELLS[name]).parameters
    options = {"memory_steps": 20} if "memory_steps" in takes else {}
    cell = CELLS[name](3, 5, key=key, **options)
    shapes = jax.eval_shape(lambda: CELLS[name](3, 5, key=key, **options))
    assert jax.tree.structure(shapes) == jax.tree.structure(cell)
    assert [leaf.shape for leaf in jax.tree.leaves(shapes)] == [leaf.shape for leaf in jax.tree.leaves(cell)]


@pytest.mark.parametrize("name", TUNABLE)
@pytest.mark.parametrize("option", ["input_initializer", "recurrent_initializer"])
def test_unknown_initializer(name: str, option: str, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=r"initializer is 'gloro' \(did you mean 'glorot'\?\)"):
        CELLS[name](3, 5, key=key, **{option: "gloro"})


@pytest.mark.parametrize("name", [name for name in TUNABLE if name not in IN_BLOCKS])
def test_initializers_reach_their_own_weights(name: str, key: jax.Array) -> None:
    cell = CELLS[name](5, 5, key=key, input_initializer="uniform", recurrent_initializer="identity")
    gates = len(cell.recurrent_weight) // 5
    np.testing.assert_array_equal(
        cell.recurrent_weight, np.tile(np.eye(5), (gates, 1)) / getattr(cell, "order", 1)
    )
    assert np.abs(cell.input_weight).max() <= 5**-0.5
    assert len(np.unique(cell.input_weight)) == cell.input_weight.size


@pytest.mark.parametrize("name", CELLS)
def test_parameters_are_as_many_as_the_docstring_says(name: str, key: jax.Array) -> None:
    inputs, hidden = 3, 5
    count = sum(leaf.size for leaf in jax.tree.leaves(CELLS[name](inputs, hidden, key=key)))
    one_gate = hidden * (inputs + hidden + 1)
    expected = {
        "elman": one_gate,
        "lstm": 4 * one_gate,
        "lstm_peephole": 4 * one_gate + 3 * hidden,
        "lstm_coupled": 3 * one_gate,
        "lstm_coupled_peephole": 3 * one_gate + 2 * hidden,
        "gru": 3 * one_gate + hidden,
        "gru_reset_before": 3 * one_gate,
        "mgu": 2 * one_gate,
        "indrnn": hidden * (inputs + 2),
        "lstm_elementwise": hidden * (3 * inputs + hidden + 5),
        "min_gru": 2 * hidden * (inputs + 1),
        "min_lstm": 3 * hidden * (inputs + 1),
        "lru": 2 * hidden * inputs + 2 * hidden * hidden + hidden * inputs + 3 * hidden,
        "depth_lstm": 2 * hidden * (inputs + 1) + 4 * hidden * (hidden + 1),
        "grid_lstm": 2 * hidden * (inputs + 1) + 8 * hidden * (2 * hidden + 1),
        "irnn": one_gate,
        "leaky_elman": one_gate,
        "elman_higher_order": one_gate + hidden**2,
        "jordan": one_gate + hidden * (hidden + 1),
        "lstm_1997": 3 * one_gate,
        "lstm_no_input_gate": 3 * one_gate + 2 * hidden,
        "lstm_no_forget_gate": 3 * one_gate + 2 * hidden,
        "lstm_no_output_gate": 3 * one_gate + 2 * hidden,
        "lstm_no_input_activation": 4 * one_gate + 3 * hidden,
        "lstm_no_output_activation": 4 * one_gate + 3 * hidden,
        "lstm_full_gate_recurrence": 4 * one_gate + 3 * hidden + 9 * hidden**2,
    }
    if name in expected:
        assert count == expected[name]


def test_unknown_activation(key: jax.Array) -> None:
    with pytest.raises(
        OptionError, match=r"activation is 'tan' \(did you mean 'tanh'\?\); choose one of tanh, relu"
    ):
        Elman(3, 5, activation="tan", key=key)  # type: ignore[arg-type]


@pytest.mark.parametrize("forget_bias", [1.0, 0.0, -2.5])
def test_forget_bias_is_that_of_the_second_gate(forget_bias: float, key: jax.Array) -> None:
    bias = np.asarray(LSTM(3, 5, forget_bias=forget_bias, key=key).bias).reshape(4, 5)
    np.testing.assert_array_equal(bias, np.array([[0], [forget_bias], [0], [0]]) * np.ones(5))


def test_states_are_named(key: jax.Array) -> None:
    assert LSTMState._fields == ("hidden", "cell")
    assert GRUState._fields == ("hidden",)
    assert all(not np.any(leaf) for leaf in LSTM(3, 5, key=key).initial_state())


def test_a_cell_is_frozen_and_arrays_only(key: jax.Array) -> None:
    for kind in CELLS.values():
        cell = kind(3, 5, key=key)
        assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(cell))
        with pytest.raises(AttributeError):
            cell.input_weight = None
