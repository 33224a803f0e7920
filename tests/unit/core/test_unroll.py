"""What `unroll` and `initial_states` refuse, and how they say so."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import (
    GRU,
    LSTM,
    Bidirectional,
    Dilated,
    Dropout,
    Embedding,
    GRUState,
    LSTMState,
    Stack,
    apply,
    initial_states,
    unroll,
    without_noise,
)
from throughtime.core.errors import NotACellError, ShapeError, UsageError
from throughtime.core.scanning import valid_steps
from throughtime.core.unroll import last_step

pytestmark = pytest.mark.usefixtures("as_users_run_it")

KEY = jax.random.key(0)
CELL = GRU(3, 5, key=KEY)
INPUTS = jnp.zeros((7, 2, 3))


def test_sequence_map_is_refused() -> None:
    network = Bidirectional(CELL, CELL)
    with pytest.raises(
        NotACellError, match=r"unroll needs a cell, and Bidirectional is not one.*throughtime\.apply"
    ):
        unroll(network, INPUTS)  # type: ignore[arg-type]
    assert apply(network, INPUTS).shape == (7, 2, 10)


@pytest.mark.parametrize("shape", [(), (7,), (7, 2)])
def test_inputs_without_all_axes(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ShapeError, match=rf"inputs have shape {shape}".replace("(", r"\(").replace(")", r"\)")
    ):
        unroll(CELL, jnp.zeros(shape))
    with pytest.raises(ShapeError, match=r"expected \[time, batch, 3\] \(symbols: \[time, batch\]\)"):
        unroll(CELL, jnp.zeros(shape))


def test_symbols_have_no_feature_axis() -> None:
    symbols = jnp.zeros((7, 2), jnp.int32)
    assert unroll(Embedding(11, 4, key=KEY), symbols)[1].shape == (7, 2, 4)
    with pytest.raises(ShapeError, match=r"inputs have 1 features, and Embedding was made for input_size=11"):
        unroll(Embedding(11, 4, key=KEY), symbols[..., None])


def test_inputs_of_another_size() -> None:
    with pytest.raises(ShapeError, match=r"inputs have 4 features, and GRU was made for input_size=3"):
        unroll(CELL, jnp.zeros((7, 2, 4)))


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([3, 17], r"^lengths\[1\] is 17 but the batch has 7 time steps; pass lengths between 0 and 7$"),
        ([8, 3], r"^lengths\[0\] is 8 but the batch has 7 time steps"),
        ([-1, 3], r"^lengths\[0\] is -1 but the batch has 7 time steps"),
        ([3], r"^lengths have shape \(1,\); the batch has 2: expected \(2,\)$"),
        ([[3, 3]], r"^lengths have shape \(1, 2\)"),
    ],
)
def test_lengths_that_do_not_fit(lengths: list[int], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        unroll(CELL, INPUTS, lengths=jnp.array(lengths))


@pytest.mark.parametrize(
    ("lengths", "given"), [([3, 5], "list"), ((3, 5), "tuple"), (jnp.array([3.0, 5.0]), "float32")]
)
def test_lengths_that_are_no_array_of_whole_numbers(lengths: Any, given: str) -> None:
    expected = rf"^lengths are given as {given}; pass an array of 2 whole numbers, one per sequence, such as"
    with pytest.raises(ShapeError, match=expected):
        unroll(CELL, INPUTS, lengths=lengths)
    with pytest.raises(ShapeError, match=expected):
        apply(Bidirectional(CELL, CELL), INPUTS, lengths=lengths)


def test_lengths_as_numpy_array() -> None:
    outputs = unroll(CELL, INPUTS + 1, lengths=np.array([3, 5]))[1]  # type: ignore[arg-type]
    np.testing.assert_array_equal(outputs, unroll(CELL, INPUTS + 1, lengths=jnp.array([3, 5]))[1])
    np.testing.assert_array_equal(jnp.any(outputs != 0, axis=2).sum(axis=0), [3, 5])


def test_shape_of_lengths_is_checked_while_compiling() -> None:
    with pytest.raises(ShapeError, match=r"lengths have shape \(3,\)"):
        jax.jit(lambda lengths: unroll(CELL, INPUTS, lengths=lengths))(jnp.array([1, 2, 3]))


def test_state_of_another_cell() -> None:
    with pytest.raises(ShapeError, match=r"the state given is .*LSTMState.*, and GRU has .*GRUState"):
        unroll(CELL, INPUTS, LSTMState(jnp.zeros((2, 5)), jnp.zeros((2, 5))))


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 4)])
def test_state_of_another_size(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ShapeError, match=r"a state of GRU has shape \(.*\); expected \(2, 5\) \(\[batch, \.\.\.\]\)"
    ):
        unroll(CELL, INPUTS, GRUState(jnp.zeros(shape)))


def test_noise_needs_a_key() -> None:
    noisy = Stack([Dropout(3, 0.5), LSTM(3, 5, key=KEY)])
    with pytest.raises(UsageError, match=r"Stack draws noise \(dropout\), and no key was given; pass key="):
        unroll(noisy, INPUTS)
    assert unroll(without_noise(noisy), INPUTS)[1].shape == (7, 2, 5)


def test_each_sequence_and_each_layer_has_its_own_noise() -> None:
    state = initial_states(Stack([Dropout(3, 0.5), Dropout(3, 0.5)]), 4, KEY)
    keys = [tuple(np.asarray(jax.random.key_data(key))) for layer in state.layers for key in layer.key]
    assert len(set(keys)) == 8


def test_no_steps_at_all() -> None:
    state = GRUState(jnp.ones((2, 5)))
    after, outputs = unroll(CELL, INPUTS[:0], state)
    assert outputs.shape == (0, 2, 5)
    np.testing.assert_array_equal(after.hidden, state.hidden)


def test_steps_that_are_real_and_last() -> None:
    lengths = jnp.array([0, 2, 3])
    np.testing.assert_array_equal(valid_steps(lengths, 3).T, [[0, 0, 0], [1, 1, 0], [1, 1, 1]])
    np.testing.assert_array_equal(last_step(lengths, 3).T, [[0, 0, 0], [0, 1, 0], [0, 0, 1]])


def test_every_key_of_an_array_of_keys_is_another_one() -> None:
    state = initial_states(Dilated(Dropout(3, 0.5), 3), 4, KEY)
    assert state.pending.key.shape == (4, 3)
    assert len(np.unique(jax.random.key_data(state.pending.key).reshape(12, -1), axis=0)) == 12
