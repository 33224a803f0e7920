"""Gathering a gradient chunk by chunk."""

import jax
import jax.numpy as jnp
import numpy as np

from tests.laws.compilation import quick_jit
from throughtime import BPTT, GRU, Gradient, LearnedStart, gradient_over_chunks


def test_chunks_teach_a_learned_start_what_the_first_of_them_says() -> None:
    cell = LearnedStart(GRU(2, 3, key=jax.random.key(0)))
    draw = np.random.default_rng(0)
    inputs, targets = jnp.asarray(draw.normal(size=(6, 2, 2))), jnp.asarray(draw.normal(size=(6, 2, 3)))

    def gradient(steps: int, chunk_size: int | None) -> Gradient:
        return quick_jit(lambda cell: gradient_over_chunks(
            BPTT(), cell, lambda output, target: jnp.sum((output - target) ** 2),
            inputs[:steps], targets[:steps], jnp.ones((steps, 2)), chunk_size=chunk_size,
        ))(cell)  # fmt: skip

    (given,), (expected,) = gradient(6, 2).gradient.start, gradient(2, None).gradient.start
    assert np.abs(expected).min() > 1e-3
    np.testing.assert_allclose(given, expected, rtol=1e-5)
