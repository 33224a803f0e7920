"""Gates over time: the numbers of the equations, by their letters, for cells of each structure."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from throughtime import GRU, LSTM, Bidirectional, ElementwiseLSTM, Elman, Linear, PeepholeLSTM, Stack
from throughtime.analysis.gate_figures import draw_gates
from throughtime.analysis.gates import GateTrace, gate_trace
from throughtime.analysis.pictures import save_figure
from throughtime.core.errors import NotACellError, OptionError, ShapeError

TIME, BATCH, HIDDEN = 4, 2, 3
INPUTS = jnp.asarray(np.random.default_rng(0).normal(size=(TIME, BATCH, 2)), jnp.float32)
LENGTHS = jnp.array([4, 2])


def gates_of_an_lstm(cell: LSTM, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """The equations of an LSTM, step by step, in NumPy."""
    W, U, b = (np.asarray(part, np.float64) for part in (cell.input_weight, cell.recurrent_weight, cell.bias))
    h = c = np.zeros((inputs.shape[1], HIDDEN))
    found: dict[str, list[np.ndarray]] = {"i": [], "f": [], "o": []}
    for x in inputs:
        i, f, g, o = np.split(x @ W.T + h @ U.T + b, 4, axis=1)
        i, f, o = expit(i), expit(f), expit(o)
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        for letter, values in zip("ifo", (i, f, o), strict=True):
            found[letter].append(values)
    return {letter: np.stack(values) for letter, values in found.items()}


def test_gates_are_those_of_the_equations() -> None:
    cell = LSTM(2, HIDDEN, key=jax.random.key(0))
    trace = gate_trace(Stack([cell, Linear(HIDDEN, 1, key=jax.random.key(1))]), INPUTS, lengths=LENGTHS)
    assert set(trace.values) == {"layers.0.i", "layers.0.f", "layers.0.o"}
    for letter, expected in gates_of_an_lstm(cell, np.asarray(INPUTS)).items():
        values = trace.values[f"layers.0.{letter}"]
        np.testing.assert_allclose(values[:, 0], expected[:, 0], rtol=1e-5)
        np.testing.assert_allclose(values[:2, 1], expected[:2, 1], rtol=1e-5)
        assert not values[2:, 1].any()
    assert trace.real("layers.0.f").shape == (6, HIDDEN)


@pytest.mark.parametrize(
    ("cell", "letters"),
    [
        (GRU, {"r", "z"}),
        (PeepholeLSTM, {"i", "f", "o"}),
        (ElementwiseLSTM, {"gate_1", "gate_2"}),
    ],
)
def test_gates_have_their_letters(cell: Any, letters: set[str]) -> None:
    network = cell(2, HIDDEN, key=jax.random.key(0))
    if cell is PeepholeLSTM:  # whose peepholes start at zero
        network = jax.tree.map(lambda leaf: leaf + 0.3, network)
    trace = gate_trace(network, INPUTS)
    assert set(trace.values) == letters
    assert all(((values > 0) & (values < 1)).all() for values in trace.values.values())
    assert trace.lengths.tolist() == [TIME, TIME]


def test_shares_count_units_and_steps() -> None:
    values = np.zeros((2, 2, 2), np.float32)
    values[0, 0] = [0.95, 0.5]
    values[1, 0] = [0.05, 0.95]
    trace = GateTrace({"f": values}, np.array([2, 0]))
    assert trace.shares("f") == (0.5, 0.25)


def test_what_has_no_gates_is_refused() -> None:
    with pytest.raises(OptionError, match="Elman has no layer with gates; use one with cells such as lstm"):
        gate_trace(Elman(2, 3, key=jax.random.key(0)), INPUTS)
    both = Bidirectional(GRU(2, 3, key=jax.random.key(0)), GRU(2, 3, key=jax.random.key(1)))
    with pytest.raises(NotACellError, match="Bidirectional must see the whole sequence"):
        gate_trace(both, INPUTS)
    with pytest.raises(ShapeError, match="inputs have 2 features"):
        gate_trace(GRU(5, 3, key=jax.random.key(0)), INPUTS)


def test_a_picture_has_a_panel_for_each_gate(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    trace = GateTrace({name: draw.uniform(size=(5, 2, 3)) for name in "ifoz"}, np.array([5, 3]))
    figure = draw_gates(trace, 1)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert [title.partition(":")[0] for title in titles] == list("ifoz")
    assert figure.axes[0].images[0].get_array().shape == (3, 3)
    save_figure(figure, tmp_path / "gates.png")
    assert (tmp_path / "gates.png").stat().st_size > 1000
    with pytest.raises(OptionError, match="sequence is 2 and the trace has 2; choose one from 0 to 1"):
        draw_gates(trace, 2)
