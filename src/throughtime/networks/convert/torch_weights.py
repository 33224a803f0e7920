"""PyTorch: `nn.RNN`, `nn.LSTM` and `nn.GRU`, of any number of layers and directions."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from throughtime.cells import GRU, Elman
from throughtime.core.cell import Cell
from throughtime.core.errors import ConversionError
from throughtime.core.sequence_map import Network
from throughtime.networks.convert.gates import Packed, assembled, check_no_bias, kind_of, taken_apart
from throughtime.networks.convert.layers import (
    as_array,
    check_names,
    check_shape,
    layers_of,
    merges_of,
    network_of,
)

LIBRARY = "PyTorch"
MEND = (
    "give the state_dict() of one nn.RNN, nn.LSTM or nn.GRU, or say with prefix= where it is in a larger one"
)

_NAME = re.compile(r"(?:weight_ih|weight_hh|bias_ih|bias_hh)_l(\d+)(_reverse)?")


def from_torch(
    state_dict: Mapping[str, Any],
    *,
    prefix: str = "",
    activation: Literal["tanh", "relu"] = "tanh",
    dropout: float = 0.0,
    to_the_end: bool = False,
) -> Network:
    """Return the network that an `nn.RNN`, `nn.LSTM` or `nn.GRU` computes.

    Names and shapes tell the kind, the sizes, the layers, the directions and whether there are biases. One
    layer becomes a cell, or a `Bidirectional`; several become a `Stack`, or a `Chain` of bidirectional ones.

    **Shapes**

        `weight_ih_l*` `[G, I]`, `weight_hh_l*` `[G, H]`, biases `[G]`, with G = H (RNN), 3 H (GRU) or 4 H
        (LSTM); those of the way back have `_reverse` at the end of their names

    Arguments:
        state_dict: arrays or tensors by name; `batch_first` makes no difference to them.
        prefix: what the names of these layers begin with in a larger state dict, such as `"encoder.lstm."`;
            names that begin with something else are then left alone.
        activation: `"tanh"` or `"relu"`, which the weights of an `nn.RNN` do not tell.
        dropout: rate between layers, which they do not tell either, 0 <= rate < 1.
        to_the_end: what the last step of the last bidirectional layer gives: as `output[-1]` has it (false)
            or as `h_n` (true); see `Bidirectional`.

    **Raises**

        ConversionError: a weight is missing, unknown, or of the wrong shape; or the layers project their
            hidden state (`proj_size`), which no cell here does.

    **Differs from**

        PyTorch adds two biases; here they are one, their sum, but for the one within the reset of a GRU.
    """
    if not isinstance(state_dict, Mapping):
        raise ConversionError(f"the weights are of type {type(state_dict).__name__}; {MEND}")
    weights = {
        name.removeprefix(prefix): as_array(name, value)
        for name, value in state_dict.items()
        if name.startswith(prefix)
    }
    if any(name.startswith("weight_hr_l") for name in weights):
        raise ConversionError(
            "weight_hr_l0 projects the hidden state (proj_size), which no cell here does; train the LSTM "
            "with proj_size=0"
        )
    found = [match for match in map(_NAME.fullmatch, weights) if match]
    count = max((int(match[1]) for match in found), default=0) + 1
    suffixes = ["", "_reverse"] if any(match[2] for match in found) else [""]
    has_bias = any(name.startswith("bias") for name in weights)
    parts = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if has_bias else [])]
    expected = [f"{part}_l{layer}{suffix}" for layer in range(count) for suffix in suffixes for part in parts]
    check_names(weights, expected, MEND)
    layers = [
        [_cell(weights, f"_l{layer}{suffix}", has_bias, activation) for suffix in suffixes]
        for layer in range(count)
    ]
    return network_of(layers, to_the_end=to_the_end, dropout=dropout)


def to_torch(network: Network, *, bias: bool = True) -> dict[str, np.ndarray]:
    """Return the weights of a network as the state dict of an `nn.RNN`, `nn.LSTM` or `nn.GRU`.

    `module.load_state_dict({name: torch.from_numpy(array) for name, array in to_torch(network).items()})`
    puts them there. `from_torch` returns the same network, to the bit.

    Arguments:
        network: an `Elman`, `LSTM` or `GRU`, a `Bidirectional` of them that concatenates, or a `Stack` or
            `Chain` of layers of one kind and one hidden size; dropout between them is passed over.
        bias: whether the module has biases; without, all of the network's have to be zero.

    **Raises**

        ConversionError: PyTorch has no such network in one module.

    **Differs from**

        Of PyTorch's two biases, `bias_ih` has all that there is and `bias_hh` zeros, but for the bias within
        the reset of a GRU, whose place is `bias_hh`.
    """
    layers = layers_of(LIBRARY, network)
    packed = [[taken_apart(LIBRARY, cell) for cell in cells] for cells in layers]
    kinds = {
        (type(cell).__name__, cell.output_size, getattr(cell, "activation", ""))
        for cells in layers
        for cell in cells
    }
    if len(kinds) > 1:
        named = " and ".join(" ".join(map(str, kind)).strip() for kind in sorted(kinds))
        raise ConversionError(
            f"the layers are {named}, and one module of PyTorch has one kind and one size; convert each "
            "layer by itself"
        )
    if merges_of(network) - {"concatenate"}:
        raise ConversionError(
            f"the directions are merged by {', '.join(merges_of(network))}, and PyTorch concatenates them; "
            "convert each direction by itself"
        )
    if len({len(cells) for cells in layers}) > 1:
        raise ConversionError(
            "some layers read one way and some both, and in one module of PyTorch all do the same; convert "
            "each layer by itself"
        )
    state_dict = {}
    for number, directions in enumerate(packed):
        for cell, suffix in zip(directions, ("", "_reverse"), strict=False):
            for name, array in _weights(cell, bias).items():
                state_dict[f"{name}_l{number}{suffix}"] = array
    return state_dict


def _cell(weights: Mapping[str, np.ndarray], suffix: str, has_bias: bool, activation: str) -> Cell:
    recurrent = weights[f"weight_hh{suffix}"]
    expected = "[H, H] of an RNN, [3 H, H] of a GRU or [4 H, H] of an LSTM"
    kind, hidden = kind_of(LIBRARY, f"weight_hh{suffix}", recurrent, hidden_axis=1, expected=expected)
    rows = recurrent.shape[0]
    because = f"weight_hh{suffix} is that of {hidden} {kind.__name__} units"
    columns = weights[f"weight_ih{suffix}"].shape[1:] or (1,)
    check_shape(f"weight_ih{suffix}", weights[f"weight_ih{suffix}"], (rows, columns[0]), because)
    biases = [np.zeros(rows, recurrent.dtype)] * 2
    if has_bias:
        biases = [weights[f"{name}{suffix}"] for name in ("bias_ih", "bias_hh")]
        for name, array in zip(("bias_ih", "bias_hh"), biases, strict=True):
            check_shape(f"{name}{suffix}", array, (rows,), because)
    outer, inner = biases
    candidate = None
    if kind is GRU:
        inner, candidate = np.split(inner, [2 * hidden])
        inner = np.concatenate([inner, np.zeros_like(candidate)])
    options = {"activation": activation} if kind is Elman else {}
    packed = Packed(weights[f"weight_ih{suffix}"], recurrent, outer + inner, candidate)
    return assembled(LIBRARY, kind, packed, **options)


def _weights(packed: Packed, bias: bool) -> dict[str, np.ndarray]:
    inner = np.zeros_like(packed.bias)
    if packed.candidate_bias is not None:
        inner[-len(packed.candidate_bias) :] = packed.candidate_bias
    weights = {"weight_ih": packed.input_weight, "weight_hh": packed.recurrent_weight}
    if bias:
        return {**weights, "bias_ih": packed.bias, "bias_hh": inner}
    check_no_bias(packed)
    return weights
