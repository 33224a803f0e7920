"""Pre-training: a network starts from the layers that it shares with one trained for something else."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Integer

from throughtime.core.errors import ShapeError
from throughtime.core.sequence_map import Network
from throughtime.networks.bidirectional import Bidirectional
from throughtime.networks.chain import Chain
from throughtime.networks.dropout import Dropout
from throughtime.networks.embedding import Embedding
from throughtime.networks.linear import Linear
from throughtime.networks.pooling import AttentionPooling, MeanPooling
from throughtime.networks.stack import Stack
from throughtime.networks.tied_stack import TiedStack

ANSWERS = (Linear, MeanPooling, AttentionPooling)
"""Layers that belong to what is asked of a network; what is below the first of them reads the sequence."""


class Transplanted(NamedTuple):
    """A network with layers of another one, and what was taken and what stayed fresh, in words."""

    network: Network
    taken: tuple[str, ...]
    fresh: tuple[str, ...]


def transplant(
    source: Network, target: Network, *, symbols: Integer[np.ndarray, " V"] | None = None
) -> Transplanted:
    """Return `target` with the weights of the layers that read the sequence in `source`.

    Layers are compared by their position, from the embedding upwards, dropout not counted. A layer is taken
    if it is the same cell of the same sizes, and so are all below it: what it reads means the same only then.
    Pooling and readout stay as they are.

    Arguments:
        source: a trained network.
        target: with fresh weights; it is not changed.
        symbols: for each symbol of the target the number that it has in the source, -1 for one that the
            source does not know, which keeps its fresh vector. When left out, symbols have the same numbers
            in both, and there are as many.

    **Raises**

        ShapeError: not a single layer fits.

    **Source**

        Dai & Le 2015, "Semi-supervised sequence learning", arXiv 1511.01432, section 2 (weights of a language
        model or of an autoencoder start a classifier).
    """
    theirs, ours = _readers(source), _readers(target)
    taken: list[str] = []
    fresh: list[str] = []
    places: list[int] = []
    layers: list[Network] = []
    names = _names([layer for _, layer in ours])
    for number, (place, layer) in enumerate(ours):
        other = theirs[number][1] if number < len(theirs) else None
        if len(taken) < number:
            fresh.append(f"{names[number]} (above one that is fresh)")
            continue
        moved = None if other is None else _moved(other, layer, symbols)
        if moved is None:
            there = "nothing" if other is None else _described(other)
            fresh.append(f"{names[number]} ({there} there, {_described(layer)} here)")
            continue
        places.append(place)
        layers.append(moved)
        taken.append(f"{names[number]} ({_told(layer, symbols)})")
    if not taken:
        raise ShapeError(
            f"no layer fits: {', '.join(fresh) or 'there is none that reads the sequence'}; give both "
            "networks the same cells and sizes"
        )
    network = eqx.tree_at(lambda whole: [_layers(whole)[place] for place in places], target, layers)
    answers = _layers(target)[len(_layers(target)) - _answer_count(target) :]
    fresh += [name for name in map(_answer, answers) if name is not None]
    return Transplanted(network, tuple(taken), tuple(fresh))


def _layers(network: Any) -> Sequence[Network]:
    if isinstance(network, Stack | TiedStack):
        return network.cells
    return network.layers if isinstance(network, Chain) else (network,)


def _answer_count(network: Network) -> int:
    """Return how many layers there are from the first one on that belongs to the answer."""
    layers = _layers(network)
    return next((len(layers) - place for place, layer in enumerate(layers) if isinstance(layer, ANSWERS)), 0)


def _readers(network: Network) -> list[tuple[int, Network]]:
    """Return the layers that read the sequence, without dropout, and where they stand."""
    layers = _layers(network)
    readers = layers[: len(layers) - _answer_count(network)]
    return [(place, layer) for place, layer in enumerate(readers) if not isinstance(layer, Dropout)]


def _moved(source: Network, target: Network, symbols: np.ndarray | None) -> Network | None:
    """Return the target with the source's weights, or None if the two are not alike."""
    if isinstance(source, Embedding) and isinstance(target, Embedding) and symbols is not None:
        if source.output_size != target.output_size or not np.any(symbols >= 0):
            return None
        known = jnp.asarray(symbols >= 0)[:, None]
        rows = source.weight[jnp.maximum(jnp.asarray(symbols), 0)]
        return eqx.tree_at(lambda layer: layer.weight, target, jnp.where(known, rows, target.weight))
    if isinstance(source, Bidirectional) and isinstance(target, Bidirectional):
        # How the two directions are merged, and read to which end, is no matter of their weights.
        pairs = ((source.forward, target.forward), (source.backward, target.backward))
        cells = [_moved(one, other, symbols) for one, other in pairs]
        if any(cell is None for cell in cells) or source.output_size != target.output_size:
            return None
        return eqx.tree_at(lambda layer: [layer.forward, layer.backward], target, cells)
    alike = jax.tree.structure(source) == jax.tree.structure(target)  # type: ignore[operator]
    leaves, wanted = jax.tree.leaves(source), jax.tree.leaves(target)
    if not alike or [leaf.shape for leaf in leaves] != [leaf.shape for leaf in wanted]:
        return None
    cast = [leaf.astype(other.dtype) for leaf, other in zip(leaves, wanted, strict=True)]
    return jax.tree.unflatten(jax.tree.structure(target), cast)


def _names(layers: Sequence[Network]) -> list[str]:
    names, number = [], 0
    for layer in layers:
        if isinstance(layer, Embedding):
            names.append("embedding")
        else:
            names.append(f"layer {number}")
            number += 1
    return names


def _described(layer: Network) -> str:
    kind = type(layer).__name__
    if isinstance(layer, Bidirectional):
        kind = f"bidirectional {type(layer.forward).__name__}"
    return f"{kind} from {layer.input_size:,} to {layer.output_size:,}"


def _told(layer: Network, symbols: np.ndarray | None) -> str:
    if isinstance(layer, Embedding) and symbols is not None:
        return f"{np.count_nonzero(symbols >= 0):,} of {len(symbols):,} symbols"
    return _described(layer)


def _answer(layer: Network) -> str | None:
    names = {Linear: "readout", AttentionPooling: "attention"}
    return names.get(type(layer))
