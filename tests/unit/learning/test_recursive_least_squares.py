"""Least squares online, beside all rows at once; and a readout that is taught in its own loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from throughtime import (
    EchoState,
    Linear,
    LogSoftmax,
    OutputFeedback,
    Shortcut,
    Stack,
    Values,
    force,
    unroll,
)
from throughtime.core.errors import OptionError, ShapeError

KEY = jax.random.key(0)


def untaught(size: int = 2, **settings: object) -> Stack:
    cell = EchoState(size, 8, key=KEY, **settings)
    return Stack([Shortcut(cell), Linear(8 + size, 1, key=KEY)])


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("forgetting", "every"), [(1.0, 1), (0.95, 1), (1.0, 3)])
def test_stream_ends_at_the_solution(forgetting: float, every: int, rng: np.random.Generator) -> None:
    inputs, targets = rng.normal(size=(30, 2)), rng.normal(size=(30, 1))
    taught = force(
        untaught(), jnp.asarray(inputs), jnp.asarray(targets), regularisation=0.3, forgetting=forgetting,
        every=every,
    )  # fmt: skip
    end, features = unroll(untaught().cells[0], jnp.asarray(inputs)[:, None])
    rows = np.hstack([np.asarray(features)[:, 0], np.ones((30, 1))])[every - 1 :: every]
    asked = targets[every - 1 :: every]
    top = untaught().cells[-1]
    first = np.concatenate([np.asarray(top.weight), np.asarray(top.bias)[:, None]], axis=1)
    counts = forgetting ** np.arange(len(rows))[::-1]
    # What is learned is the difference from the weights at the start.
    expected = Ridge(alpha=0.3 * forgetting ** len(rows), fit_intercept=False, solver="cholesky").fit(
        rows, asked - rows @ first.T, sample_weight=counts
    )
    change = expected.coef_.reshape(first.shape)
    np.testing.assert_allclose(taught.recursive.weight, first + change, rtol=0, atol=1e-9)
    np.testing.assert_allclose(taught.network.cells[-1].weight, taught.recursive.weight[:, :-1])
    np.testing.assert_allclose(taught.state.layers[0].hidden, end.hidden, rtol=0, atol=1e-12)
    assert np.count_nonzero(np.asarray(taught.changes)) == 30 // every
    np.testing.assert_allclose(taught.outputs[0], first @ np.r_[np.asarray(features)[0, 0], 1])


@pytest.mark.usefixtures("float64")
def test_parts_of_a_stream_make_the_whole(rng: np.random.Generator) -> None:
    network = OutputFeedback(untaught(1, leak=0.5), Values(1))
    targets = jnp.asarray(rng.normal(size=(20, 1)))
    nothing = jnp.zeros((20, 0))
    whole = force(network, nothing, targets)
    first = force(network, nothing[:8], targets[:8])
    second = force(first.network, nothing[8:], targets[8:], state=first.state, recursive=first.recursive)
    np.testing.assert_allclose(second.recursive.weight, whole.recursive.weight, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        np.concatenate([first.outputs, second.outputs]), whole.outputs, rtol=0, atol=1e-12
    )


def test_oscillation_goes_on_by_itself() -> None:
    keys = jax.random.split(KEY)
    cell = EchoState(1, 100, spectral_radius=1.3, leak=0.3, fan_in=10, key=keys[0])
    network = OutputFeedback(Stack([cell, Linear(100, 1, key=keys[1])]), Values(1))
    wave = jnp.sin(jnp.arange(1100) * 0.2)[:, None]
    taught = force(network, jnp.zeros((800, 0)), wave[:800])
    assert float(jnp.abs(taught.outputs[-100:] - wave[700:800]).max()) < 0.1
    _, outputs = unroll(taught.network, jnp.zeros((300, 1, 0)), taught.state)
    assert float(jnp.abs(outputs[:, 0] - wave[800:]).max()) < 0.3


@pytest.mark.usefixtures("as_users_run_it")
def test_what_cannot_be_taught() -> None:
    stream, targets = jnp.zeros((5, 2)), jnp.zeros((5, 1))
    with pytest.raises(OptionError, match=r"force teaches the readout of a Stack, .* and was given Linear"):
        force(Linear(2, 1, key=KEY), stream, targets)
    with pytest.raises(OptionError, match=r"regularisation is 0.0; choose a number above 0"):
        force(untaught(), stream, targets, regularisation=0.0)
    with pytest.raises(OptionError, match=r"forgetting is 1.5; choose a number above 0 and at most 1"):
        force(untaught(), stream, targets, forgetting=1.5)
    with pytest.raises(ShapeError, match=r"targets have shape \[4, 1\]; expected \[5, 1\]"):
        force(untaught(), stream, targets[1:])


def test_probabilities_are_not_taught() -> None:
    network = Stack([*untaught().cells, LogSoftmax(1)])
    with pytest.raises(OptionError, match="force teaches the scores of a readout, and on top of it is LogSo"):
        force(network, jnp.zeros((5, 2)), jnp.zeros((5, 1)))
