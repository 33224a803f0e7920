"""Flax: `SimpleCell`, `LSTMCell`, `OptimizedLSTMCell` and `GRUCell` of `flax.nnx`, in an `RNN` or two."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from throughtime.cells import GRU, LSTM, Elman
from throughtime.core.cell import Cell
from throughtime.core.errors import ConversionError, choose
from throughtime.core.sequence_map import Network
from throughtime.networks.bidirectional import Merge
from throughtime.networks.convert.gates import ORDERS, Packed, assembled, kind_of, taken_apart
from throughtime.networks.convert.layers import (
    Directions,
    as_array,
    check_names,
    check_shape,
    layers_of,
    network_of,
)

LIBRARY = "Flax"
MEND = "give nnx.state(layer) of one recurrent cell, nnx.RNN or nnx.Bidirectional"

LSTM_CELLS = ("OptimizedLSTMCell", "LSTMCell")
DIRECTIONS = ("forward_rnn", "backward_rnn")

_BY_GATE = {gate: ("if_" if gate == "f" else f"i{gate}", f"h{gate}") for gate in ORDERS[LIBRARY][LSTM]}
"""The products by the input and by the hidden layer of each gate of an `LSTMCell`."""


def from_flax(
    *layers: Mapping[str, Any],
    activation: Literal["tanh", "relu"] = "tanh",
    merge: Merge = "concatenate",
    to_the_end: bool = False,
) -> Network:
    """Return the network that recurrent layers of `flax.nnx` compute, one upon another.

    Names and shapes tell kind, sizes and directions. One layer becomes a cell, or a `Bidirectional`; several
    become a `Stack`, or a `Chain` if some of them read both ways.

    **Shapes**

        kernels `[I, G]` and `[H, G]`, bias `[G]`; G = H (`SimpleCell`), 3 H (`GRUCell`) or 4 H
        (`OptimizedLSTMCell`; an `LSTMCell` has a kernel for each gate)

    Arguments:
        layers: `nnx.state(layer)` of each, or the same as dictionaries, lowest first: of a cell, an `nnx.RNN`
            or an `nnx.Bidirectional`. All else in them is as by default: no residual `SimpleCell`.
        activation: `"tanh"` or `"relu"`, which the weights of a `SimpleCell` do not tell.
        merge: how `nnx.Bidirectional` merges; by default it concatenates.
        to_the_end: what the last layer, if it reads both ways, gives; see `Bidirectional`.

    **Raises**

        ConversionError: a weight is missing, unknown, or of the wrong shape.

    **Differs from**

        Flax's `GRUCell` has no bias within the reset, so that of the `GRU` is 0.
    """
    if not layers:
        raise ConversionError(f"there are no layers; {MEND} for each, lowest first")
    found = [_directions(number, layer, activation) for number, layer in enumerate(layers)]
    return network_of(found, merge=merge, to_the_end=to_the_end)


def to_flax(
    network: Network, *, lstm: Literal["OptimizedLSTMCell", "LSTMCell"] = "OptimizedLSTMCell"
) -> list[dict[str, Any]]:
    """Return the weights of each layer as the nested dictionary of an `nnx.RNN`, lowest first.

    `nnx.update(layer, weights)` puts them there. A layer that reads both ways has the weights of an
    `nnx.Bidirectional` of two `nnx.RNN`; `weights["cell"]` are those of the cell alone.
    `from_flax(*to_flax(network))` is the same network, to the bit, if it is told again what weights do not
    tell.

    Arguments:
        network: an `Elman`, `LSTM` or `GRU`, a `Bidirectional`, or a `Stack` or `Chain` of such layers;
            dropout between them is passed over.
        lstm: which of Flax's two classes an `LSTM` is for; they compute the same.

    **Raises**

        ConversionError: Flax has no such layer, or a `GRU` has a bias within the reset, which Flax's has not.
    """
    choose("lstm", lstm, LSTM_CELLS)
    found: list[dict[str, Any]] = []
    for cells in layers_of(LIBRARY, network):
        parts = [{"cell": _weights(cell, by_gate=lstm == "LSTMCell")} for cell in cells]
        found.append(parts[0] if len(parts) == 1 else dict(zip(DIRECTIONS, parts, strict=True)))
    return found


def _directions(number: int, layer: Mapping[str, Any], activation: str) -> Directions:
    what = f"layer {number}"
    if not isinstance(layer, Mapping):
        raise ConversionError(f"{what} is of type {type(layer).__name__}; {MEND}")
    weights = dict(_leaves(what, layer))
    prefixes = [f"{what}: {name}." for name in DIRECTIONS]
    if not any(name.startswith(tuple(prefixes)) for name in weights):
        prefixes = [f"{what}: "]
    parts = []
    for prefix in prefixes:
        part = {name: array for name, array in weights.items() if name.startswith(prefix)}
        weights = {name: array for name, array in weights.items() if name not in part}
        within = f"{prefix}cell." if any(name.startswith(f"{prefix}cell.") for name in part) else prefix
        parts.append(_cell(within, part, activation))
    if weights:
        raise ConversionError(f"{next(iter(weights))} is unknown; {MEND}")
    return parts


def _leaves(path: str, state: Mapping[str, Any], joint: str = ": ") -> Iterator[tuple[str, np.ndarray]]:
    for name, value in state.items():
        if name == "rngs":  # of a layer's random initial states, no weights
            continue
        if isinstance(value, Mapping):
            yield from _leaves(f"{path}{joint}{name}", value, ".")
        else:
            yield f"{path}{joint}{name}", as_array(f"{path}{joint}{name}", value)


def _cell(prefix: str, weights: Mapping[str, np.ndarray], activation: str) -> Cell:
    if f"{prefix}hi.kernel" in weights:
        return _lstm_by_gate(prefix, weights)
    names = [f"{prefix}{name}" for name in ("dense_i.kernel", "dense_h.kernel")]
    check_names([name for name in names if name in weights], names, MEND)
    kernel, recurrent = (weights[name] for name in names)
    expected = "[H, H] of a SimpleCell, [H, 3 H] of a GRUCell or [H, 4 H] of an OptimizedLSTMCell"
    kind, hidden = kind_of(LIBRARY, names[1], recurrent, hidden_axis=0, expected=expected)
    names.append(f"{prefix}{_product_with_bias(kind)}.bias")
    check_names(weights, names, MEND)
    columns = recurrent.shape[1]
    because = f"{names[1]} is that of {hidden} {kind.__name__} units"
    check_shape(names[0], kernel, ((kernel.shape or (1,))[0], columns), because)
    check_shape(names[2], weights[names[2]], (columns,), because)
    candidate = np.zeros(hidden, recurrent.dtype) if kind is GRU else None
    options = {"activation": activation} if kind is Elman else {}
    return assembled(LIBRARY, kind, Packed(kernel.T, recurrent.T, weights[names[2]], candidate), **options)


def _lstm_by_gate(prefix: str, weights: Mapping[str, np.ndarray]) -> Cell:
    of_input = [f"{prefix}{name}.kernel" for name, _ in _BY_GATE.values()]
    of_hidden = [f"{prefix}{name}.kernel" for _, name in _BY_GATE.values()]
    biases = [f"{prefix}{name}.bias" for _, name in _BY_GATE.values()]
    check_names(weights, [*of_input, *of_hidden, *biases], MEND)
    first_input, first = weights[of_input[0]], weights[of_hidden[0]]
    hidden, inputs = (first.shape or (1,))[0], (first_input.shape or (1,))[0]
    for names, shape in ((of_hidden, (hidden, hidden)), (of_input, (inputs, hidden)), (biases, (hidden,))):
        for name in names:
            check_shape(name, weights[name], shape, f"{of_hidden[0]} is that of {hidden} units")
    packed = Packed(
        *(np.concatenate([weights[name].T for name in names]) for names in (of_input, of_hidden, biases))
    )
    return assembled(LIBRARY, LSTM, packed)


def _weights(cell: Cell, *, by_gate: bool) -> dict[str, dict[str, np.ndarray]]:
    packed = taken_apart(LIBRARY, cell)
    if packed.candidate_bias is not None and packed.candidate_bias.any():
        raise ConversionError(
            "the GRU has a bias within the reset (candidate_bias), and Flax's GRUCell has none; convert one "
            "whose candidate_bias is zero"
        )
    if by_gate and type(cell) is LSTM:
        found: dict[str, dict[str, np.ndarray]] = {}
        parts = (np.split(array, len(_BY_GATE)) for array in packed[:3])
        for (of_input, of_hidden), kernel, recurrent, bias in zip(_BY_GATE.values(), *parts, strict=True):
            found[of_input] = {"kernel": kernel.T}
            found[of_hidden] = {"kernel": recurrent.T, "bias": bias}
        return found
    found = {"dense_i": {"kernel": packed.input_weight.T}, "dense_h": {"kernel": packed.recurrent_weight.T}}
    found[_product_with_bias(type(cell))]["bias"] = packed.bias
    return found


def _product_with_bias(kind: type[Cell]) -> str:
    return "dense_h" if kind is LSTM else "dense_i"
