"""The laws and oracles can fail: each fault planted here is caught by the law that is there for it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from tests.laws import faults_in_cells as cells
from tests.laws import (
    faults_in_convolutional,
    faults_in_forecasts,
    faults_in_grid,
    faults_in_reservoirs,
    laws_of_cells,
    laws_of_elementwise_cells,
    laws_of_rules,
    laws_of_sequence_maps,
)
from tests.laws import faults_in_elementwise as elementwise
from tests.laws import faults_in_gates as gates
from tests.laws import faults_in_rules as rules
from tests.laws import faults_in_simple as simple
from tests.laws import faults_in_unrolling as unrolling
from tests.laws import faults_in_wirings as wirings
from tests.laws import faults_in_wrappers as wrappers
from tests.laws.registry import (
    BATCH,
    CELL_ROWS,
    HIDDEN,
    INPUT,
    LENGTHS,
    MAP_ROWS,
    Row,
    Specimen,
    draw_inputs,
    fresh,
    map_specimen,
    mirror,
    specimen,
    with_run,
)
from tests.oracles import comparisons
from throughtime import Dropout, initial_states
from throughtime.learning import LearningRule

CELLS = {row.name: row for row in CELL_ROWS}
MAPS = {row.name: row for row in MAP_ROWS}


def broken(sound: Any, kind: type) -> Any:
    """Return a module of the broken kind with the fields of the sound one."""
    twin = object.__new__(kind)
    for field in dataclasses.fields(sound):
        object.__setattr__(twin, field.name, getattr(sound, field.name))
    return twin


FAULTY_CELLS: list[tuple[Callable[[Specimen], None], str, type]] = [
    (comparisons.agrees_with_paper, "lstm", cells.ForgetForInput),
    (comparisons.agrees_with_paper, "lstm", cells.CandidateForOutput),
    (comparisons.agrees_with_paper, "lstm", cells.MinusInCell),
    (comparisons.agrees_with_paper, "lstm", cells.CellOneStepLate),
    (comparisons.agrees_with_paper, "gru", cells.KeepForTake),
    (comparisons.agrees_with_paper, "gru", cells.ResetBefore),
    (comparisons.agrees_with_paper, "lstm_peephole", gates.OutputLooksBack),
    (comparisons.agrees_with_paper, "lstm_peephole", gates.PeepholesExchanged),
    (comparisons.agrees_with_paper, "lstm_coupled", gates.ForgetIsInput),
    (comparisons.agrees_with_paper, "lstm_coupled", gates.KeepForWrite),
    (comparisons.agrees_with_paper, "lstm_coupled_peephole", gates.CoupledOutputLooksBack),
    (comparisons.agrees_with_paper, "lstm_coupled_peephole", gates.CoupledWithoutPeephole),
    *((comparisons.agrees_with_paper, row, kind) for row, kind in simple.FAULTS),
    (comparisons.agrees_with_paper, "gru_reset_before", gates.ResetAfter),
    (comparisons.agrees_with_paper, "gru_reset_before", gates.UpdateForReset),
    (comparisons.agrees_with_paper, "mgu", gates.KeepsForTakes),
    (comparisons.agrees_with_paper, "mgu", gates.NeverResets),
    (comparisons.agrees_with_paper, "elman_tanh", cells.SignInElman),
    (comparisons.agrees_with_paper, "window", cells.WindowOffByOne),
    (comparisons.agrees_with_paper, "mean_pooling", cells.MeanOffByOne),
    (comparisons.agrees_with_paper, "stack_gated", cells.StackThatSkipsWhole),
    (laws_of_cells.steps_make_the_whole, "stack_gated", cells.StackThatSkipsWhole),
    (laws_of_cells.steps_make_the_whole, "stack_gated", cells.StackThatSkips),
    (laws_of_cells.steps_make_the_whole, "dropout", cells.DropoutStuck),
    (laws_of_cells.seeing_all_is_a_step, "gru", gates.CarriesNothing),
    (laws_of_cells.same_key_same_numbers, "elman_tanh", cells.Drawn),
    (laws_of_cells.gradient_is_finite_differences, "elman_tanh", cells.GradientCut),
    (laws_of_cells.second_call_compiles_nothing, "mean_pooling", cells.StateOfOtherType),
    (laws_of_cells.shapes_and_types, "elman_tanh", cells.WrongSize),
    (laws_of_cells.fused_is_scan, "elman_tanh", cells.WrongKernel),
    *wrappers.FAULTS,
    *elementwise.FAULTS,
    *faults_in_convolutional.FAULTS,
    *faults_in_grid.FAULTS,
    *faults_in_forecasts.FAULTS,
    *faults_in_reservoirs.FAULTS,
    (comparisons.agrees_with_paper, "dilated", wirings.GoesOnFromOneLater),
    (laws_of_cells.chunks_make_the_whole, "dilated", wirings.ExchangedWhenResumed),
    (laws_of_cells.steps_make_the_whole, "dilated", wirings.EndsOneEarly),
    (laws_of_cells.padding_changes_nothing, "dilated", wirings.PaddedEndsOneEarly),
    (laws_of_cells.reverse_is_a_flip, "dilated", wirings.ReadsItsPaddingBackwards),
    (laws_of_cells.steps_make_the_whole, "dilated_noisy_symbols", wirings.OneKeyForAll),
    (comparisons.agrees_with_paper, "dilated_stack", wirings.FusesForwards),
    (comparisons.agrees_with_paper, "residual", wirings.AddsTwice),
    (laws_of_cells.steps_make_the_whole, "residual", wirings.AddsNothing),
    (comparisons.agrees_with_paper, "shortcut", wirings.InputLast),
]

FAULTY_RUNS: list[tuple[Callable[[Specimen], None], Callable[..., Any]]] = [
    (laws_of_cells.padding_changes_nothing, unrolling.ignores_lengths),
    (laws_of_cells.padding_changes_nothing, unrolling.masks_outputs_only),
    (laws_of_cells.padding_changes_nothing, unrolling.leaks_padding),
    (laws_of_cells.empty_sequence_keeps_state, unrolling.ignores_lengths),
    (laws_of_cells.empty_sequence_keeps_state, unrolling.masks_outputs_only),
    (laws_of_cells.chunks_make_the_whole, unrolling.forgets_the_state),
    (laws_of_cells.reverse_is_a_flip, unrolling.not_reversed),
    (laws_of_cells.reverse_is_a_flip, unrolling.reverses_the_padding_too),
    (laws_of_cells.causal, unrolling.sees_the_future),
    (laws_of_cells.batch_is_its_examples, unrolling.mixes_the_batch),
    (laws_of_cells.jit_is_eager, unrolling.knows_when_it_is_compiled),
]

FAULTY_RULES: list[tuple[Callable[[LearningRule], None], type[LearningRule]]] = [
    (laws_of_rules.whole_is_finite_differences, rules.SlopeIsOff),
    (laws_of_rules.whole_is_finite_differences, rules.IgnoresTheMask),
    (laws_of_rules.chunks_carry_the_state, rules.ForgetsTheState),
    (laws_of_rules.chunks_truncate, rules.CutsTooEarly),
    (laws_of_rules.chunks_are_the_whole, rules.Truncated),
    (laws_of_rules.chunks_are_the_whole_along_a_direction, rules.ForgetsItsDirection),
    (laws_of_rules.mask_is_linear, rules.IgnoresTheMask),
    (laws_of_rules.masked_steps_may_hold_anything, rules.PlainProduct),
    (laws_of_rules.padding_changes_nothing, rules.IgnoresLengths),
    (laws_of_rules.state_passed_in_matters, rules.ForgetsTheState),
    (laws_of_rules.gradient_has_every_parameter, rules.LosesAParameter),
]


def named(value: Any) -> str:
    return value if isinstance(value, str) else value.__name__


@pytest.mark.parametrize(("law", "row", "kind"), FAULTY_CELLS, ids=named)
@pytest.mark.usefixtures("float64")
def test_faulty_cell_is_caught(law: Callable[[Specimen], None], row: str, kind: type) -> None:
    examined = specimen(CELLS[row], broken(fresh(CELLS[row]), kind))
    with pytest.raises(AssertionError):
        law(examined)


@pytest.mark.parametrize(("law", "run"), FAULTY_RUNS, ids=named)
@pytest.mark.usefixtures("float64")
def test_faulty_unrolling_is_caught(law: Callable[[Specimen], None], run: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError):
        law(with_run(specimen(CELLS["elman_tanh"]), run))


@pytest.mark.parametrize(("law", "rule"), FAULTY_RULES, ids=named)
@pytest.mark.usefixtures("float64")
def test_faulty_rule_is_caught(law: Callable[[LearningRule], None], rule: type[LearningRule]) -> None:
    with pytest.raises(AssertionError):
        law(rule())


@pytest.mark.parametrize("kind", [cells.NotFlipped, cells.BackwardIsLate], ids=named)
@pytest.mark.usefixtures("float64")
def test_faulty_direction_is_caught(kind: type) -> None:
    sound = MAPS["concatenate"]
    row = dataclasses.replace(sound, mirrored=lambda network: broken(mirror(network), kind))
    with pytest.raises(AssertionError):
        laws_of_sequence_maps.mirrored_in_time(map_specimen(row, broken(fresh(sound), kind)))


def test_wrong_scale_of_dropout_is_caught() -> None:
    with pytest.raises(AssertionError):
        comparisons.thins_as_it_should(broken(Dropout(INPUT, 0.4), cells.DropoutThatShrinks))


def test_explosion_is_caught() -> None:
    row = CELLS["elman_tanh"]
    cell = broken(fresh(row), cells.Explodes)
    state = initial_states(cell, BATCH)
    with pytest.raises(AssertionError):
        laws_of_cells.finite_over_a_long_sequence(
            Specimen(row, cell, draw_inputs(row), state, jnp.array(LENGTHS))
        )


@pytest.mark.usefixtures("float64")
def test_weight_that_is_not_saved_is_caught(tmp_path: Path) -> None:
    def build(key: jax.Array) -> cells.HiddenWeight:
        return cells.HiddenWeight(INPUT, HIDDEN, extra=float(jax.random.normal(key)), key=key)

    with pytest.raises(AssertionError):
        laws_of_cells.saved_and_loaded_is_itself(specimen(Row("hidden_weight", build, HIDDEN)), tmp_path)


def test_every_law_of_cells_and_rules_has_caught_a_fault() -> None:
    caught = {law for law, *_ in (*FAULTY_CELLS, *FAULTY_RUNS, *FAULTY_RULES)}
    laws = {*laws_of_cells.LAWS, *laws_of_elementwise_cells.LAWS, *laws_of_rules.LAWS}
    laws |= {
        *laws_of_rules.IN_ONE_CHUNK,
        *laws_of_rules.TRUNCATED,
        *laws_of_rules.CARRIED,
        *laws_of_rules.PROJECTED,
    }
    assert laws <= caught
