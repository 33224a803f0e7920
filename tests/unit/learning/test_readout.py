"""Readouts solved for on top of networks: in parts as in one, with washout, masks, lengths and noise."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from throughtime import (
    GRU,
    Bidirectional,
    EchoState,
    Linear,
    NetNoise,
    Shortcut,
    Stack,
    apply,
    fit_readout,
    unroll,
    wire,
)
from throughtime.core.errors import DivergedError, OptionError, ShapeError
from throughtime.learning import ReadoutSolver

KEY = jax.random.key(0)
STEPS, BATCH = 40, 3


def network(**settings: Any) -> Stack:
    return Stack([Shortcut(EchoState(2, 12, key=KEY, **settings)), Linear(14, 2, key=KEY)])


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    inputs = rng.normal(size=(STEPS, BATCH, 2))
    return inputs, np.cumsum(inputs, axis=0)


@pytest.mark.usefixtures("float64")
def test_chunks_lengths_and_washout(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, targets = data
    lengths = np.array([STEPS, 30, 0])
    found = fit_readout(
        network(), inputs, targets, lengths=lengths, washout=5, regularisation=0.1, chunk_size=16
    )
    _, states = unroll(network().cells[0], jnp.asarray(inputs))
    rows = [(states[5:end, row], targets[5:end, row]) for row, end in enumerate(lengths) if end]
    features, asked = (np.concatenate(part) for part in zip(*rows, strict=True))
    expected = Ridge(alpha=0.1, solver="svd").fit(features, asked)
    top: Any = found.network.cells[-1]
    np.testing.assert_allclose(top.weight, expected.coef_, rtol=0, atol=1e-10)
    np.testing.assert_allclose(top.bias, expected.intercept_, rtol=0, atol=1e-10)
    # Below the readout nothing changes, and the state is that of the last step.
    for before, after in zip(
        *map(jax.tree.leaves, (network().cells[0], found.network.cells[0])), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_allclose(found.state.layers[0].hidden[0], states[-1, 0, 2:], rtol=0, atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_parts_of_sequences_make_the_whole(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, targets = data
    solver = ReadoutSolver(network(), folds=1)
    state = solver.add(inputs[:15], targets[:15], washout=5)
    state = solver.add(inputs[15:], targets[15:], state=state)
    in_parts, _ = solver.solve(0.1)
    whole = fit_readout(network(), inputs, targets, washout=5, regularisation=0.1)
    for one, other in zip(
        *map(jax.tree.leaves, ((in_parts, state), (whole.network, whole.state))), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_classes_masks_and_networks_that_see_all(rng: np.random.Generator) -> None:
    inputs = rng.normal(size=(9, 60, 2)).astype(np.float32)
    classes = np.broadcast_to((inputs[:5].sum(axis=(0, 2)) > 0).astype(int), (9, 60))
    mask = np.zeros((9, 60))
    mask[-1] = 1
    keys = jax.random.split(KEY, 3)
    both = Bidirectional(GRU(2, 20, key=keys[0]), GRU(2, 20, key=keys[1]))
    for method in ("ridge", "logistic"):
        found = fit_readout(
            wire([both, Linear(40, 2, key=keys[2])]), inputs, classes, mask=mask, method=method
        )
        answers = np.asarray(apply(found.network, jnp.asarray(inputs)))[-1].argmax(axis=-1)
        assert (answers == classes[-1]).mean() > 0.85
        assert found.state is None
        assert found.weights.regularisation in found.weights.errors


def test_noise_is_drawn_and_acts_as_a_penalty(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, targets = data
    quiet, noisy = (
        Stack([NetNoise(EchoState(2, 12, key=KEY), deviation), Linear(12, 2, key=KEY)])
        for deviation in (0.0, 0.5)
    )
    found = [
        np.abs(fit_readout(one, inputs, targets, regularisation=1e-6, key=KEY).weights.weight).max()
        for one in (quiet, noisy)
    ]
    assert found[1] < 0.7 * found[0]


@pytest.mark.usefixtures("as_users_run_it")
def test_what_cannot_be_solved(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, targets = data
    with pytest.raises(OptionError, match="washout is 40 and the longest sequence has 40 steps, so that"):
        fit_readout(network(), inputs, targets, washout=STEPS)
    with pytest.raises(OptionError, match="washout is -1; choose a number of steps of at least 0"):
        fit_readout(network(), inputs, targets, washout=-1)
    with pytest.raises(OptionError, match=r"on top of the network is Shortcut, and a readout .* is linear"):
        fit_readout(network().cells[0], inputs, targets)
    with pytest.raises(ShapeError, match=r"targets have shape \[39, 3, 2\] but the inputs have \[40, 3\]"):
        fit_readout(network(), inputs, targets[1:])
    with pytest.raises(OptionError, match="regularisation is None and the method 'triangular', which keeps"):
        fit_readout(network(), inputs, targets, method="triangular")
    with pytest.raises(OptionError, match=r"method is 'rigde'.*; choose one of ridge, triangular, logistic"):
        ReadoutSolver(network(), method="rigde")  # type: ignore[arg-type]
    steep = network(activation="identity", spectral_radius=90.0)
    with pytest.raises(DivergedError, match=r"are infinite or no numbers from step [12]. of sequence . on"):
        fit_readout(steep, inputs, targets, chunk_size=7)
