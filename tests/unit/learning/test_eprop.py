"""E-prop and RFLO: exact where no recurrent product matters, and elsewhere what their papers say."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.agreement import assert_close
from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    BPTT,
    GRU,
    LSTM,
    RFLO,
    Cell,
    EProp,
    GridLSTM,
    IndRNN,
    Jordan,
    LeakyElman,
    LearnedStart,
    LearningRule,
    Linear,
    MinLSTM,
    Stack,
    gradient_over_chunks,
)
from throughtime.core.errors import NotForThisRuleError, OptionError
from throughtime.learning.carrying import Carrying
from throughtime.learning.feedback import with_random_feedback

EXACT = 1e-10
KEYS = jax.random.split(jax.random.key(0), 3)
STEPS, BATCH = 6, 2


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


def gradient(rule: LearningRule, cell: Any, chunk_size: int | None) -> Any:
    draw = np.random.default_rng(5)
    inputs, targets = draw.normal(size=(STEPS, BATCH, 2)), draw.normal(size=(STEPS, BATCH, 2))
    mask = jnp.asarray(draw.uniform(0.5, 1.5, size=(STEPS, BATCH)))

    @quick_jit
    def compute(cell: Any) -> Any:
        return gradient_over_chunks(
            rule, cell, squared, jnp.asarray(inputs), jnp.asarray(targets), mask, chunk_size=chunk_size
        ).gradient

    return compute(cell)


def leaky() -> Any:
    return lively(Stack([LeakyElman(2, 3, time_constant=2.5, key=KEYS[0]), Linear(3, 2, key=KEYS[1])]))


def gated() -> Any:
    return lively(
        Stack([LSTM(2, 3, key=KEYS[0]), LearnedStart(GRU(3, 4, key=KEYS[1])), Linear(4, 2, key=KEYS[2])])
    )


def elementwise() -> Any:
    return lively(
        Stack(
            [
                IndRNN(2, 3, activation="tanh", key=KEYS[0]),
                MinLSTM(3, 4, key=KEYS[1]),
                Linear(4, 2, key=KEYS[2]),
            ]
        )
    )


def deaf(cell: Any) -> Any:
    """Return the network with recurrent weights of zero."""

    def silence(path: Any, leaf: jax.Array) -> jax.Array:
        return jnp.zeros_like(leaf) if "recurrent_weight" in jax.tree_util.keystr(path) else leaf

    return jax.tree_util.tree_map_with_path(silence, cell)


@pytest.mark.parametrize(
    ("rule", "cell"),
    [
        (EProp(), elementwise),
        (EProp(), lambda: deaf(gated())),
        (EProp(), lambda: deaf(leaky())),
        (RFLO(feedback="symmetric"), lambda: deaf(leaky())),
    ],
    ids=["elementwise", "gated", "leaky", "rflo"],
)
@pytest.mark.usefixtures("float64")
def test_exact_without_recurrent_products(rule: LearningRule, cell: Any) -> None:
    network = cell()
    assert_close(gradient(rule, network, 2), gradient(BPTT(), network, None), EXACT, "gradient by ")


class HeldHidden(Cell):
    """An LSTM whose hidden layer is a given number to its recurrent product, written by hand."""

    cell: LSTM
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def initial_state(self) -> Any:
        return self.cell.initial_state()

    def project(self, x: Any) -> Any:
        return self.cell.project(x)

    def step(self, state: Any, projected: Any) -> Any:
        return self.cell.step(state._replace(hidden=jax.lax.stop_gradient(state.hidden)), projected)


@pytest.mark.usefixtures("float64")
def test_an_lstm_forgets_what_comes_by_its_hidden_layer() -> None:
    lstm, readout = lively(LSTM(2, 3, key=KEYS[0])), lively(Linear(3, 2, key=KEYS[1]))
    given = gradient(EProp(), Stack([lstm, readout]), 2)
    expected = gradient(BPTT(), Stack([HeldHidden(lstm, 2, 3), readout]), None)
    assert_close(given.cells[0], expected.cells[0].cell, EXACT, "gradient by ")
    assert_close(given.cells[1], expected.cells[1], EXACT, "gradient of the readout by ")
    full = gradient(BPTT(), Stack([lstm, readout]), None).cells[0].recurrent_weight
    assert np.max(np.abs(full - given.cells[0].recurrent_weight)) > 1e-2


def leaky_by_hand(cell: Any, feedback: np.ndarray) -> np.ndarray:
    """Return the gradient by the recurrent weights as Murray 2019 has it, a trace for each."""
    layer, readout = cell.cells
    W, U, b = (np.asarray(part) for part in (layer.input_weight, layer.recurrent_weight, layer.bias))
    V, d, tau = np.asarray(readout.weight), np.asarray(readout.bias), layer.time_constant
    draw = np.random.default_rng(5)
    inputs, targets = draw.normal(size=(STEPS, BATCH, 2)), draw.normal(size=(STEPS, BATCH, 2))
    mask, summed = draw.uniform(0.5, 1.5, size=(STEPS, BATCH)), np.zeros_like(U)
    for example in range(BATCH):
        h, p = np.zeros(3), np.zeros((3, 3))
        for t in range(STEPS):
            drive = np.tanh(W @ inputs[t, example] + U @ h + b)
            p = (1 - 1 / tau) * p + np.outer(1 - drive**2, h) / tau
            h = (1 - 1 / tau) * h + drive / tau
            error = 2 * mask[t, example] * (V @ h + d - targets[t, example])
            summed += (feedback.T @ error)[:, None] * p
    return summed


@pytest.mark.usefixtures("float64")
def test_rflo_is_the_papers() -> None:
    network = leaky()
    symmetric = gradient(RFLO(feedback="symmetric"), network, 2).cells[0].recurrent_weight
    by_hand = leaky_by_hand(network, np.asarray(network.cells[1].weight))
    np.testing.assert_allclose(symmetric, by_hand, atol=EXACT)
    random = gradient(RFLO(), network, 2)
    drawn = with_random_feedback("rflo", network, 0).cells[-1].feedback_weight
    np.testing.assert_allclose(
        random.cells[0].recurrent_weight, leaky_by_hand(network, np.asarray(drawn)), atol=EXACT
    )
    exact = gradient(BPTT(), network, None)
    assert_close(random.cells[1], exact.cells[1], EXACT, "gradient of the readout by ")
    assert np.max(np.abs(symmetric - random.cells[0].recurrent_weight)) > 1e-2
    other = gradient(RFLO(feedback_seed=1), network, 2).cells[0].recurrent_weight
    assert np.max(np.abs(other - random.cells[0].recurrent_weight)) > 1e-2


@pytest.mark.usefixtures("float64")
def test_what_is_carried_has_the_values_of_the_cell_and_the_diagonal_of_its_derivative() -> None:
    cell = lively(GRU(2, 3, key=KEYS[0]))
    state, x = type(cell.initial_state())(jnp.array([0.3, -0.5, 0.7])), jnp.array([0.4, -1.0])
    given, expected = (one.step(state, one.project(x)) for one in (Carrying(cell), cell))
    assert_close(given, expected, 1e-15, "state and output")
    carried = jax.jacobian(lambda h: Carrying(cell).step(type(state)(h), cell.project(x))[1])(state.hidden)
    keeps = jax.nn.sigmoid((cell.project(x) + cell.recurrent_weight @ state.hidden)[3:6])
    np.testing.assert_allclose(carried, jnp.diag(keeps), atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_a_product_of_this_step_is_not_recurrent() -> None:
    cell = lively(Jordan(2, 3, output_size=2, decay=0.6, key=KEYS[0]))
    state, x = type(cell.initial_state())(jnp.array([0.3, -0.5])), jnp.array([0.4, -1.0])
    after = jax.jacobian(lambda s: Carrying(cell).step(type(state)(s), cell.project(x))[0].context)
    np.testing.assert_allclose(after(state.context), 0.6 * np.eye(2), atol=1e-12)
    by_weight = jax.grad(lambda cell: jnp.sum(Carrying(cell).step(state, cell.project(x))[1]))(cell)
    assert all(np.any(leaf) for leaf in jax.tree.leaves(by_weight))


@pytest.mark.parametrize(
    ("rule", "network", "message"),
    [
        (
            EProp(feedback="random"),
            LSTM(2, 2, key=KEYS[0]),
            r"'eprop' with random feedback .* LSTM has none",
        ),
        (RFLO(), LeakyElman(2, 2, key=KEYS[0]), r"'rflo' with random feedback needs a linear readout"),
        (
            RFLO(feedback="symmetric"),
            Stack([LSTM(2, 3, key=KEYS[0]), GRU(3, 3, key=KEYS[1])]),
            r"one layer of LeakyElman, and the layers that remember are: LSTM, GRU; use one LeakyElman",
        ),
        (RFLO(feedback="symmetric"), Linear(2, 2, key=KEYS[0]), r"the layers that remember are: none"),
        (EProp(), GridLSTM(2, 2, key=KEYS[0]), r"GridLSTM takes its recurrent products in a loop \('scan'\)"),
    ],
)
def test_networks_that_are_not_for_the_rule(rule: LearningRule, network: Any, message: str) -> None:
    with pytest.raises(NotForThisRuleError, match=message):
        gradient(rule, network, 2)


@pytest.mark.usefixtures("as_users_run_it")
def test_unknown_feedback() -> None:
    with pytest.raises(OptionError, match=r"feedback is 'symetric' \(did you mean 'symmetric'\?\)"):
        EProp(feedback="symetric")  # type: ignore[arg-type]
