"""The model that best foretells a sequence, beside scikit-learn's; and sequences told apart by it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from throughtime import Chain, EchoState, Linear, ModelSpace, apply, fit_components, fit_readout, unroll
from throughtime.core.errors import OptionError


@pytest.mark.usefixtures("float64")
def test_model_is_that_of_ridge_regression(rng: np.random.Generator) -> None:
    x, lengths = rng.normal(size=(9, 3, 4)), np.array([9, 6, 1])
    models = apply(ModelSpace(4, regularisation=0.3), jnp.asarray(x), lengths=jnp.asarray(lengths))
    for row, length in enumerate(lengths[:2]):
        last = np.hstack([x[: length - 1, row], np.ones((length - 1, 1))])
        expected = Ridge(alpha=0.3, fit_intercept=False, solver="cholesky").fit(last, x[1:length, row])
        np.testing.assert_allclose(models[length - 1, row], expected.coef_.ravel(), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(models[0, row], models[length - 1, row])
        assert not np.any(models[length:, row])
    assert not np.any(models[:, 2])


@pytest.mark.usefixtures("float64")
def test_components_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    cell = EchoState(2, 12, key=jax.random.key(0))
    inputs, lengths = rng.normal(size=(15, 6, 2)), np.array([15, 15, 9, 3, 15, 1])
    layer = fit_components(cell, inputs, 4, lengths=lengths)
    states = np.asarray(unroll(cell, jnp.asarray(inputs))[1])
    rows = states[np.arange(15)[:, None] < lengths]
    expected = PCA(4).fit_transform(rows)
    given = rows @ np.asarray(layer.weight).T + np.asarray(layer.bias)
    np.testing.assert_allclose(np.abs(given), np.abs(expected), rtol=0, atol=1e-9)
    with pytest.raises(OptionError, match="size is 13 and the network has 12 outputs; choose a number of"):
        fit_components(cell, inputs, 13)


def test_dynamics_are_told_apart(rng: np.random.Generator) -> None:
    """Two rotations of unlike speeds, from any start: no single state tells which."""
    speed = np.where(np.arange(60) % 2, 0.5, 0.8)
    angle = rng.uniform(0, 2 * np.pi, 60) + speed * np.arange(20)[:, None]
    inputs = np.stack([np.cos(angle), np.sin(angle)], axis=-1) + rng.normal(size=(20, 60, 2)) * 0.05
    classes = np.broadcast_to(np.arange(60) % 2, (20, 60))
    cell = EchoState(2, 30, input_scaling=0.5, key=jax.random.key(0))
    below = [cell, fit_components(cell, inputs, 4), ModelSpace(4, regularisation=0.1)]
    network = Chain([*below, Linear(20, 2, key=jax.random.key(1))])
    mask = np.zeros((20, 60))
    mask[-1, :40] = 1
    found = fit_readout(network, inputs, classes, mask=mask, regularisation=0.1).network
    answers = np.asarray(apply(found, jnp.asarray(inputs)))[-1].argmax(axis=-1)
    assert (answers == classes[-1])[40:].mean() > 0.9


def test_model_without_penalty() -> None:
    with pytest.raises(OptionError, match=r"regularisation is 0.0; choose a number above 0"):
        ModelSpace(3, regularisation=0.0)
