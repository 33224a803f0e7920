"""Penalties on hidden layers and on errors: by hand, in the gradient, and refused where they cannot be."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from tests.laws.compilation import quick_jit
from throughtime import (
    BPTT,
    GRU,
    LSTM,
    Bidirectional,
    Elman,
    Gradient,
    Linear,
    Stack,
    Zoneout,
    initial_states,
)
from throughtime.core.errors import NotACellError, OptionError
from throughtime.learning.penalties import activation, gradient_norm_penalty, instability, unroll_watching
from throughtime.networks.dilated import Dilated
from throughtime.networks.window import FixedWindow
from throughtime.training.settings import Settings, SolvingSettings

pytestmark = pytest.mark.usefixtures("float64")

KEYS = jax.random.split(jax.random.key(0), 5)
INPUTS = jax.random.normal(KEYS[0], (6, 2, 3), jnp.float32)
TARGETS = jax.random.normal(KEYS[1], (6, 2, 2), jnp.float32)
LAST = jnp.zeros((6, 2)).at[5, 0].set(1).at[3, 1].set(0.5)
LENGTHS = np.array([6, 4])
NETWORK = Stack([Elman(3, 4, key=KEYS[2]), Zoneout(LSTM(4, 3, key=KEYS[3]), 0.0), Linear(3, 2, key=KEYS[4])])
SIMPLE = Stack([Elman(3, 4, key=KEYS[2]), Linear(4, 2, key=KEYS[4])])


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


def watched(part: slice, state: Any, lengths: Any) -> Any:
    network = Stack([NETWORK.cells[0], NETWORK.cells[1].cell, NETWORK.cells[2]])
    return quick_jit(unroll_watching)(network, INPUTS[part], state, lengths)


def layers_by_hand() -> list[np.ndarray]:
    """Return both hidden layers, step by step, with the state before the first step in front."""
    states = initial_states(NETWORK, 2, KEYS[0])
    rows: list[list[np.ndarray]] = [[np.zeros((2, 4))], [np.zeros((2, 3))]]
    step = quick_jit(jax.vmap(lambda state, x: NETWORK.step(state, NETWORK.project(x))))
    for x in INPUTS:
        states, _ = step(states, x)
        rows[0].append(np.asarray(states.layers[0].hidden))
        rows[1].append(np.asarray(states.layers[1].inner.hidden))
    return [np.stack(row) for row in rows]


def by_hand(kind: Callable[..., Any]) -> float:
    total = 0.0
    for layer in layers_by_hand():
        norms = np.linalg.norm(layer, axis=2)
        terms = norms[1:] ** 2 if kind is activation else (norms[1:] - norms[:-1]) ** 2
        total += sum(terms[:length, example].sum() for example, length in enumerate(LENGTHS)) / 2
    return total


@pytest.mark.parametrize("kind", [activation, instability])
def test_penalty_by_hand(kind: Callable[..., Any]) -> None:
    whole = quick_jit(unroll_watching)(
        NETWORK, INPUTS, initial_states(NETWORK, 2, KEYS[0]), jnp.array(LENGTHS)
    )
    assert [layer.shape for layer in whole.hidden] == [(7, 2, 4), (7, 2, 3)]
    assert float(kind(whole, jnp.array(LENGTHS))) == pytest.approx(by_hand(kind), rel=1e-5)
    assert by_hand(kind) > 0.05


@pytest.mark.parametrize("kind", [activation, instability])
def test_chunks_add_up(kind: Callable[..., Any]) -> None:
    plain = Stack([NETWORK.cells[0], NETWORK.cells[1].cell, NETWORK.cells[2]])
    whole = watched(slice(0, 6), initial_states(plain, 2), jnp.array([6, 4]))
    first = watched(slice(0, 3), initial_states(plain, 2), jnp.array([3, 3]))
    second = watched(slice(3, 6), first.state, jnp.array([3, 1]))
    parts = kind(first, jnp.array([3, 3])) + kind(second, jnp.array([3, 1]))
    assert float(parts) == pytest.approx(float(kind(whole, jnp.array([6, 4]))), rel=1e-5)


@functools.cache
def gradient(rule: BPTT) -> Gradient:
    def compute(cell: Stack) -> Gradient:
        lengths = jnp.array(LENGTHS)
        return rule.gradient(cell, squared, (), None, INPUTS, TARGETS, LAST, lengths=lengths)

    return quick_jit(compute)(SIMPLE)


@pytest.mark.parametrize("option", ["activation_penalty", "instability_penalty"])
def test_gradient_has_the_penalty_and_the_loss_has_not(option: str) -> None:
    plain, given = gradient(BPTT()), gradient(BPTT(**{option: 0.3}))
    assert float(given.loss) == pytest.approx(float(plain.loss), rel=1e-6)
    flat, restore = ravel_pytree(SIMPLE)
    kind = activation if option == "activation_penalty" else instability

    def penalty(flat: jax.Array) -> jax.Array:
        cell = restore(flat)
        run = unroll_watching(cell, INPUTS, initial_states(cell, 2), jnp.array(LENGTHS))
        return kind(run, jnp.array(LENGTHS))

    flat = flat.astype(jnp.float64)
    steps = 1e-3 * jnp.eye(flat.size)
    central = quick_jit(jax.vmap(lambda step: (penalty(flat + step) - penalty(flat - step)) / 2e-3))(steps)
    difference = ravel_pytree(given.gradient)[0] - ravel_pytree(plain.gradient)[0]
    np.testing.assert_allclose(difference, 0.3 * central, atol=2e-3 * float(jnp.abs(central).max()))
    assert np.abs(difference).max() > 0.05


def omega_by_hand(network: Stack, recurrent: np.ndarray, errors: np.ndarray, hidden: np.ndarray) -> float:
    """Return Eq. 9 for an Elman network, with errors and hidden layers held fixed."""
    cell, total = network.cells[0], 0.0
    for example, length in enumerate(LENGTHS):
        for step in range(length):
            x = np.asarray(INPUTS[step, example], np.float64)
            inner = cell.input_weight @ x + cell.bias + recurrent @ hidden[step, example]
            jacobian = (1 - np.tanh(inner) ** 2)[:, None] * recurrent
            error = errors[step + 1, example]
            total += (np.linalg.norm(error @ jacobian) / np.linalg.norm(error) - 1) ** 2 / len(LENGTHS)
    return total


def test_gradient_norm_by_hand() -> None:
    cell, readout = (jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), layer) for layer in SIMPLE.cells)
    hidden, errors = np.zeros((7, 2, 4)), np.zeros((7, 2, 4))
    inputs, recurrent = np.asarray(INPUTS, np.float64), cell.recurrent_weight
    for step in range(6):
        inner = inputs[step] @ cell.input_weight.T + cell.bias + hidden[step] @ recurrent.T
        hidden[step + 1] = np.tanh(inner)
    for example, (length, weight) in enumerate(zip(LENGTHS, [1, 0.5], strict=True)):
        output = readout.weight @ hidden[length, example] + readout.bias
        error = 2 * weight * (output - np.asarray(TARGETS[length - 1, example])) @ readout.weight
        for step in range(length, 0, -1):
            errors[step, example] = error
            error = error @ ((1 - hidden[step, example] ** 2)[:, None] * recurrent)
    network = Stack([cell, readout])
    value, slope = quick_jit(lambda network: gradient_norm_penalty(
        network, squared, initial_states(network, 2), INPUTS, TARGETS, LAST, jnp.array(LENGTHS)
    ))(SIMPLE)  # fmt: skip
    expected = omega_by_hand(network, recurrent, errors, hidden)
    assert expected > 0.1
    assert float(value) == pytest.approx(expected, rel=1e-4)
    central = np.zeros((4, 4))
    for place in np.ndindex(4, 4):
        step = np.zeros((4, 4))
        step[place] = 1e-5
        ahead, behind = (omega_by_hand(network, recurrent + s * step, errors, hidden) for s in (1, -1))
        central[place] = (ahead - behind) / 2e-5
    np.testing.assert_allclose(slope.cells[0].recurrent_weight, central, atol=1e-3 * np.abs(central).max())
    others = [slope.cells[0].input_weight, slope.cells[0].bias, *jax.tree.leaves(slope.cells[1])]
    assert not any(np.any(other) for other in others)
    added = gradient(BPTT(gradient_norm_penalty=0.5)).gradient.cells[0].recurrent_weight
    without = gradient(BPTT()).gradient.cells[0].recurrent_weight
    np.testing.assert_allclose(added - without, 0.5 * central, atol=1e-3 * np.abs(central).max())


def test_errors_of_no_size_and_layers_that_are_not_reached_do_no_harm() -> None:
    rule = BPTT(gradient_norm_penalty=1.0, activation_penalty=1.0, instability_penalty=1.0)

    @quick_jit
    def compute(cell: Stack, scale: float, mask: jax.Array, lengths: jax.Array) -> Any:
        def loss(output: jax.Array, target: jax.Array) -> jax.Array:
            return scale * squared(output, target)

        return rule.gradient(cell, loss, (), None, INPUTS, TARGETS, mask, lengths=lengths).gradient

    nothing = compute(SIMPLE, 1.0, jnp.zeros((6, 2)), jnp.array([0, 0]))
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(nothing))
    usual, tiny = (compute(SIMPLE, scale, LAST, jnp.array(LENGTHS)) for scale in (1e-9, 1e-30))
    for one, other in zip(jax.tree.leaves(tiny), jax.tree.leaves(usual), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


ARGUMENTS = ((), None, INPUTS, TARGETS, LAST)


def test_what_cannot_be_is_refused() -> None:
    both = Bidirectional(GRU(3, 1, key=KEYS[0]), GRU(3, 1, key=KEYS[1]))
    with pytest.raises(NotACellError, match=r"^Bidirectional must see .* penalties follow a state"):
        BPTT(activation_penalty=1.0).gradient(both, squared, *ARGUMENTS)
    with pytest.raises(
        OptionError, match=r"^penalties need the hidden layers .* leave the penalties out, or"
    ):
        BPTT(checkpointed=True, instability_penalty=1.0)
    with pytest.raises(OptionError, match=r"^gradient_norm_penalty is -1.0; choose 0 or more"):
        BPTT(gradient_norm_penalty=-1.0)
    for cell in (FixedWindow(3, 2, window=2, key=KEYS[0]), Dilated(GRU(3, 2, key=KEYS[0]), 2)):
        with pytest.raises(OptionError, match=r"no layer of the network has a state of that name"):
            BPTT(activation_penalty=1.0).gradient(cell, squared, *ARGUMENTS)
        with pytest.raises(
            OptionError, match=r"^gradient_norm_penalty was .* hidden layer as its output; leave"
        ):
            BPTT(gradient_norm_penalty=1.0).gradient(cell, squared, *ARGUMENTS)
    with pytest.raises(
        OptionError, match=r"has no instability_penalty, .* and 0.5 was asked for; leave it out"
    ):
        Settings.parse(
            {
                "task": "classify",
                "network": {"direction": "both"},
                "training": {"instability_penalty": 0.5},
            }
        )
    with pytest.raises(
        OptionError, match=r"^activation_penalty is 2.0 and rule is 'truncated_bptt', which has"
    ):
        SolvingSettings.parse({"rule": "truncated_bptt", "activation_penalty": 2})
