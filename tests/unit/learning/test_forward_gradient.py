"""The forward gradient is right on average, and that is no accident of one direction."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

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


@pytest.mark.usefixtures("float64")
def test_mean_over_draws_is_the_gradient() -> None:
    keys = jax.random.split(jax.random.key(7), DRAWS)
    # In one chunk: a learned start has no gradient in later ones.
    draws = quick_jit(jax.vmap(lambda key: gradient(ForwardGradient(), key).gradient))(keys)
    exact = gradient(BPTT(), KEYS[4]).gradient
    for drawn, expected in zip(jax.tree.leaves(draws), jax.tree.leaves(exact), strict=True):
        error = np.std(drawn, axis=0, ddof=1) / np.sqrt(DRAWS)
        assert np.all(np.abs(np.mean(drawn, axis=0) - expected) < 3 * error)
    sizes = [float(jnp.max(jnp.abs(leaf))) for leaf in jax.tree.leaves(exact)]
    # A mean that is a tenth off would be seen.
    assert max(sizes) > 10 * 3 * max(
        float(np.max(np.std(leaf, axis=0))) for leaf in jax.tree.leaves(draws)
    ) / (np.sqrt(DRAWS))


def test_more_directions_have_less_variance() -> None:
    keys = jax.random.split(jax.random.key(8), 4000)

    def variance(rule: ForwardGradient) -> float:
        draws = quick_jit(jax.vmap(lambda key: gradient(rule, key).gradient))(keys)
        return sum(float(np.sum(np.var(leaf, axis=0))) for leaf in jax.tree.leaves(draws))

    assert variance(ForwardGradient(directions=8)) == pytest.approx(variance(ForwardGradient()) / 8, rel=0.2)


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
    with pytest.raises(
        UsageError, match=r"'forward_gradient' draws a random .* no key was given; pass key=jax"
    ):
        ForwardGradient().start(NETWORK, 2)
    with pytest.raises(OptionError, match=r"^directions is 0; choose a whole number"):
        ForwardGradient(0)
    both = Bidirectional(GRU(3, 4, key=KEYS[0]), GRU(3, 4, key=KEYS[1]))
    with pytest.raises(NotACellError, match=r"cannot learn by the online rule 'forward_gradient'; use"):
        ForwardGradient().start(both, 2, KEYS[0])
