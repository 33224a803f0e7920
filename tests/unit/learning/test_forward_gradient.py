"""The forward gradient is right on average, and that is no accident of one direction."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from tests.laws.compilation import quick_jit
from throughtime import (
    BPTT,
    GRU,
    Bidirectional,
    Elman,
    ForwardGradient,
    Gradient,
    LearnedStart,
    Linear,
    Stack,
    gradient_over_chunks,
)
from throughtime.core.errors import NotACellError, OptionError, UsageError

KEYS = jax.random.split(jax.random.key(0), 5)
NETWORK = Stack([LearnedStart(Elman(1, 2, key=KEYS[0])), Linear(2, 1, key=KEYS[1])])
INPUTS = jax.random.normal(KEYS[2], (4, 2, 1))
TARGETS = jax.random.normal(KEYS[3], (4, 2, 1))
DRAWS = 20_000
"""These, their seed and three standard errors were fixed before the first run."""


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


def gradient(rule: BPTT | ForwardGradient, key: jax.Array, chunk_size: int | None = None) -> Gradient:
    return gradient_over_chunks(
        rule, NETWORK, squared, INPUTS, TARGETS, jnp.ones((4, 2)), chunk_size=chunk_size, key=key
    )


def drawn(rule: ForwardGradient, count: int, seed: int) -> np.ndarray:
    """Return the gradients of many draws, a row each."""
    keys = jax.random.split(jax.random.key(seed), count)
    # In one chunk: a learned start has no gradient in later ones.
    return np.asarray(quick_jit(jax.vmap(lambda key: flat(gradient(rule, key))))(keys))


def flat(found: Gradient) -> jax.Array:
    return ravel_pytree(found.gradient)[0]


@pytest.mark.parametrize(("rule", "draws"), [(ForwardGradient(), DRAWS), (ForwardGradient(3), DRAWS // 2)])
@pytest.mark.usefixtures("float64")
def test_mean_over_draws_is_the_gradient(rule: ForwardGradient, draws: int) -> None:
    estimates, exact = drawn(rule, draws, seed=7), np.asarray(flat(gradient(BPTT(), KEYS[4])))
    error = estimates.std(axis=0, ddof=1) / np.sqrt(draws)
    assert np.all(np.abs(estimates.mean(axis=0) - exact) < 3 * error)
    # A mean that is a fifth off would be seen.
    assert np.abs(exact).max() / 5 > 3 * error.max()


def test_more_directions_have_less_variance() -> None:
    one, eight = (drawn(ForwardGradient(count), 4000, seed=8).var(axis=0).sum() for count in (1, 8))
    assert eight == pytest.approx(one / 8, rel=0.2)


def test_memory_does_not_grow_with_the_steps() -> None:
    cell = Stack([GRU(2, 6, key=KEYS[0]), Linear(6, 1, key=KEYS[1])])

    def taken(steps: int) -> int:
        parts = jnp.zeros((steps, 2, 2)), jnp.zeros((steps, 2, 1)), jnp.ones((steps, 2))

        def compute(cell: Stack, *parts: jax.Array) -> Gradient:
            rule = ForwardGradient()
            return gradient_over_chunks(rule, cell, squared, *parts, chunk_size=8, key=KEYS[2]).gradient

        return jax.jit(compute).lower(cell, *parts).compile().memory_analysis().temp_size_in_bytes

    assert taken(512) <= 1.1 * taken(64)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'forward_gradient' draws .* no key was given; pass key=jax"):
        ForwardGradient().start(NETWORK, 2)
    with pytest.raises(OptionError, match=r"^directions is 0; choose a whole number"):
        ForwardGradient(0)
    both = Bidirectional(GRU(3, 4, key=KEYS[0]), GRU(3, 4, key=KEYS[1]))
    with pytest.raises(NotACellError, match=r"cannot learn by the online rule 'forward_gradient'; use"):
        ForwardGradient().start(both, 2, KEYS[0])
