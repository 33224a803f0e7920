"""Recurrent dropout and zoneout, and the residual step: what they keep, on average and exactly."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    GRU,
    LSTM,
    Cell,
    ConvolutionalGRU,
    Elman,
    Embedding,
    ExpectedZoneout,
    HigherOrderElman,
    Jordan,
    LearnedStart,
    Linear,
    MinimalGatedUnit,
    PeepholeLSTM,
    RecurrentDropout,
    ResetBeforeGRU,
    ResidualStep,
    Stack,
    TeacherForcing,
    Values,
    Zoneout,
    initial_states,
    unroll,
    without_noise,
)
from throughtime.core.errors import OptionError
from throughtime.kernels.library import available
from throughtime.networks.wrapper import lowest

KEY = jax.random.key(0)
INPUTS = jax.random.normal(KEY, (6, 1, 3))


@pytest.mark.parametrize(
    "kind", [Elman, LSTM, PeepholeLSTM, GRU, ResetBeforeGRU, MinimalGatedUnit], ids=lambda kind: kind.__name__
)
def test_recurrent_dropout_is_dropout_of_columns_of_the_recurrent_weights(kind: type) -> None:
    cell: Any = lively(kind(3, 20, key=KEY))
    outputs = unroll(RecurrentDropout(cell, 0.4), INPUTS, key=KEY)[1]
    key = initial_states(RecurrentDropout(cell, 0.4), 1, KEY).key[0]
    mask = jax.random.bernoulli(jax.random.fold_in(key, 0), 0.6, (20,))
    assert 4 < int(mask.sum()) < 18
    thin = eqx.tree_at(lambda cell: cell.recurrent_weight, cell, cell.recurrent_weight * mask / 0.6)
    np.testing.assert_allclose(outputs, unroll(thin, INPUTS)[1], atol=1e-5)
    assert np.max(np.abs(outputs - unroll(cell, INPUTS)[1])) > 1e-2


def test_layers_of_a_stack_are_thinned_each_by_itself() -> None:
    stack = Stack([GRU(3, 20, key=KEY), GRU(20, 20, key=KEY)])
    outputs = unroll(RecurrentDropout(stack, 0.4), INPUTS, key=KEY)[1]
    key = initial_states(RecurrentDropout(stack, 0.4), 1, KEY).key[0]
    masks = [jax.random.bernoulli(jax.random.fold_in(key, number), 0.6, (20,)) for number in (0, 1)]
    assert not jnp.array_equal(*masks)
    thin = [
        eqx.tree_at(lambda cell: cell.recurrent_weight, cell, cell.recurrent_weight * mask / 0.6)
        for cell, mask in zip(stack.cells, masks, strict=True)
    ]
    np.testing.assert_allclose(outputs, unroll(Stack(thin), INPUTS)[1], atol=1e-5)


def test_no_rate_changes_nothing() -> None:
    cell = GRU(3, 5, key=KEY)
    for wrapped in (RecurrentDropout(cell, 0.0), Zoneout(cell, 0.0), ExpectedZoneout(cell, 0.0)):
        np.testing.assert_allclose(unroll(wrapped, INPUTS, key=KEY)[1], unroll(cell, INPUTS)[1], atol=1e-6)


def test_zoneout_of_one_field_leaves_the_other() -> None:
    cell = LSTM(3, 5, key=KEY)
    start = cell.initial_state()._replace(hidden=jnp.full(5, 2.0), cell=jnp.full(5, 3.0))
    wrapped = Zoneout(cell, {"cell": 0.5})
    state = wrapped.initial_state()._replace(inner=start)
    projected = cell.project(INPUTS[0, 0])
    after, output = wrapped.step(state, projected)
    fresh, _ = cell.step(start, projected)
    np.testing.assert_array_equal(after.inner.hidden, fresh.hidden)
    np.testing.assert_array_equal(output, fresh.hidden)
    stays = np.asarray(after.inner.cell == 3.0)
    assert 0 < stays.sum() < 5
    np.testing.assert_array_equal(after.inner.cell[~stays], fresh.cell[~stays])


def test_zoneout_moves_on_average_as_expected_zoneout_moves() -> None:
    cell, rates, draws = LSTM(3, 5, key=KEY), {"hidden": 0.3, "cell": 0.6}, 4000
    start = cell.initial_state()._replace(hidden=jnp.full(5, 0.5), cell=jnp.full(5, -1.0))
    wrapped = Zoneout(cell, rates)
    projected = cell.project(INPUTS[0, 0])

    def moved(key: jax.Array) -> Any:
        return wrapped.step(wrapped.initial_state()._replace(inner=start, key=key), projected)[0].inner

    ends = quick_jit(jax.vmap(moved))(jax.random.split(KEY, draws))
    expected, _ = without_noise(wrapped).step(start, projected)  # type: ignore[union-attr]
    for drawn, mean in zip(ends, expected, strict=True):
        error = np.std(drawn, axis=0) / np.sqrt(draws)
        assert np.all(np.abs(np.mean(drawn, axis=0) - mean) < 5 * error)
        assert np.all(error > 0)


def test_output_of_a_readout_is_its_own() -> None:
    stack = Stack([LSTM(3, 5, key=KEY), Linear(5, 4, key=KEY)])
    state = stack.initial_state()
    projected = stack.project(INPUTS[0, 0])
    np.testing.assert_array_equal(
        ExpectedZoneout(stack, 0.5).step(state, projected)[1], stack.step(state, projected)[1]
    )


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_impossible_rates(rate: float) -> None:
    cell = GRU(3, 5, key=KEY)
    with pytest.raises(OptionError, match=rf"the rate of recurrent dropout is {rate}; choose 0 <= rate < 1"):
        RecurrentDropout(cell, rate)
    for kind in (Zoneout, ExpectedZoneout):
        with pytest.raises(
            OptionError, match=rf"the rate of zoneout of hidden is {rate}; choose 0 <= rate < 1"
        ):
            kind(cell, rate)


def test_fields_that_are_not_there() -> None:
    with pytest.raises(OptionError, match=r"a field of the state of GRU is 'cell'; choose one of hidden"):
        Zoneout(GRU(3, 5, key=KEY), {"cell": 0.5})
    with pytest.raises(OptionError, match=r"a field of the state of GRU is 'cell'; choose one of hidden"):
        RecurrentDropout(GRU(3, 5, key=KEY), 0.5, fields=["cell"])


def test_residual_step_starts_with_the_shares_asked_for() -> None:
    cell = Elman(3, 5, key=KEY)
    hidden = jnp.arange(5.0)
    state = cell.initial_state()._replace(hidden=hidden)
    projected = cell.project(INPUTS[0, 0])
    fresh, _ = cell.step(state, projected)
    after, output = ResidualStep(cell, alpha=0.2).step(state, projected)
    np.testing.assert_allclose(output, 0.2 * fresh.hidden + 0.8 * hidden, rtol=1e-6)
    np.testing.assert_array_equal(after.hidden, output)


def test_a_small_step_carries_the_gradient_far() -> None:
    """dh_T / dh_0 of a cell that forgets is beta^T with the residual step, and nothing without."""
    cell = Elman(3, 5, key=KEY)
    deaf = eqx.tree_at(lambda cell: cell.recurrent_weight, cell, jnp.zeros((5, 5)))
    inputs = jnp.ones((40, 1, 3))

    def slope(cell: Any) -> np.ndarray:
        start = jax.tree.map(lambda leaf: leaf[None], cell.initial_state())
        return np.asarray(
            jax.grad(lambda h: unroll(cell, inputs, start._replace(hidden=h))[1][-1].sum())(start.hidden)
        )

    assert not np.any(slope(deaf))
    np.testing.assert_allclose(slope(ResidualStep(deaf, alpha=0.05)), 0.95**40, rtol=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0])
def test_impossible_share(alpha: float) -> None:
    with pytest.raises(OptionError, match=rf"alpha is {alpha}; choose 0 < alpha < 1"):
        ResidualStep(Elman(3, 5, key=KEY), alpha=alpha)


@pytest.mark.skipif(not available(), reason="the kernels were not built")
def test_kernels_run_where_nothing_happens_between_the_steps() -> None:
    """A teacher's targets are known beforehand; whatever changes the state goes step by step."""
    cell = LSTM(3, 5, key=KEY)

    def program(cell: Any, size: int) -> str:
        return str(jax.make_jaxpr(lambda x: unroll(cell, x, key=KEY)[1])(jnp.zeros((6, 2, size))))

    assert "ffi_call" in program(cell, 3)
    taught = TeacherForcing(LSTM(3 + 5, 5, key=KEY), Values(5))
    assert "ffi_call" in program(taught, 8)
    for wrapped in (Zoneout(cell, 0.1), RecurrentDropout(cell, 0.1), ResidualStep(cell)):
        assert "ffi_call" not in program(wrapped, 3)


