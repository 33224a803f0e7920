"""Layer normalisation keeps its promises: scales of weights do not count, and what a gate keeps is kept."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.registry import lively
from throughtime import (
    GRU,
    LSTM,
    Bidirectional,
    Elman,
    Embedding,
    LayerNormalisation,
    Linear,
    MinimalGatedUnit,
    NormalisedSums,
    PeepholeLSTM,
    ResetBeforeGRU,
    Stack,
    unroll,
)
from throughtime.core.errors import NotACellError, OptionError

KEY = jax.random.key(0)
INPUTS = jax.random.normal(KEY, (6, 2, 3))
CELLS = [Elman, LSTM, PeepholeLSTM, GRU, ResetBeforeGRU, MinimalGatedUnit]
SUMMING = [Elman, LSTM, PeepholeLSTM]


def outputs(cell: Any) -> np.ndarray:
    return np.asarray(unroll(cell, INPUTS.astype(float))[1])


def with_weights(cell: Any, name: str, weight: Any) -> Any:
    return eqx.tree_at(lambda cell: getattr(cell.cell, name), cell, weight)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.usefixtures("float64")
def test_the_scale_of_the_input_weights_does_not_count(kind: type) -> None:
    cell = lively(LayerNormalisation(kind(3, 5, key=KEY), epsilon=1e-14))
    weight = cell.cell.input_weight
    before = outputs(cell)
    for other in (weight * 7, weight * 0.2, weight + jnp.array([1.0, -2.0, 0.5])):
        np.testing.assert_allclose(outputs(with_weights(cell, "input_weight", other)), before, atol=1e-9)
    # Without it all of these count, and the sign does with it.
    assert np.max(np.abs(outputs(with_weights(cell, "input_weight", -weight)) - before)) > 1e-2
    bare = outputs(cell.cell)
    assert np.max(np.abs(outputs(eqx.tree_at(lambda c: c.input_weight, cell.cell, weight * 7)) - bare)) > 1e-2


@pytest.mark.parametrize("kind", SUMMING)
@pytest.mark.usefixtures("float64")
def test_with_normalised_sums_neither_scale_counts(kind: type) -> None:
    cell = lively(NormalisedSums(kind(3, 5, key=KEY), epsilon=1e-14))
    before = outputs(cell)[1:]
    for name in ("input_weight", "recurrent_weight"):
        weight = getattr(cell.cell, name)
        for scale in (7, 0.2):
            after = outputs(with_weights(cell, name, weight * scale))[1:]
            np.testing.assert_allclose(after, before, atol=1e-9)
        assert np.max(np.abs(outputs(with_weights(cell, name, -weight))[1:] - before)) > 1e-2


@pytest.mark.usefixtures("float64")
def test_the_spread_of_a_hidden_layer_does_not_count_for_what_is_seen_of_it() -> None:
    # An Elman network carries nothing on: a state ten times as large gives the same.
    cell = lively(LayerNormalisation(Elman(3, 5, key=KEY), epsilon=1e-14))
    state = cell.initial_state()._replace(hidden=jnp.arange(5.0))
    wide = state._replace(hidden=10 * state.hidden + 3)
    after, other = (cell.step(each, cell.project(INPUTS[0, 0]))[1] for each in (state, wide))
    np.testing.assert_allclose(after, other, atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_a_gated_unit_keeps_its_memory_as_it_is() -> None:
    cell = LayerNormalisation(GRU(3, 5, key=KEY))
    # z = 1: everything is kept.
    cell = with_weights(cell, "bias", cell.cell.bias.at[5:10].set(50.0))
    hidden = jnp.array([3.0, -1.0, 0.5, 2.0, 7.0])
    after, output = cell.step(cell.initial_state()._replace(hidden=hidden), cell.project(INPUTS[0, 0]))
    np.testing.assert_allclose(output, hidden, atol=1e-12)
    np.testing.assert_array_equal(after.hidden, output)


def test_forget_bias_stays_outside_of_the_normalisation() -> None:
    cell = LSTM(3, 5, key=KEY)
    for wrapped in (LayerNormalisation(cell), NormalisedSums(cell)):
        np.testing.assert_allclose(wrapped.project(jnp.zeros(3)), cell.bias, atol=1e-6)


def test_symbols_are_normalised_as_their_vectors() -> None:
    cell = LayerNormalisation(Stack([Embedding(11, 4, key=KEY), GRU(4, 5, key=KEY), Linear(5, 2, key=KEY)]))
    assert [gain.shape for gain in cell.projected_gain] == [(4,)]
    assert [gain.shape for gain in cell.hidden_gain] == [(5,)]
    vector = np.asarray(cell.project(jnp.array(3)))
    assert abs(vector.mean()) < 1e-6
    assert unroll(cell, jnp.zeros((6, 2), jnp.int32))[1].shape == (6, 2, 2)


@pytest.mark.parametrize("kind", [LayerNormalisation, NormalisedSums])
@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("nan")])
def test_impossible_epsilon(kind: type, epsilon: float) -> None:
    with pytest.raises(OptionError, match=rf"epsilon is {epsilon}; choose a number above 0"):
        kind(LSTM(3, 5, key=KEY), epsilon=epsilon)


def test_a_single_unit_cannot_be_normalised() -> None:
    with pytest.raises(OptionError, match=r"the hidden layer of GRU has 1 number\(s\), which .* constant"):
        LayerNormalisation(GRU(3, 1, key=KEY))
    with pytest.raises(OptionError, match=r"the sum of Elman has 1 number\(s\)"):
        NormalisedSums(Elman(3, 1, key=KEY))
    with pytest.raises(OptionError, match=r"what project gives of Elman has 1 number\(s\)"):
        LayerNormalisation(Elman(3, 1, key=KEY))


@pytest.mark.usefixtures("as_users_run_it")
def test_other_cells_have_no_single_sum() -> None:
    with pytest.raises(
        NotACellError, match=r"NormalisedSums goes .* and GRU is neither; use LayerNormalisation"
    ):
        NormalisedSums(GRU(3, 5, key=KEY))  # type: ignore[arg-type]


@pytest.mark.usefixtures("as_users_run_it")
def test_a_wrapper_goes_around_a_cell() -> None:
    both = Bidirectional(GRU(3, 5, key=KEY), GRU(3, 5, key=KEY))
    with pytest.raises(
        NotACellError, match=r"LayerNormalisation goes around a cell, and Bidirectional is not"
    ):
        LayerNormalisation(both)  # type: ignore[arg-type]
