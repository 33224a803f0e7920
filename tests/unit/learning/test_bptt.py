"""What BPTT returns beside the gradient, and steps that do not count."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from throughtime import (
    BPTT,
    GRU,
    Dropout,
    Gradient,
    Linear,
    Stack,
    gradient_over_chunks,
    initial_states,
    unroll,
)
from throughtime.core.errors import ShapeError

KEY = jax.random.key(0)
CELL = Stack([GRU(3, 5, key=KEY), Linear(5, 4, key=KEY)])
INPUTS = jax.random.normal(KEY, (7, 2, 3))
TARGETS = jnp.ones((7, 2, 4))
MASK = jnp.ones((7, 2))


def squared(output: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((output - target) ** 2)


def test_state_and_trace_come_back() -> None:
    @quick_jit
    def compute(cell: Stack) -> Gradient:
        return BPTT().gradient(cell, squared, BPTT().start(cell, 2), None, INPUTS, TARGETS, MASK)

    given = compute(CELL)
    after, outputs = unroll(CELL, INPUTS)
    np.testing.assert_allclose(given.state.layers[0].hidden, after.layers[0].hidden, atol=1e-6)
    assert given.trace == ()
    assert given.loss == pytest.approx(float(jnp.sum((outputs - TARGETS) ** 2)), rel=1e-5)


def test_infinite_slope_at_a_step_without_weight() -> None:
    # The loss -log(target . softmax) of a target of zeros is infinite, and so is its slope.
    def surprise(output: jax.Array, target: jax.Array) -> jax.Array:
        return -jnp.log(jnp.sum(target * jax.nn.softmax(output)))

    targets = TARGETS.at[3].set(0.0).at[:, :, 0].set(0.0)
    given = BPTT().gradient(CELL, surprise, (), None, INPUTS, targets, MASK.at[3].set(0))
    assert np.isfinite(given.loss)
    for leaf in jax.tree.leaves(given.gradient):
        assert np.all(np.isfinite(leaf))
        assert np.any(leaf != 0)


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize("chunk_size", [None, 3])
@pytest.mark.parametrize(
    ("targets", "mask", "message"),
    [
        (TARGETS, MASK.T, r"^mask has shape \(2, 7\) but the inputs have \(7, 2\) \(\[time, batch\]\); give"),
        (TARGETS, MASK[..., None], r"^mask has shape \(7, 2, 1\) but the inputs have \(7, 2\)"),
        (TARGETS, MASK[-1], r"^mask has shape \(2,\) but the inputs have \(7, 2\)"),
        (
            TARGETS[:1],
            MASK,
            r"^targets have shape \(1, 2, 4\) but the inputs have \(7, 2\).*; give one target",
        ),
        (TARGETS[-1, :, 0], MASK, r"^targets have shape \(2,\) but the inputs have \(7, 2\)"),
    ],
)
def test_targets_and_mask_that_do_not_fit(
    targets: jax.Array, mask: jax.Array, message: str, chunk_size: int | None
) -> None:
    with pytest.raises(ShapeError, match=message):
        gradient_over_chunks(BPTT(), CELL, squared, INPUTS, targets, mask, chunk_size=chunk_size)
    with pytest.raises(ShapeError, match=message):
        BPTT().gradient(CELL, squared, (), None, INPUTS, targets, mask)


def test_noise_is_the_same_in_chunks_and_in_the_whole() -> None:
    noisy = Stack([Dropout(3, 0.5), *CELL.cells])

    def loss(key: jax.Array, chunk_size: int | None) -> jax.Array:
        return gradient_over_chunks(
            BPTT(), noisy, squared, INPUTS, TARGETS, MASK, chunk_size=chunk_size, key=key
        ).loss

    compiled = quick_jit(loss, "chunk_size")
    whole, chunks, other = compiled(KEY, None), compiled(KEY, 4), compiled(jax.random.key(1), None)
    assert chunks == pytest.approx(float(whole), rel=1e-5)
    assert abs(other - whole) > 1e-3


def test_chunks_go_on_from_nothing_else_than_the_initial_state() -> None:
    given = gradient_over_chunks(BPTT(), CELL, squared, INPUTS[:0], TARGETS[:0], MASK[:0], chunk_size=3)
    assert given.loss == 0
    assert jax.tree.structure(given.state) == jax.tree.structure(initial_states(CELL, 2))
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(given.gradient))
