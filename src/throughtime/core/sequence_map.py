"""Networks that must see the whole sequence, and what they have in common with cells: both can be applied."""

import abc
from typing import TypeAlias

import equinox as eqx
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell
from throughtime.core.unroll import unroll


class SequenceMap(eqx.Module):
    """A function from whole sequences to whole sequences, such as a bidirectional network.

    It has no step, so it can neither answer element by element nor learn online.

    **Shapes**

        inputs `[T, B, I]` to outputs `[T, B, O]`
    """

    input_size: eqx.AbstractVar[int]
    output_size: eqx.AbstractVar[int]

    @abc.abstractmethod
    def __call__(
        self,
        inputs: Shaped[Array, "T B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "T B O"]:
        """Return the outputs for whole sequences; steps at and after `lengths` give zeros."""


Network: TypeAlias = Cell | SequenceMap
"""Whatever can be applied to whole sequences."""


def apply(
    network: Network,
    inputs: Shaped[Array, "T B *I"],
    *,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray | None = None,
) -> Float[Array, "T B O"]:
    """Return the outputs of a cell or a sequence map for whole sequences, from the initial state.

    **Shapes**

        inputs `[T, B, I]` (symbols `[T, B]`), lengths `[B]`, outputs `[T, B, O]`
    """
    if isinstance(network, SequenceMap):
        return network(inputs, lengths=lengths, key=key)
    return unroll(network, inputs, lengths=lengths, key=key)[1]
