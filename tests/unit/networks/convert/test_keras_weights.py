"""Lists of weights of Keras: what is inferred from them, and what is wrong with some."""

from typing import Any

import jax
import numpy as np
import pytest

from throughtime import GRU, LSTM, Bidirectional, Chain, Elman, PeepholeLSTM, ResetBeforeGRU, Stack
from throughtime.core.errors import ConversionError, ShapeError
from throughtime.networks.convert import from_keras, to_keras

pytestmark = pytest.mark.usefixtures("as_users_run_it")

KEY = jax.random.key(0)


def drawn(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


ELMAN = drawn((3, 5), (5, 5), (5,))
MEMORY = drawn((3, 20), (5, 20), (20,))
AFTER = drawn((3, 15), (5, 15), (2, 15))
BEFORE = drawn((3, 15), (5, 15), (15,))


def test_shapes_tell_the_network() -> None:
    kinds = [type(from_keras(layer)) for layer in (ELMAN, MEMORY, AFTER, BEFORE, AFTER[:2], AFTER * 2)]
    assert kinds == [Elman, LSTM, GRU, ResetBeforeGRU, GRU, Bidirectional]
    assert isinstance(from_keras(AFTER[:2], reset_after=False), ResetBeforeGRU)
    assert isinstance(from_keras(ELMAN, drawn((5, 20), (5, 20), (20,))), Stack)
    assert isinstance(from_keras(ELMAN * 2, drawn((10, 20), (5, 20), (20,))), Chain)


def test_two_biases_become_one_but_within_the_reset() -> None:
    outer, inner = AFTER[2]
    cell = from_keras(AFTER)
    assert isinstance(cell, GRU)
    z, r, n = np.split(outer + np.concatenate([inner[:10], np.zeros(5, np.float32)]), 3)
    np.testing.assert_array_equal(cell.bias, np.concatenate([r, z, n]))
    np.testing.assert_array_equal(cell.candidate_bias, inner[10:])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (ELMAN[:1], r"layer 0 has 1 weights; expected kernel, recurrent kernel and bias \(3, or 2 without"),
        (np.zeros((3, 5)), r"layer 0 is of type ndarray; give the list that layer.get_weights\(\) returns"),
        (object(), r"layer 0 is of type object"),
        ([*ELMAN[:2], np.zeros(5, int)], r"weight 2 of layer 0 holds int64"),
        (
            [ELMAN[0], *drawn((5, 10)), ELMAN[2]],
            r"the recurrent kernel of layer 0 has the shape \[5, 10\]; expected \[H, H\] of a SimpleRNN",
        ),
        (
            [ELMAN[0], *MEMORY[1:]],
            r"the kernel of layer 0 has the shape \[3, 5\]; expected \[3, 20\], because its "
            r"recurrent kernel is that of 5 LSTM units",
        ),
        ([*MEMORY[:2], *drawn((5,))], r"the bias of layer 0 has the shape \[5\]; expected \[20\]"),
        ([*AFTER[:2], *drawn((3, 15))], r"the bias of layer 0 has the shape \[3, 15\]; expected \[15\]"),
        ([*MEMORY, *MEMORY[:2], ELMAN[2]], r"the bias of layer 0, backwards has the shape \[5\]"),
    ],
)
def test_what_are_no_weights(layer: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        from_keras(layer)


def test_no_layers() -> None:
    with pytest.raises(ConversionError, match=r"there are no layers; give layer.get_weights\(\) of each"):
        from_keras()


def test_layers_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"layer 0 \(Elman\) gives 5 features and layer 1 \(LSTM\) reads 3"):
        from_keras(ELMAN, MEMORY)


@pytest.mark.parametrize(("layer", "told"), [(AFTER, False), (BEFORE, True)])
def test_a_reset_that_the_bias_contradicts(layer: Any, told: bool) -> None:
    with pytest.raises(
        ConversionError, match=rf"reset_after is {told}, and the bias of layer 0 has the shape"
    ):
        from_keras(layer, reset_after=told)


def test_what_keras_lacks() -> None:
    with pytest.raises(ConversionError, match=r"Keras has no cell like PeepholeLSTM"):
        to_keras(PeepholeLSTM(3, 5, key=KEY))
    chain = Chain([LSTM(3, 5, key=KEY), Chain([Bidirectional(GRU(5, 4, key=KEY), GRU(5, 4, key=KEY))])])
    assert [len(weights) for weights in to_keras(chain)] == [3, 6]
    with pytest.raises(ConversionError, match=r"bias is False, and the network has biases"):
        to_keras(chain, bias=False)
