"""Every cell under every law."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import throughtime.cells
import throughtime.networks
import throughtime.reservoirs
from tests.laws import laws_of_cells as laws
from tests.laws.registry import CELL_ROWS, LENGTHS, MAP_ROWS, Row, Specimen, draw_inputs, fresh, specimen
from throughtime import SequenceMap, initial_states
from throughtime.core.cell import Cell
from throughtime.networks.transducer import GivenSource, Transducer

by_row = pytest.mark.parametrize("row", CELL_ROWS, ids=lambda row: row.name)

KINDRED = frozenset({
    "elman_relu", "irnn", "jordan", "leaky_elman", "lstm_coupled_peephole", "lstm_no_input_gate",
    "lstm_no_forget_gate", "lstm_no_output_gate", "lstm_no_input_activation", "lstm_no_output_activation",
    "lstm_partial_peephole", "min_lstm", "window", "attention_pooling", "linear", "dropout_inference",
    "stack_gated", "layer_normalisation", "recurrent_dropout", "zoneout_expected", "residual_step",
    "wrapped_stack", "teacher_forcing", "convolutional_gru", "convolution", "depth_lstm", "grid_lstm_untied",
    "spatial_grid_lstm", "dilated", "dilated_beyond", "log_softmax", "residual", "shortcut", "stack_tied",
    "echo_state_linear", "net_noise", "parallel", "step_then_look", "word_dropout", "spike_filter",
    "quantile_levels", "roll_out", "seasonal_difference", "seasonal_naive", "seasonal_residual",
})  # fmt: skip
"""Cells that share how they run with one that is under every law; of these, a run examines what their own
equations decide, and `--every-row` everything."""

DECISIVE = frozenset({
    laws.padding_changes_nothing,
    laws.steps_make_the_whole,
    laws.gradient_is_finite_differences,
    laws.fused_is_scan,
    laws.causal,
})  # fmt: skip
"""The laws that a wrong equation breaks."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each pair of a law and a cell to the test that takes one."""
    if "law" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--every-row")
    pairs = [
        pytest.param(law, row, id=f"{law.__name__}-{row.name}")
        for law in laws.LAWS
        for row in CELL_ROWS
        if every or law in DECISIVE or row.name not in KINDRED
    ]
    metafunc.parametrize(("law", "row"), pairs)


def test_kindred_cells_have_rows() -> None:
    assert {row.name for row in CELL_ROWS} > KINDRED


@pytest.mark.usefixtures("float64")
def test_law(row: Row, law: Callable[[Specimen], None]) -> None:
    law(specimen(row))


@by_row
@pytest.mark.usefixtures("float64")
def test_saved_and_loaded_is_itself(row: Row, tmp_path: Path) -> None:
    laws.saved_and_loaded_is_itself(specimen(row), tmp_path)


@by_row
def test_finite_over_a_long_sequence(row: Row) -> None:
    state = initial_states(fresh(row), 1, jax.random.key(0))
    laws.finite_over_a_long_sequence(Specimen(row, fresh(row), draw_inputs(row), state, jnp.array(LENGTHS)))


def test_every_cell_of_the_library_has_a_row() -> None:
    for package in (throughtime.cells, throughtime.reservoirs, throughtime.networks):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    # What a rule, a problem or an analysis builds for itself is tested there.
    rooms = ("throughtime.cells.", "throughtime.reservoirs.", "throughtime.networks.")
    known = {kind for kind in _descendants(Cell) if kind.__module__.startswith(rooms)}
    # A class that leaves something for its subclasses to declare is no cell yet either.
    known = {kind for kind in known if not inspect.isabstract(kind) and not kind.__abstractclassvars__}
    assert known <= {type(part) for row in CELL_ROWS for part in _cells_in(fresh(row))}
    maps = {kind for kind in _descendants(SequenceMap) if kind.__module__.startswith("throughtime.")}
    # They read a target beside the input, and have laws of their own, with their oracles.
    maps -= {Transducer, GivenSource, *_descendants(Transducer)}
    assert maps <= {type(fresh(row)) for row in MAP_ROWS}


def _descendants(kind: type) -> set[type]:
    return {one for child in kind.__subclasses__() for one in (child, *_descendants(child))}


def _cells_in(part: object) -> list[Cell]:
    """Return every cell within a cell: its layers, and whatever it is wrapped around."""
    inner = vars(part).values() if isinstance(part, Cell) else part if isinstance(part, tuple) else ()
    found = [cell for value in inner for cell in _cells_in(value)]
    return [part, *found] if isinstance(part, Cell) else found
