"""Keras 3: `SimpleRNN`, `LSTM` and `GRU`, one way or `Bidirectional`, one layer upon another."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from throughtime.cells import GRU, Elman, ResetBeforeGRU
from throughtime.core.cell import Cell
from throughtime.core.errors import ConversionError
from throughtime.core.sequence_map import Network
from throughtime.networks.bidirectional import Merge
from throughtime.networks.convert.gates import Packed, assembled, check_no_bias, kind_of, taken_apart
from throughtime.networks.convert.layers import Directions, as_array, check_shape, layers_of, network_of

LIBRARY = "Keras"


def from_keras(
    *layers: Sequence[Any],
    activation: Literal["tanh", "relu"] = "tanh",
    reset_after: bool | None = None,
    merge: Merge = "concatenate",
    to_the_end: bool = False,
) -> Network:
    """Return the network that recurrent layers of Keras 3 compute, one upon another.

    Shapes tell the kind and the sizes, and the number of weights whether there are biases and two
    directions. One layer becomes a cell, or a `Bidirectional`; several become a `Stack`, or a `Chain` if some
    of them read both ways.

    **Shapes**

        kernel `[I, G]`, recurrent kernel `[H, G]`, bias `[G]` or, of a GRU with `reset_after`, `[2, G]`;
        G = H (SimpleRNN), 3 H (GRU) or 4 H (LSTM)

    Arguments:
        layers: `layer.get_weights()` of each, lowest first; all else in Keras's layers is as by default:
            sigmoid gates, tanh.
        activation: `"tanh"` or `"relu"`, which the weights of a `SimpleRNN` do not tell.
        reset_after: whether a GRU resets after the product. The bias tells it; without one (`use_bias=False`)
            it is True when left out, as in Keras.
        merge: how `Bidirectional` merges: Keras's `concat`, `sum` and `ave` are `"concatenate"`, `"sum"` and
            `"mean"`.
        to_the_end: what the last layer, if it reads both ways, gives at the last step: as with
            `return_sequences=True` (false) or `False` (true); see `Bidirectional`.

    **Raises**

        ConversionError: these are no weights of such layers, or one has the wrong shape.

    **Differs from**

        Keras packs z before r. With `reset_after` it has two biases for both, which are one here, their sum.
    """
    if not layers:
        raise ConversionError("there are no layers; give layer.get_weights() of each, lowest first")
    found = [_directions(number, layer, activation, reset_after) for number, layer in enumerate(layers)]
    return network_of(found, merge=merge, to_the_end=to_the_end)


def to_keras(network: Network, *, bias: bool = True) -> list[list[np.ndarray]]:
    """Return what the `set_weights` of Keras's layers takes, a list for each layer, lowest first.

    `from_keras(*to_keras(network))` is the same network, to the bit, if it is told again what weights do not
    tell. An `Elman` is a `SimpleRNN`, a `ResetBeforeGRU` a `GRU` with `reset_after=False`.

    Arguments:
        network: an `Elman`, `LSTM`, `GRU` or `ResetBeforeGRU`, a `Bidirectional`, or a `Stack` or `Chain` of
            such layers; dropout between them is passed over.
        bias: whether the layers have biases (`use_bias`); without, all of the network's have to be zero.

    **Raises**

        ConversionError: Keras has no such layer.
    """
    return [
        [array for cell in cells for array in _weights(cell, bias)] for cells in layers_of(LIBRARY, network)
    ]


def _directions(number: int, layer: Sequence[Any], activation: str, reset_after: bool | None) -> Directions:
    what = f"layer {number}"
    if isinstance(layer, str | np.ndarray) or not isinstance(layer, Sequence):
        raise ConversionError(
            f"{what} is of type {type(layer).__name__}; give the list that layer.get_weights() returns"
        )
    arrays = [as_array(f"weight {place} of {what}", value) for place, value in enumerate(layer)]
    if len(arrays) not in (2, 3, 4, 6):
        raise ConversionError(
            f"{what} has {len(arrays)} weights; expected kernel, recurrent kernel and bias (3, or 2 without "
            "the bias), and twice as many of a Bidirectional; give layer.get_weights() of one recurrent layer"
        )
    if len(arrays) < 4:
        return [_cell(what, arrays, activation, reset_after)]
    there, back = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]
    return [
        _cell(f"{what}, forwards", there, activation, reset_after),
        _cell(f"{what}, backwards", back, activation, reset_after),
    ]


def _cell(what: str, arrays: list[np.ndarray], activation: str, reset_after: bool | None) -> Cell:
    kernel, recurrent = arrays[:2]
    kind, hidden = kind_of(
        LIBRARY,
        f"the recurrent kernel of {what}",
        recurrent,
        hidden_axis=0,
        expected="[H, H] of a SimpleRNN, [H, 3 H] of a GRU or [H, 4 H] of an LSTM",
    )
    columns = recurrent.shape[1]
    because = f"its recurrent kernel is that of {hidden} {kind.__name__} units"
    check_shape(f"the kernel of {what}", kernel, ((kernel.shape or (1,))[0], columns), because)
    bias = arrays[2] if len(arrays) == 3 else None
    if kind is GRU:
        kind, bias, candidate = _reset(what, columns, bias, reset_after)
    else:
        candidate = None
    if bias is None:
        bias = np.zeros(columns, recurrent.dtype)
    check_shape(f"the bias of {what}", bias, (columns,), because)
    options = {"activation": activation} if kind is Elman else {}
    return assembled(LIBRARY, kind, Packed(kernel.T, recurrent.T, bias, candidate), **options)


def _reset(
    what: str, columns: int, bias: np.ndarray | None, reset_after: bool | None
) -> tuple[type[Cell], np.ndarray | None, np.ndarray | None]:
    """Return which GRU it is, its bias, and the bias within the reset."""
    if bias is None:
        after = reset_after is not False
        return (GRU, None, np.zeros(columns // 3, np.float32)) if after else (ResetBeforeGRU, None, None)
    after = bias.shape == (2, columns)
    if reset_after not in (None, after):
        raise ConversionError(
            f"reset_after is {reset_after}, and the bias of {what} has the shape {list(bias.shape)}, as with "
            f"reset_after={after}; leave reset_after out, the bias tells it"
        )
    if not after:
        return ResetBeforeGRU, bias, None
    outer, inner = bias
    inner, candidate = np.split(inner, [2 * columns // 3])
    return GRU, outer + np.concatenate([inner, np.zeros_like(candidate)]), candidate


def _weights(cell: Cell, bias: bool) -> list[np.ndarray]:
    packed = taken_apart(LIBRARY, cell)
    weights = [packed.input_weight.T, packed.recurrent_weight.T]
    if not bias:
        check_no_bias(packed)
        return weights
    if packed.candidate_bias is None:
        return [*weights, packed.bias]
    inner = np.zeros_like(packed.bias)
    inner[-cell.output_size :] = packed.candidate_bias
    return [*weights, np.stack([packed.bias, inner])]