def test_older_hidden_layers_are_handed_on_whole() -> None:
    """A network of higher order sees each of them thinned, once."""
    cell = lively(HigherOrderElman(3, 20, order=3, key=KEY))
    wrapped = RecurrentDropout(cell, 0.4)
    outputs = unroll(wrapped, INPUTS, key=KEY)[1]
    mask = jax.random.bernoulli(jax.random.fold_in(initial_states(wrapped, 1, KEY).key[0], 0), 0.6, (3, 20))
    weight = cell.recurrent_weight.reshape(3, 20, 20) * mask[:, None, :] / 0.6
    thin = eqx.tree_at(lambda cell: cell.recurrent_weight, cell, weight.reshape(60, 20))
    np.testing.assert_allclose(outputs, unroll(thin, INPUTS)[1], atol=1e-5)


def test_a_learned_start_is_seen_through() -> None:
    cell = GRU(3, 20, key=KEY)
    started = lively(LearnedStart(cell))
    state = initial_states(RecurrentDropout(started, 0.4), 1, KEY)
    outputs = unroll(RecurrentDropout(started, 0.4), INPUTS, state)[1]
    np.testing.assert_allclose(
        outputs, unroll(RecurrentDropout(started.cell, 0.4), INPUTS, state)[1], atol=1e-6
    )
    assert np.any(state.inner.hidden != 0)
    reading = LearnedStart(Stack([Embedding(7, 3, key=KEY), cell]))
    assert isinstance(lowest(Zoneout(reading, 0.1)), Embedding)


