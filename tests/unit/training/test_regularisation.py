"""What can be added to any rule: clipping, two kinds of weight decay, and noise on the weights."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from throughtime import BPTT, Elman
from throughtime.learning import RULES
from throughtime.training.gradients import batch_gradient, manner_of, with_weight_noise
from throughtime.training.optimizers import OPTIMIZERS
from throughtime.training.settings import SolvingSettings
from throughtime.training.steps import optimizer_of

KEY = jax.random.key(0)
CELL = Elman(2, 3, key=KEY)
SLOPES = jax.tree.map(lambda leaf: 4 * jax.random.normal(KEY, leaf.shape), CELL)
PLAIN: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.5, "clip_norm": 0.0, "weight_decay": 0.0}


def change(**settings: Any) -> Elman:
    optimizer = optimizer_of(SolvingSettings(**PLAIN | settings), 10)
    return optimizer.update(SLOPES, optimizer.init(CELL), CELL)[0]


def test_entries_are_clipped_before_the_norm() -> None:
    clipped = jax.tree.map(lambda slope: jnp.clip(slope, -2, 2), SLOPES)
    norm = jnp.linalg.norm(ravel_pytree(clipped)[0])
    assert norm > 3
    for settings, size in (({"clip_value": 2.0}, 1.0), ({"clip_value": 2.0, "clip_norm": 3.0}, 3 / norm)):
        for given, wanted in zip(jax.tree.leaves(change(**settings)), jax.tree.leaves(clipped), strict=True):
            np.testing.assert_allclose(given, -0.5 * size * wanted, rtol=1e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_pulls_matrices_alone_by_their_size_and_by_their_sign(optimizer: str) -> None:
    free = change(optimizer=optimizer)
    pulled = change(optimizer=optimizer, weight_decay=0.2, weight_decay_l1=0.1)
    for name in ("input_weight", "recurrent_weight"):
        weight = getattr(CELL, name)
        wanted = getattr(free, name) - 0.5 * (0.2 * weight + 0.1 * jnp.sign(weight))
        np.testing.assert_allclose(getattr(pulled, name), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(pulled.bias, free.bias)


@pytest.mark.parametrize(("name", "theirs"), [("adamw", optax.adamw), ("nadamw", optax.nadamw)])
def test_adam_is_that_of_optax(name: str, theirs: Any) -> None:
    expected = theirs(0.5, weight_decay=0.2, mask=lambda tree: jax.tree.map(lambda leaf: leaf.ndim > 1, tree))
    wanted = expected.update(SLOPES, expected.init(CELL), CELL)[0]
    given = change(optimizer=name, weight_decay=0.2)
    for one, other in zip(jax.tree.leaves(given), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


def gradient(cell: Elman, settings: SolvingSettings, count: int = 0) -> Any:
    parts = jnp.ones((4, 2, 2)), jnp.zeros((4, 2, 3)), jnp.ones((4, 2)), jnp.array([4, 3])
    return batch_gradient(manner_of(settings), cell, squared, *parts, KEY, jnp.int32(count)).gradient


@pytest.mark.parametrize("rule", sorted({*RULES} - {"rflo"}))  # which trains one kind of network alone
def test_a_gradient_is_taken_at_weights_with_noise(rule: str) -> None:
    noisy = SolvingSettings(rule=rule, weight_noise=0.1)
    shifted = with_weight_noise(CELL, 0.1, jax.random.fold_in(jax.random.fold_in(KEY, 0), 2))
    given, expected = gradient(CELL, noisy), gradient(shifted, SolvingSettings(rule=rule))
    for one, other in zip(jax.tree.leaves(given), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    without = gradient(CELL, SolvingSettings(rule=rule))
    assert np.max(np.abs(given.recurrent_weight - without.recurrent_weight)) > 1e-3


def test_noise_is_new_at_each_step_and_as_large_as_asked() -> None:
    cell = Elman(50, 60, key=KEY)
    first, second = (ravel_pytree(with_weight_noise(cell, 0.3, jax.random.key(n)))[0] for n in (1, 2))
    noise = first - ravel_pytree(cell)[0]
    assert float(noise.std()) == pytest.approx(0.3, rel=0.05)
    assert abs(float(noise.mean())) < 0.02
    assert float(jnp.abs(first - second).mean()) > 0.1
    settings = SolvingSettings(weight_noise=0.1)
    one, other = gradient(CELL, settings, 1), gradient(CELL, settings, 2)
    assert np.max(np.abs(one.bias - other.bias)) > 1e-3
    assert manner_of(SolvingSettings()).rule == BPTT()
