"""State dicts: what is inferred from them, and what is wrong with some."""

from typing import Any

import jax
import numpy as np
import pytest

from throughtime import (
    GRU,
    IRNN,
    LSTM,
    Bidirectional,
    Chain,
    Elman,
    Linear,
    MinimalGatedUnit,
    PeepholeLSTM,
    ResetBeforeGRU,
    Stack,
)
from throughtime.core.errors import ConversionError, OptionError
from throughtime.networks.convert import from_torch, to_torch

pytestmark = pytest.mark.usefixtures("as_users_run_it")

KEY = jax.random.key(0)


def state_dict(gates: int = 4, layers: int = 1, **changed: Any) -> dict[str, Any]:
    """Return the weights of an LSTM (or what has another number of gates) of 5 units that reads 3 numbers."""
    rng, weights = np.random.default_rng(0), {}
    for layer in range(layers):
        shapes = {"weight_ih": (gates * 5, 5 if layer else 3), "weight_hh": (gates * 5, 5)}
        shapes |= {"bias_ih": (gates * 5,), "bias_hh": (gates * 5,)}
        for name, shape in shapes.items():
            weights[f"{name}_l{layer}"] = rng.normal(size=shape).astype(np.float32)
    weights |= changed
    return {name: value for name, value in weights.items() if value is not None}


def test_the_number_of_rows_tells_the_cell() -> None:
    kinds = [type(from_torch(state_dict(gates))) for gates in (1, 3, 4)]
    assert kinds == [Elman, GRU, LSTM]
    assert from_torch(state_dict(1), activation="relu").activation == "relu"


def test_two_biases_become_one() -> None:
    weights = state_dict(3)
    cell = from_torch(weights)
    outer, inner = weights["bias_ih_l0"], weights["bias_hh_l0"]
    np.testing.assert_array_equal(cell.bias, np.concatenate([(outer + inner)[:10], outer[10:]]))
    np.testing.assert_array_equal(cell.candidate_bias, inner[10:])
    back = to_torch(cell)
    np.testing.assert_array_equal(back["bias_ih_l0"], cell.bias)
    np.testing.assert_array_equal(back["bias_hh_l0"], np.concatenate([np.zeros(10), inner[10:]]))


def test_an_irnn_is_an_rnn_of_relu() -> None:
    cell = IRNN(3, 5, key=KEY)
    back = from_torch(to_torch(cell), activation="relu")
    assert type(back) is Elman
    assert back.activation == cell.activation
    np.testing.assert_array_equal(back.input_weight, cell.input_weight)


def test_arrays_can_be_written_to() -> None:
    # PyTorch takes over the memory of an array, and warns about one that is read-only.
    assert all(array.flags.writeable for array in to_torch(GRU(3, 5, key=KEY)).values())


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (state_dict(weight_hh_l0=None), r"weight_hh_l0 is missing; there are weight_ih_l0, bias_ih_l0"),
        (state_dict(bias_hh_l0=None), r"bias_hh_l0 is missing; .*give the state_dict\(\) of one nn.RNN"),
        (state_dict(3, layers=3, weight_ih_l1=None), r"weight_ih_l1 is missing"),
        ({}, r"weight_ih_l0 is missing; there are no weights"),
        (state_dict(head=np.zeros(3, np.float32)), r"head is unknown; expected are weight_ih_l0, .*prefix="),
        (state_dict(weight_hr_l0=np.zeros((2, 5), np.float32)), r"weight_hr_l0 projects .*proj_size=0"),
        (
            state_dict(weight_hh_l0=np.zeros((10, 5), np.float32)),
            r"weight_hh_l0 has the shape \[10, 5\]; expected \[H, H\] of an RNN, \[3 H, H\] of a GRU or",
        ),
        (state_dict(weight_hh_l0=np.zeros(5, np.float32)), r"weight_hh_l0 has the shape \[5\]"),
        (
            state_dict(weight_ih_l0=np.zeros((15, 3), np.float32)),
            r"weight_ih_l0 has the shape \[15, 3\]; expected \[20, 3\], because weight_hh_l0 is that of 5",
        ),
        (
            state_dict(bias_ih_l0=np.zeros((20, 1), np.float32)),
            r"bias_ih_l0 has the shape \[20, 1\]; expected",
        ),
        (state_dict(bias_hh_l0=np.zeros(20, int)), r"bias_hh_l0 holds int64; expected an array of floating"),
        (state_dict(bias_hh_l0="no"), r"bias_hh_l0 holds <U2"),
        (state_dict(bias_hh_l0=[[1.0], 2.0]), r"bias_hh_l0 cannot be read as an array: .*give it as float32"),
        (object(), r"the weights are of type object; give the state_dict\(\)"),
    ],
)
def test_what_is_no_state_dict(weights: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        from_torch(weights)


def test_unknown_activation() -> None:
    with pytest.raises(OptionError, match=r"activation is 'rel' \(did you mean 'relu'\?\)"):
        from_torch(state_dict(1), activation="rel")  # type: ignore[arg-type]


def both(kind: type, size: int = 3, **options: Any) -> Bidirectional:
    return Bidirectional(kind(size, 5, key=KEY), kind(size, 5, key=KEY), **options)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (PeepholeLSTM(3, 5, key=KEY), r"no cell like PeepholeLSTM; it has those of Elman, IRNN, LSTM, GRU"),
        (ResetBeforeGRU(3, 5, key=KEY), r"PyTorch has no cell like ResetBeforeGRU"),
        (MinimalGatedUnit(3, 5, key=KEY), r"PyTorch has no cell like MinimalGatedUnit"),
        (
            Stack([LSTM(3, 5, key=KEY), GRU(5, 5, key=KEY)]),
            r"the layers are GRU 5 and LSTM 5, and one module of PyTorch has one kind and one size",
        ),
        (
            Stack([LSTM(3, 5, key=KEY), LSTM(5, 4, key=KEY)]),
            r"the layers are LSTM 4 and LSTM 5",
        ),
        (
            Stack([Elman(3, 5, key=KEY), Elman(5, 5, activation="relu", key=KEY)]),
            r"the layers are Elman 5 relu and Elman 5 tanh",
        ),
        (Stack([LSTM(3, 5, key=KEY), Linear(5, 5, key=KEY)]), r"PyTorch has no cell like Linear"),
        (both(LSTM, merge="sum"), r"the directions are merged by sum, and PyTorch concatenates them"),
        (Chain([both(GRU), GRU(10, 5, key=KEY)]), r"some layers read one way and some both"),
        (
            Chain([both(GRU, to_the_end=True), both(GRU, 10)]),
            r"layer 0 has to_the_end=True, which PyTorch can do in the last layer only",
        ),
    ],
)
def test_what_pytorch_lacks(network: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        to_torch(network)


def test_biases_are_not_dropped_in_silence() -> None:
    assert set(to_torch(GRU(3, 5, key=KEY), bias=False)) == {"weight_ih_l0", "weight_hh_l0"}
    with pytest.raises(ConversionError, match=r"bias is False, and the network has biases that are not zero"):
        to_torch(LSTM(3, 5, key=KEY), bias=False)
