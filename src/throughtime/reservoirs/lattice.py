"""Neurons at the points of a lattice, of which near ones are connected more often than far ones."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from throughtime.reservoirs.dynamic_synapses import PAIRS, SynapseKind


class Wiring(NamedTuple):
    """Who sends to whom: for each neuron the `targets` of its synapses `[H, k]`, of which some places
    `exist`, and whether it is `inhibitory` `[H]`."""

    targets: Int[np.ndarray, "H k"]
    exist: Bool[np.ndarray, "H k"]
    inhibitory: Bool[np.ndarray, " H"]


def lattice_positions(size: int, width: int = 3) -> Int[np.ndarray, "H 3"]:
    """Return whole positions in a column of `width` times `width` neurons, layer by layer.

    The highest layer may have fewer. 135 neurons make the 3 x 3 x 15 of the paper.
    """
    number = np.arange(size)
    return np.stack([number % width, number // width % width, number // width**2], axis=1)


def most_targets(size: int, width: int, wiring_length: float, kinds: Mapping[str, SynapseKind]) -> int:
    """Return how many places for synapses a neuron gets, at least 1.

    Six standard deviations above what the best placed neuron has on average, so that arrays have one size
    whatever is drawn.
    """
    place = lattice_positions(size, width)
    middle = place[(np.abs(place - place.mean(axis=0)).sum(axis=1)).argmin()]
    near = np.exp(-_squared_distances(place, middle) / wiring_length**2)
    likely = min(1.0, max(kind.probability for kind in kinds.values()))
    mean = likely * (near.sum() - 1)
    return max(1, min(size - 1, math.ceil(mean + 6 * math.sqrt(mean) + 3)))


def wire(
    size: int,
    width: int,
    wiring_length: float,
    inhibitory_share: float,
    kinds: Mapping[str, SynapseKind],
    generator: np.random.Generator,
) -> Wiring:
    """Return who is inhibitory and who sends to whom, drawn at random.

    **Equations**

        P(a sends to b) = C exp(-(D(a, b) / wiring_length)^2),   C of the kinds of a and b, D Euclid's

    Arguments:
        size: number of neurons, H.
        width: of the column that they stand in.
        wiring_length: lambda, in distances of neighbours, above 0.
        inhibitory_share: of all neurons, 0 to 1; as many are drawn as that is, rounded.
        kinds: by the kinds of the two neurons, `"EE"`, `"EI"`, `"IE"` and `"II"`, the sender first.

    **Cost**

        time H^2, memory H k

    **Differs from**

        The paper does not say whether a neuron can send to itself; here none does.

    **Source**

        Maass, Natschlaeger & Markram 2002, Neural Computation 14(11), appendix B.
    """
    place = lattice_positions(size, width)
    inhibitory = np.zeros(size, bool)
    inhibitory[generator.permutation(size)[: round(inhibitory_share * size)]] = True
    fan_out = most_targets(size, width, wiring_length, kinds)
    targets, exist = np.zeros((size, fan_out), np.int32), np.zeros((size, fan_out), bool)
    of_pairs = np.array([kinds[pair].probability for pair in PAIRS])
    for neuron in range(size):
        near = np.exp(-_squared_distances(place, place[neuron]) / wiring_length**2)
        near[neuron] = 0
        pair = pairs_of(inhibitory[neuron], inhibitory)
        reached = np.flatnonzero(generator.random(size) < of_pairs[pair] * near)
        if len(reached) > fan_out:  # seldom in a million networks
            reached = np.sort(generator.choice(reached, fan_out, replace=False))
        targets[neuron, : len(reached)] = reached
        exist[neuron, : len(reached)] = True
    return Wiring(targets, exist, inhibitory)


def pairs_of(sender: Bool[np.ndarray, "*a"] | np.bool_, receiver: Bool[np.ndarray, "*b"]) -> np.ndarray:
    """Return the places in `PAIRS` of the kinds of senders and receivers."""
    return 2 * np.asarray(sender, int) + np.asarray(receiver, int)


def _squared_distances(places: np.ndarray, one: np.ndarray) -> Float[np.ndarray, " H"]:
    return np.asarray(((places - one) ** 2).sum(axis=1), float)
