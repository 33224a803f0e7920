"""Recurrent layers, one upon another: put together to a network, and found again in one."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np

from throughtime.core.cell import Cell
from throughtime.core.errors import ConversionError
from throughtime.core.sequence_map import Network
from throughtime.networks.bidirectional import Bidirectional, Merge
from throughtime.networks.chain import Chain, wire
from throughtime.networks.dropout import Dropout
from throughtime.networks.stack import Stack

Directions: TypeAlias = Sequence[Cell]
"""The cells of one layer: the one that reads forwards, and the one that reads backwards if there is one."""


def network_of(
    layers: Sequence[Directions],
    *,
    merge: Merge = "concatenate",
    to_the_end: bool = False,
    dropout: float = 0.0,
) -> Network:
    """Return the layers as one network: a lone layer as it is, others wired one upon another.

    Arguments:
        layers: lowest first, at least one.
        merge: how two directions become one.
        to_the_end: whether the last layer, if it reads both ways, gives what its backward cell has read to
            the end; see `Bidirectional`.
        dropout: rate between layers, 0 <= rate < 1.
    """
    network: list[Network] = []
    for number, cells in enumerate(layers):
        if number and dropout:
            network.append(Dropout(network[-1].output_size, dropout))
        if len(cells) == 1:
            network.append(cells[0])
        else:
            is_last = number == len(layers) - 1
            network.append(Bidirectional(*cells, merge=merge, to_the_end=to_the_end and is_last))
    return network[0] if len(network) == 1 else wire(network)


def layers_of(library: str, network: Network) -> list[Directions]:
    """Return the recurrent layers of a network, without what thins them out in training.

    **Raises**

        ConversionError: a layer below the last one gives the end of its backward reading at every step.
    """
    found: list[Directions] = []
    ends = False
    for layer in _flat(network):
        if isinstance(layer, Dropout):
            continue
        if ends:
            raise ConversionError(
                f"layer {len(found) - 1} has to_the_end=True, which {library} can do in the last layer only; "
                "make it Bidirectional(..., to_the_end=False)"
            )
        if isinstance(layer, Bidirectional):
            found.append((layer.forward, layer.backward))
            ends = layer.to_the_end
        elif isinstance(layer, Cell):
            found.append((layer,))
        else:
            raise ConversionError(
                f"{library} has no layer like {type(layer).__name__}; give the recurrent layers alone"
            )
    return found


def merges_of(network: Network) -> set[str]:
    """Return how the bidirectional layers of a network merge their directions."""
    return {layer.merge for layer in _flat(network) if isinstance(layer, Bidirectional)}


def _flat(network: Network) -> list[Network]:
    parts: Sequence[Network] = ()
    if isinstance(network, Stack):
        parts = network.cells
    elif isinstance(network, Chain):
        parts = network.layers
    return [layer for part in parts for layer in _flat(part)] if parts else [network]


def as_array(name: str, value: Any) -> np.ndarray:
    """Return a weight, which may be a tensor of PyTorch or a variable of Flax, as an array.

    **Raises**

        ConversionError: it is none, or holds no floating-point numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ConversionError(f"{name} cannot be read as an array: {error}; give it as float32") from None
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise ConversionError(f"{name} holds {array.dtype}; expected an array of floating-point numbers")
    return array


def check_names(given: Collection[str], expected: Collection[str], mend: str) -> None:
    """Raise `ConversionError` on the first weight that is missing or unknown."""
    missing = [name for name in expected if name not in given]
    unknown = [name for name in given if name not in expected]
    if missing:
        raise ConversionError(
            f"{missing[0]} is missing; there are {', '.join(given) or 'no weights'}, and expected are "
            f"{', '.join(expected)}; {mend}"
        )
    if unknown:
        raise ConversionError(f"{unknown[0]} is unknown; expected are {', '.join(expected)}; {mend}")


def check_shape(name: str, array: np.ndarray, expected: tuple[int, ...], because: str) -> None:
    """Raise `ConversionError` unless a weight has the shape that others ask of it."""
    if array.shape != expected:
        raise ConversionError(
            f"{name} has the shape {list(array.shape)}; expected {list(expected)}, because {because}"
        )
