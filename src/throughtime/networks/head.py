"""What stands on top of a network that labels each element of a sequence."""

import abc
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Integer

from throughtime.core.cell import Cell
from throughtime.core.sequence_map import Network
from throughtime.networks.chain import Chain
from throughtime.networks.stack import Stack


class Labelling(NamedTuple):
    """The number of each element's label, and the probability of that label at that place.

    **Shapes** both `[B, T]` of a batch, `[T]` of one sequence; beyond the sequence's length, anything.
    """

    labels: Integer[Array | np.ndarray, "*B T"]
    probabilities: Float[Array | np.ndarray, "*B T"]


class Head(Cell):
    r"""A cell whose outputs are logarithms of probabilities, from which whole rows of labels are read.

    **Equations**

        log p(k_1 ... k_T | x) = sum_t y_t[i_t], where i_t is the place of label k_t among the outputs

    **Shapes**

        y `[O]`, for K labels `[K]` or more

    **Source**

        The conditional model of Lafferty, McCallum & Pereira 2001, ICML, section 3, of which a softmax for
        each element is the case without transitions.
    """

    @abc.abstractmethod
    def best_labels(self, outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]) -> Labelling:
        """Return the most probable row of labels for each sequence."""

    @abc.abstractmethod
    def filtered(self, before: Float[np.ndarray, " K0"], output: Float[np.ndarray, " O"]) -> Any:
        """Return the logarithm of how probable each label is at an element, `[K]`, given the elements so far.

        Arguments:
            before: what it returned for the element before; empty for the first.
            output: the head's output at the element.
        """


def head_of(network: Network) -> Head:
    """Return the head that is a network's last layer; raise `TypeError` if it has none."""
    last = network.cells[-1] if isinstance(network, Stack) else None
    if isinstance(network, Chain):
        layer = network.layers[-1]
        last = layer if isinstance(layer, Cell) else None
    if not isinstance(last, Head):
        raise TypeError(f"the last layer of the network is {type(last).__name__}, which is no head")
    return last
