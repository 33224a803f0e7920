"""A learned start: where it begins, that the gradient reaches it, and what it leaves alone."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    BPTT,
    GRU,
    LSTM,
    AttentionPooling,
    Bidirectional,
    Cell,
    Chain,
    Dropout,
    Embedding,
    FixedWindow,
    LearnedStart,
    Linear,
    MeanPooling,
    Stack,
    Stream,
    apply,
    initial_states,
    unroll,
    without_noise,
)
from throughtime.core.errors import NotACellError, OptionError
from throughtime.training.optimizers import optimizer

pytestmark = pytest.mark.usefixtures("as_users_run_it")

KEY = jax.random.key(0)
LENGTHS = jnp.array([4, 6])


def stack() -> Stack:
    """Layers with a kernel, a window, noise and a pooling: most of what a state can be made of."""
    keys = jax.random.split(KEY, 3)
    return Stack(
        [
            LSTM(3, 4, key=keys[0]),
            Dropout(4, 0.3),
            FixedWindow(4, 3, window=3, key=keys[1]),
            GRU(3, 2, key=keys[2]),
            MeanPooling(2),
        ]
    )


def moved(cell: Cell) -> LearnedStart:
    return lively(LearnedStart(cell))


def draw(steps: int = 6) -> jax.Array:
    return jax.random.normal(jax.random.key(3), (steps, 2, 3))


@pytest.mark.parametrize("build", [lambda: LSTM(3, 4, key=KEY), stack], ids=["lstm", "stack"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.usefixtures("float64")
def test_gradient_by_the_start_is_the_finite_difference(build: Callable[[], Cell], reverse: bool) -> None:
    cell = moved(build())

    def loss(start: tuple[jax.Array, ...]) -> jax.Array:
        begun = eqx.tree_at(lambda cell: cell.start, cell, start)
        _, outputs = unroll(begun, draw(), lengths=LENGTHS, reverse=reverse, key=jax.random.key(1))
        return jnp.sum(outputs * jnp.cos(jnp.arange(outputs.size, dtype=float)).reshape(outputs.shape))

    gradient = quick_jit(jax.grad(loss))(cell.start)
    value = quick_jit(loss)
    assert len(gradient) == len(cell.start)
    for number, part in enumerate(cell.start):
        for entry in range(part.size):
            above, below = (
                value(tuple(p.at[entry].add(d) if n == number else p for n, p in enumerate(cell.start)))
                for d in (1e-5, -1e-5)
            )
            np.testing.assert_allclose(gradient[number][entry], (above - below) / 2e-5, rtol=0, atol=1e-8)
    assert all(np.abs(part).max() > 1e-4 for part in gradient)


@pytest.mark.usefixtures("float64")
def test_bptt_teaches_the_start_in_the_first_chunk_and_in_no_other() -> None:
    cell = moved(LSTM(3, 4, key=KEY))

    def loss(output: jax.Array, target: jax.Array) -> jax.Array:
        return jnp.sum((output - target) ** 2)

    targets, mask = jnp.ones((6, 2, 4)), jnp.ones((6, 2))
    first = BPTT().gradient(cell, loss, (), None, draw(), targets, mask)
    assert all(np.abs(part).min() > 1e-6 for part in first.gradient.start)
    alone = [
        BPTT().gradient(cell, loss, (), None, draw()[:, [row]], targets[:, [row]], mask[:, [row]])
        for row in range(2)
    ]
    for part, one, other in zip(
        first.gradient.start, *(found.gradient.start for found in alone), strict=True
    ):
        np.testing.assert_allclose(part, one + other, rtol=1e-12)
    second = BPTT().gradient(cell, loss, first.trace, first.state, draw(), targets, mask)
    assert not any(np.any(part) for part in second.gradient.start)


@pytest.mark.parametrize("build", [lambda: LSTM(3, 4, key=KEY), stack], ids=["lstm", "stack"])
def test_it_begins_where_the_cell_begins(build: Callable[[], Cell]) -> None:
    cell = build()
    begun = LearnedStart(cell)
    given, expected = (quick_jit(unroll)(one, draw(), key=KEY) for one in (begun, cell))
    assert jax.tree.structure(given) == jax.tree.structure(expected)
    np.testing.assert_array_equal(given[1], expected[1])
    assert not any(np.any(part) for part in begun.start)


def test_poolings_begin_empty() -> None:
    begun = moved(Stack([LSTM(3, 4, key=KEY), MeanPooling(4), AttentionPooling(4, key=KEY)]))
    lstm, mean, attention = begun.initial_state().layers
    np.testing.assert_array_equal(lstm.hidden, begun.start[0])
    np.testing.assert_array_equal(lstm.cell, begun.start[1])
    assert len(begun.start) == 2
    assert (mean.steps, attention.score) == (0, -np.inf)
    assert not np.any(mean.mean)


@pytest.mark.parametrize("name", ["adamw", "nadamw", "sgd"])
def test_weight_decay_leaves_the_start_alone(name: str) -> None:
    # The state of a window is a matrix, and still no weight.
    cell = moved(FixedWindow(3, 4, window=3, key=KEY))
    assert cell.cell.initial_state().pending.ndim == 2
    chosen = optimizer(
        name,
        learning_rate=0.1,
        schedule="constant",
        weight_decay_l1=0.0,
        clip_value=0.0,
        warmup=0.0,
        weight_decay=0.5,
        clip_norm=0.0,
        total_steps=9,
    )
    nothing = jax.tree.map(jnp.zeros_like, cell)
    updates, _ = chosen.update(nothing, chosen.init(cell), cell)
    after = optax.apply_updates(cell, updates)
    np.testing.assert_array_equal(after.start[0], cell.start[0])
    assert np.abs(after.cell.weight).sum() < np.abs(cell.cell.weight).sum()


def test_noise_can_be_switched_off_below_it() -> None:
    begun = moved(stack())
    silent = without_noise(begun)
    for given, expected in zip(silent.start, begun.start, strict=True):
        np.testing.assert_array_equal(given, expected)
    _, outputs = quick_jit(unroll)(silent, draw())
    _, same = quick_jit(unroll)(silent.cell, draw(), initial_states(silent, 2))
    np.testing.assert_allclose(outputs, same, atol=1e-6)


def test_both_directions_start_where_they_learned_to() -> None:
    cell = moved(LSTM(3, 4, key=KEY))
    there, back = (unroll(cell, draw(), lengths=LENGTHS, reverse=reverse)[1] for reverse in (False, True))
    outputs = apply(Bidirectional(cell, cell), draw(), lengths=LENGTHS)
    np.testing.assert_allclose(outputs, np.concatenate([there, back], axis=-1), atol=1e-6)


@pytest.mark.parametrize("inside", [True, False])
def test_streams_start_there_and_step_natively(inside: bool) -> None:
    embedding, cell = Embedding(7, 3, key=KEY), LSTM(3, 4, key=KEY)
    whole = moved(Stack([embedding, cell])) if inside else Stack([embedding, moved(cell)])
    stream = Stream(whole)
    assert stream.is_native
    symbols = [5, 2, 6]
    streamed = np.stack([np.array(stream.step(symbol)) for symbol in symbols])
    _, outputs = unroll(whole, jnp.array(symbols)[:, None])
    np.testing.assert_allclose(streamed, outputs[:, 0], atol=1e-6)
    stream.reset()
    np.testing.assert_allclose(stream.step(5), outputs[0, 0], atol=1e-6)


def test_shapes_alone_can_be_asked_for() -> None:
    shapes = jax.eval_shape(lambda: LearnedStart(stack()))
    assert jax.tree.structure(shapes) == jax.tree.structure(LearnedStart(stack()))


def test_what_has_no_start_to_learn() -> None:
    with pytest.raises(OptionError, match=r"Linear remembers nothing that could be learned; use it as it is"):
        LearnedStart(Linear(3, 4, key=KEY))
    with pytest.raises(OptionError, match=r"FixedWindow remembers nothing"):
        LearnedStart(FixedWindow(3, 4, window=1, key=KEY))
    with pytest.raises(OptionError, match=r"MeanPooling remembers nothing that could be learned"):
        LearnedStart(MeanPooling(3))
    with pytest.raises(NotACellError, match=r"LearnedStart begins a cell, and Chain is not one"):
        LearnedStart(Chain([LSTM(3, 4, key=KEY)]))  # type: ignore[arg-type]
