"""How networks are put together, and what does not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import (
    GRU,
    LSTM,
    AttentionPooling,
    Bidirectional,
    Chain,
    Embedding,
    FixedWindow,
    Linear,
    MeanPooling,
    Stack,
    apply,
    unroll,
    wire,
)
from throughtime.core.errors import NotACellError, OptionError, ShapeError

pytestmark = pytest.mark.usefixtures("as_users_run_it")

KEY = jax.random.key(0)
CELL = GRU(3, 5, key=KEY)
OTHER = GRU(3, 5, key=jax.random.key(1))
READOUT = Linear(5, 4, key=KEY)


@pytest.mark.parametrize("kind", [Stack, Chain])
def test_layers_have_to_fit(kind: type) -> None:
    with pytest.raises(
        ShapeError,
        match=r"layer 1 \(GRU\) gives 5 features and layer 2 \(GRU\) reads 3; make the two sizes equal",
    ):
        kind([GRU(3, 3, key=KEY), CELL, OTHER])
    with pytest.raises(ShapeError, match=r"there are 0 layers; give at least one"):
        kind([])


def test_a_stack_is_made_of_cells() -> None:
    with pytest.raises(
        NotACellError, match=r"a Stack is made of cells, and Bidirectional is not one; use Chain"
    ):
        Stack([Bidirectional(CELL, OTHER)])  # type: ignore[list-item]


def test_directions_are_cells() -> None:
    with pytest.raises(
        NotACellError, match=r"each direction of a Bidirectional is a cell, and Chain is not one"
    ):
        Bidirectional(Chain([CELL]), CELL)  # type: ignore[arg-type]


def test_directions_have_to_fit() -> None:
    with pytest.raises(ShapeError, match=r"sizes \(3, 5\) and \(3, 4\); make them equal"):
        Bidirectional(CELL, GRU(3, 4, key=KEY))


def test_unknown_merge() -> None:
    with pytest.raises(OptionError, match=r"merge is 'summ' \(did you mean 'sum'\?\)"):
        Bidirectional(CELL, OTHER, merge="summ")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Linear(0, 4, key=KEY), "input_size is 0"),
        (lambda: Linear(3, 0, key=KEY), "output_size is 0"),
        (lambda: Embedding(0, 4, key=KEY), "vocabulary_size is 0"),
        (lambda: Embedding(4, 0, key=KEY), "embedding_size is 0"),
        (lambda: MeanPooling(0), "size is 0"),
        (lambda: AttentionPooling(3, attention_size=0, key=KEY), "attention_size is 0"),
        (lambda: FixedWindow(3, 5, window=0, key=KEY), "window is 0"),
    ],
)
def test_sizes(build, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OptionError, match=rf"{message}; choose a whole number of at least 1"):
        build()


def test_wire_makes_a_cell_of_cells_and_a_sequence_map_of_the_rest() -> None:
    assert isinstance(wire([CELL, READOUT]), Stack)
    assert isinstance(wire([Bidirectional(CELL, OTHER, merge="sum"), READOUT]), Chain)


def test_directions_by_hand() -> None:
    inputs = jax.random.normal(KEY, (7, 2, 3))
    _, there = unroll(CELL, inputs)
    back = unroll(OTHER, inputs[::-1])[1][::-1]
    for merge, merged in (
        ("concatenate", jnp.concatenate([there, back], -1)),
        ("sum", there + back),
        ("mean", (there + back) / 2),
    ):
        outputs = apply(Bidirectional(CELL, OTHER, merge=merge), inputs)  # type: ignore[arg-type]
        np.testing.assert_allclose(outputs, merged, atol=1e-6)
    finished = apply(Bidirectional(CELL, OTHER, to_the_end=True), inputs)
    np.testing.assert_allclose(finished[..., 5:], jnp.broadcast_to(back[0], back.shape), atol=1e-6)
    np.testing.assert_allclose(finished[..., :5], there, atol=1e-6)


def test_one_length_of_a_stack_reaches_all_layers() -> None:
    inputs, lengths = jax.random.normal(KEY, (7, 2, 3)), jnp.array([2, 7])
    after, _ = unroll(Stack([CELL, LSTM(5, 4, key=KEY)]), inputs, lengths=lengths)
    short, _ = unroll(Stack([CELL, LSTM(5, 4, key=KEY)]), inputs[:2])
    np.testing.assert_allclose(after.layers[1].cell[0], short.layers[1].cell[0], atol=1e-6)


def test_embedding_scale() -> None:
    for scale in (0.1, 1.0):
        weight = np.asarray(Embedding(500, 20, scale=scale, key=KEY).weight)
        assert np.std(weight) == pytest.approx(scale, rel=0.05)
        assert abs(np.mean(weight)) < 5 * scale / np.sqrt(weight.size)