@pytest.mark.parametrize("kind", ["gru", "mgu", "convolutional"])
def test_what_a_gate_keeps_is_kept_whole(kind: str) -> None:
    """Whatever the step sees, a gate that keeps everything keeps the state itself."""
    cell: Cell
    if kind == "convolutional":
        cell = ConvolutionalGRU((1, 3), 4, key=KEY)
        cell = eqx.tree_at(lambda cell: cell.bias, cell, cell.bias.at[4:8].set(40.0))
    elif kind == "gru":
        cell = GRU(3, 4, key=KEY)
        cell = eqx.tree_at(lambda cell: cell.bias, cell, cell.bias.at[4:8].set(40.0))
    else:
        cell = MinimalGatedUnit(3, 4, key=KEY)
        cell = eqx.tree_at(lambda cell: cell.bias, cell, cell.bias.at[:4].set(-40.0))
    seen, state = (
        jax.tree.map(lambda leaf, key=key: jax.random.normal(key, leaf.shape), cell.initial_state())
        for key in jax.random.split(KEY)
    )
    after, output = cell.step_seeing(seen, state, cell.project(jnp.ones(3)))
    np.testing.assert_allclose(after.hidden, state.hidden, atol=1e-6)
    np.testing.assert_allclose(output, state.hidden.reshape(-1), atol=1e-6)


def test_recurrent_dropout_needs_a_hidden_layer() -> None:
    message = r"thins the field 'hidden' of a state, and Jordan has context; name in fields what"
    with pytest.raises(OptionError, match=message):
        RecurrentDropout(Jordan(3, 5, key=KEY), 0.1)
    assert RecurrentDropout(Jordan(3, 5, key=KEY), 0.1, fields=("context",)).fields == ("context",)
