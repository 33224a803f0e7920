"""Elman's network started at the identity or with a longer view back, and Jordan's."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    IRNN,
    Elman,
    ElmanState,
    HigherOrderElman,
    HigherOrderState,
    Jordan,
    JordanState,
    LeakyElman,
    initial_states,
    unroll,
)
from throughtime.core.errors import OptionError

pytestmark = pytest.mark.usefixtures("as_users_run_it")


def run(cell: Any) -> np.ndarray:
    inputs = jax.random.normal(jax.random.key(8), (6, 2, 3))
    return np.asarray(quick_jit(unroll)(cell, inputs, initial_states(cell, 2))[1])


def test_irnn_starts_as_a_rectified_elman_with_a_scaled_identity_and_no_bias(key: jax.Array) -> None:
    cell = IRNN(3, 50, scale=0.25, key=key)
    assert cell.activation == "relu"
    np.testing.assert_array_equal(cell.recurrent_weight, 0.25 * np.eye(50))
    assert not np.any(cell.bias)
    deviation = np.std(IRNN(40, 50, key=key).input_weight)
    np.testing.assert_allclose(deviation, 0.001, rtol=0.1)  # 2,000 draws: a standard error of 1.6 %
    elman = Elman(3, 50, activation="relu", recurrent_initializer="identity", key=key)
    same = eqx.tree_at(lambda cell: cell.input_weight, elman, IRNN(3, 50, key=key).input_weight)
    np.testing.assert_array_equal(run(IRNN(3, 50, key=key)), run(same))


@pytest.mark.parametrize(("scale", "steps"), [(1.0, 1000), (0.5, 20)])
@pytest.mark.usefixtures("float64")
def test_irnn_keeps_what_it_has_and_its_gradient_to_the_scale(
    scale: float, steps: int, key: jax.Array
) -> None:
    cell = IRNN(3, 5, scale=scale, key=key)
    before = jnp.arange(1.0, 6.0)

    def end(hidden: jax.Array) -> jax.Array:
        return unroll(cell, jnp.zeros((steps, 1, 3)), ElmanState(hidden[None]))[0].hidden[0]

    kept = scale**steps
    np.testing.assert_array_equal(end(before), kept * before)
    np.testing.assert_array_equal(quick_jit(jax.jacrev(end))(before), kept * np.eye(5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 0.0}, r"scale is 0\.0; choose a number above 0"),
        ({"scale": float("inf")}, r"scale is inf; choose a number above 0"),
        ({"input_deviation": -1.0}, r"input_deviation is -1\.0; choose a number above 0"),
    ],
)
def test_impossible_irnn(options: dict[str, float], message: str, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=message):
        IRNN(3, 5, key=key, **options)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.usefixtures("float64")
def test_first_order_is_an_elman(activation: Any, key: jax.Array) -> None:
    cell = lively(HigherOrderElman(3, 5, order=1, activation=activation, key=key))
    elman = jax.tree.unflatten(
        jax.tree.structure(Elman(3, 5, activation=activation, key=key)), jax.tree.leaves(cell)
    )
    np.testing.assert_allclose(run(cell), run(elman), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(
        HigherOrderElman(3, 5, order=1, key=key).recurrent_weight, Elman(3, 5, key=key).recurrent_weight
    )


@pytest.mark.usefixtures("float64")
def test_order_is_how_far_back_one_step_sees(key: jax.Array) -> None:
    order = 3
    cell = lively(HigherOrderElman(3, 5, order=order, key=key))
    past = jax.random.normal(key, (order, 5))

    def next_hidden(past: jax.Array) -> jax.Array:
        return cell.step(HigherOrderState(past), cell.project(jnp.ones(3)))[1]

    by_past = np.asarray(jax.jacrev(next_hidden)(past))  # [H, K, H]
    slope = 1 - np.asarray(next_hidden(past))[:, None] ** 2
    for k, block in enumerate(np.split(np.asarray(cell.recurrent_weight), order)):
        np.testing.assert_allclose(by_past[:, k], slope * block, rtol=0, atol=1e-13)


@pytest.mark.usefixtures("float64")
def test_higher_order_starts_with_no_more_feedback_than_an_elman(key: jax.Array) -> None:
    # The identity in every block is a mean over the last K states, which a constant passes through unchanged.
    cell = HigherOrderElman(3, 5, order=4, activation="relu", recurrent_initializer="identity", key=key)
    before = HigherOrderState(jnp.ones((1, 4, 5)))
    _, outputs = unroll(cell, jnp.zeros((100, 1, 3)), before)
    np.testing.assert_allclose(outputs, 1.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 0}, r"order is 0; choose a whole number of at least 1"),
        ({"activation": "rely"}, r"activation is 'rely' \(did you mean 'relu'\?\)"),
    ],
)
def test_impossible_higher_order(options: dict[str, Any], message: str, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=message):
        HigherOrderElman(3, 5, key=key, **options)


@pytest.mark.parametrize(
    ("activation", "by_hand"),
    [("tanh", np.tanh), ("logistic", lambda a: 1 / (1 + np.exp(-a))), ("linear", lambda a: a)],
)
@pytest.mark.usefixtures("float64")
def test_jordan_squashes_its_output_as_asked(activation: Any, by_hand: Any, key: jax.Array) -> None:
    cell = lively(Jordan(3, 5, output_size=4, output_activation=activation, key=key))
    context, x = jnp.arange(1.0, 5.0), jnp.arange(3.0)
    after, output = cell.step(JordanState(context), cell.project(x))
    hidden = np.tanh(cell.input_weight @ x + cell.recurrent_weight @ context + cell.bias)
    expected = by_hand(cell.output_weight @ hidden + cell.output_bias)
    np.testing.assert_allclose(output, expected, rtol=1e-12)
    np.testing.assert_array_equal(after.context, output)  # decay is 0: the context is the last output


@pytest.mark.usefixtures("float64")
def test_context_fades_by_the_decay(key: jax.Array) -> None:
    cell = lively(Jordan(3, 5, output_size=4, decay=0.6, key=key))
    after, outputs = unroll(cell, jax.random.normal(key, (7, 1, 3)))
    expected = sum(0.6 ** (6 - t) * np.asarray(outputs)[t] for t in range(7))
    np.testing.assert_allclose(after.context, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decay": 1.0}, r"decay is 1\.0; choose 0 <= decay < 1"),
        ({"decay": -0.1}, r"decay is -0\.1; choose 0 <= decay < 1"),
        ({"output_size": 0}, r"output_size is 0; choose a whole number of at least 1"),
        (
            {"output_activation": "logistics"},
            r"output_activation is 'logistics' \(did you mean 'logistic'\?\); choose one of tanh",
        ),
    ],
)
def test_impossible_jordan(options: dict[str, Any], message: str, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=message):
        Jordan(3, 5, key=key, **options)


@pytest.mark.usefixtures("float64")
def test_leaky_units_without_delay_are_elmans(key: jax.Array) -> None:
    leaky = lively(LeakyElman(3, 5, time_constant=1, activation="relu", key=key))
    elman = lively(Elman(3, 5, activation="relu", key=key))
    x = jax.random.normal(key, (7, 2, 3))
    np.testing.assert_allclose(unroll(leaky, x)[1], unroll(elman, x)[1], atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_leaky_units_fade_by_their_time_constant(key: jax.Array) -> None:
    cell = LeakyElman(3, 5, time_constant=4, recurrent_initializer="identity", key=key)
    cell = eqx.tree_at(lambda cell: cell.recurrent_weight, cell, jnp.zeros((5, 5)))
    first = ElmanState(jnp.ones((1, 5)))
    after, _ = unroll(cell, jnp.zeros((3, 1, 3)), first)
    np.testing.assert_allclose(after.hidden, np.full((1, 5), 0.75**3), rtol=1e-12)


@pytest.mark.parametrize("given", [0.5, -1.0, float("inf"), float("nan")])
def test_impossible_time_constant(given: float, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=rf"time_constant is {given}; choose a number of steps of at least"):
        LeakyElman(3, 5, time_constant=given, key=key)
