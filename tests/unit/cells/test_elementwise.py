"""Cells whose units remember each for itself: where they start, and what their papers promise."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.registry import lively
from tests.oracles import papers_elementwise as papers
from tests.oracles.transcribed import by_gate, weights
from throughtime import LRU, ElementwiseLSTM, IndRNN, MinGRU, MinLSTM, initial_states, unroll
from throughtime.cells import ElementwiseLSTMState
from throughtime.core.errors import OptionError

STEPS = 40


def test_indrnn_keeps_the_gradient_between_half_and_twice_its_size(key: jax.Array) -> None:
    cell = IndRNN(3, 50, memory_steps=STEPS, key=key)
    state = jax.tree.map(lambda leaf: leaf + 1, initial_states(cell, 1))

    def end(hidden: jax.Array) -> jax.Array:
        after, _ = unroll(cell, jnp.zeros((STEPS, 1, 3)), state._replace(hidden=hidden))
        return jnp.sum(after.hidden)

    sizes = np.asarray(jax.grad(end)(state.hidden))
    assert 0.5 * (1 - 1e-4) <= sizes.min() < 0.7
    assert 1.5 < sizes.max() <= 2 * (1 + 1e-4)


def test_indrnn_starts_with_short_and_long_memories(key: jax.Array) -> None:
    u = np.asarray(IndRNN(3, 2000, key=key).recurrent_weight)
    assert 0 <= u.min() < 0.01
    assert 0.99 < u.max() <= 1
    assert u.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * 2000))


@pytest.mark.usefixtures("float64")
def test_indrnn_with_tanh(key: jax.Array) -> None:
    cell = lively(IndRNN(3, 5, activation="tanh", key=key))
    x, h = jnp.arange(3.0) - 1, jnp.arange(5.0) - 2
    after, output = cell.step(cell.initial_state()._replace(hidden=h), cell.project(x))
    expected = np.tanh(cell.input_weight @ x + cell.recurrent_weight * h + cell.bias)
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(after.hidden, output)


@pytest.mark.usefixtures("float64")
def test_elementwise_lstm_has_the_sensitivity_of_its_paper(key: jax.Array) -> None:
    cell = lively(ElementwiseLSTM(3, 5, key=key))
    inputs = jax.random.normal(key, (6, 3))
    w = weights(cell)
    of_all = {"input_weight": "fzo", "recurrent_weight": "fz", "bias": "fzo"}
    gates = [by_gate(w[name], of_one) for name, of_one in of_all.items()]
    start = ElementwiseLSTMState(jnp.linspace(-2, 2, 5))

    through_time = np.ones(5)
    state = start
    for x in inputs:
        by_hand = papers.elstm_sensitivity(np.asarray(x), *gates, np.asarray(state.cell))
        jacobian = jax.jacfwd(lambda state, x=x: cell.step(state, cell.project(x))[0])(state).cell.cell
        np.testing.assert_allclose(jacobian, np.diag(by_hand), rtol=0, atol=1e-12)
        through_time *= by_hand
        state, _ = cell.step(state, cell.project(x))

    def end(start: jax.Array) -> jax.Array:
        return unroll(cell, inputs[:, None], ElementwiseLSTMState(start[None]))[0].cell[0]

    whole = jax.jacrev(end)(start.cell)
    assert np.abs(through_time).max() > 1e-3
    np.testing.assert_allclose(whole, np.diag(through_time), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [MinGRU, MinLSTM, ElementwiseLSTM])
def test_chrono_keeps_up_to_so_many_steps(kind: Any, key: jax.Array) -> None:
    """Without input a unit keeps n / (n + 1) of its memory a step, for n from 1 to the limit less 1."""
    cell = kind(3, 500, memory_steps=101, key=key)
    if kind is ElementwiseLSTM:
        kept = jax.nn.sigmoid(jnp.split(cell.project(jnp.zeros(3)), 3)[0])
    else:
        kept = cell.coefficients(cell.project(jnp.zeros(3)))[0].hidden
    steps = 1 / (1 - np.asarray(kept))
    assert steps.min() >= 2 - 1e-4
    assert 95 < steps.max() <= 101 + 1e-2
    plain = np.asarray(kind(3, 5, key=key).bias)
    assert not np.any(plain)


@pytest.mark.parametrize("kind", [MinGRU, MinLSTM, ElementwiseLSTM, IndRNN, LRU])
def test_memory_of_one_step_is_refused(kind: Any, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=r"memory_steps is 1; choose a number of steps of at least 2"):
        kind(3, 5, memory_steps=1, key=key)


def test_gates_of_min_lstm_that_are_both_shut_share_half_and_half(key: jax.Array) -> None:
    cell = MinLSTM(3, 5, key=key)
    shut = jnp.concatenate([jnp.full(10, -200.0), jnp.zeros(5)])

    def kept(projected: jax.Array) -> jax.Array:
        return jnp.sum(cell.coefficients(projected)[0].hidden)

    share, gradient = jax.value_and_grad(kept)(shut)
    np.testing.assert_allclose(share, 2.5, rtol=1e-6)
    np.testing.assert_allclose(gradient[:5], 0.25, rtol=1e-6)


def test_gates_of_min_lstm_are_divided_by_their_sum(key: jax.Array) -> None:
    f_in, i_in = jnp.linspace(-4, 3, 5), jnp.linspace(2, -5, 5)
    a, b = MinLSTM(3, 5, candidate="linear", key=key).coefficients(jnp.concatenate([f_in, i_in, jnp.ones(5)]))
    f, i = (1 / (1 + np.exp(-np.asarray(each, np.float64))) for each in (f_in, i_in))
    np.testing.assert_allclose(a.hidden, f / (f + i), rtol=1e-5)
    np.testing.assert_allclose(a.hidden + b.hidden, 1, rtol=1e-6)


@pytest.mark.parametrize("kind", [MinGRU, MinLSTM])
def test_states_stay_between_their_candidates(kind: Any, key: jax.Array) -> None:
    cell = lively(kind(1, 5, candidate="linear", memory_steps=1000, key=key))
    inputs = jax.random.uniform(key, (10_000, 1, 1), minval=-1, maxval=1)
    _, outputs = unroll(cell, inputs)
    n_weight, n_bias = (jnp.split(leaf, len(cell.gates))[-1] for leaf in (cell.input_weight[:, 0], cell.bias))
    bound = np.abs(n_weight) + np.abs(n_bias)
    assert np.all(np.abs(outputs) <= bound * (1 + 1e-5))
    assert np.abs(outputs).max() > 0.1


def test_positive_candidates_have_no_step_at_zero(key: jax.Array) -> None:
    g = MinGRU(3, 5, key=key).candidates["positive"]
    np.testing.assert_allclose(
        g(jnp.array([-1e-6, 0.0, 1e-6, -3.0, 2.0])), [0.5, 0.5, 0.5, 0.047426, 2.5], rtol=1e-4
    )


def eigenvalues(cell: LRU) -> np.ndarray:
    nu, theta = (np.asarray(leaf, np.float64) for leaf in (cell.nu, cell.theta))
    return np.exp(-np.exp(nu) + 1j * np.exp(theta))


def test_modes_of_lru_are_even_over_their_ring(key: jax.Array) -> None:
    count, r_min, r_max = 4000, 0.4, 0.9
    spread = eigenvalues(LRU(3, 2, state_size=count, r_min=r_min, r_max=r_max, key=key))
    area = (np.abs(spread) ** 2 - r_min**2) / (r_max**2 - r_min**2)
    turned = np.angle(spread) % (2 * np.pi) / (2 * np.pi)
    for share in (area, turned):
        assert -1e-5 < share.min() < 0.01
        assert 0.99 < share.max() < 1 + 1e-5
        # Five standard errors of the mean and of the mean square of U(0, 1).
        assert share.mean() == pytest.approx(1 / 2, abs=5 / np.sqrt(12 * count))
        assert (share**2).mean() == pytest.approx(1 / 3, abs=5 * np.sqrt(4 / 45 / count))
    together = np.corrcoef(area, turned)[0, 1]
    assert abs(together) < 5 / np.sqrt(count)


def test_small_phases_of_lru(key: jax.Array) -> None:
    angles = np.angle(eigenvalues(LRU(3, 500, max_phase=np.pi / 10, key=key)))
    assert angles.min() > 0
    assert 0.98 * np.pi / 10 < angles.max() <= np.pi / 10


def test_slowest_mode_of_lru_falls_to_an_eth_in_its_memory(key: jax.Array) -> None:
    left = np.abs(eigenvalues(LRU(3, 500, memory_steps=100, key=key))) ** 100
    assert np.exp(-1) * 0.8 < left.max() <= np.exp(-1) * (1 + 1e-5)


def test_modes_of_lru_have_the_variance_of_their_input_however_slow(key: jax.Array) -> None:
    cell = LRU(4, 6, r_min=0.9, r_max=0.98, key=key)
    inputs = jax.random.normal(key, (300, 400, 4))
    after, _ = unroll(cell, inputs)
    power = np.mean(np.asarray(after.real) ** 2 + np.asarray(after.imaginary) ** 2, axis=0)
    entering = np.sum(np.asarray(cell.input_weight).reshape(2, 6, 4) ** 2, axis=(0, 2))
    # |s|^2 has a standard deviation of at most sqrt(2) times its mean.
    np.testing.assert_allclose(power / entering, 1, rtol=0, atol=5 * np.sqrt(2 / 400))


@pytest.mark.parametrize("nu", [-30.0, 0.0, 5.0])
def test_no_weight_makes_lru_grow(nu: float, key: jax.Array) -> None:
    cell = eqx.tree_at(lambda cell: cell.nu, LRU(3, 5, key=key), jnp.full(5, nu))
    start = jax.tree.map(lambda leaf: leaf + 1, initial_states(cell, 1))
    after, _ = unroll(cell, jnp.zeros((5000, 1, 3)), start)
    size = np.hypot(np.asarray(after.real), np.asarray(after.imaginary))
    assert np.all(size <= np.sqrt(2) * (1 + 1e-3))


def test_a_single_mode_and_the_whole_disc(key: jax.Array) -> None:
    cell = LRU(1, 1, key=key)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(cell))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"r_min": 0.9, "r_max": 0.5}, r"the ring is from 0\.9 to 0\.5; choose 0 <= r_min < r_max <= 1"),
        ({"r_max": 1.5}, r"the ring is from 0\.0 to 1\.5"),
        ({"r_min": -0.1}, r"the ring is from -0\.1 to 1\.0"),
        ({"max_phase": 0.0}, r"max_phase is 0\.0; choose an angle above 0 and at most 2 pi"),
        ({"max_phase": 7.0}, r"max_phase is 7\.0"),
        ({"state_size": 0}, r"state_size is 0; choose a whole number of at least 1"),
    ],
)
def test_impossible_options_of_lru(options: dict[str, Any], message: str, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=message):
        LRU(3, 5, key=key, **options)


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda key: IndRNN(3, 5, activation="rely", key=key),  # type: ignore[arg-type]
            r"activation is 'rely' \(did you mean 'relu'\?\); choose one of relu, tanh",
        ),
        (
            lambda key: MinGRU(3, 5, candidate="positiv", key=key),  # type: ignore[arg-type]
            r"candidate is 'positiv' \(did you mean 'positive'\?\); choose one of positive, linear",
        ),
    ],
)
def test_unknown_choices(build: Any, message: str, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=message):
        build(key)


@pytest.mark.parametrize("kind", [IndRNN, ElementwiseLSTM, MinGRU])
def test_unknown_initializer(kind: Any, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=r"initializer is 'gloro' \(did you mean 'glorot'\?\)"):
        kind(3, 5, key=key, input_initializer="gloro")
