"""Networks that must see the whole sequence, and what they have in common with cells: both can be applied."""

import abc
from typing import TypeAlias

import equinox as eqx
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
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
    def run(
        self,
        inputs: Shaped[Array, "T B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[tuple[State, ...], Float[Array, "T B O"]]:
        """Return the final states of the cells within, and the outputs for whole sequences.

        The states are what the network knows when it has read everything; nothing goes on from them. Steps
        at and after `lengths` give zeros.
        """

    def __call__(
        self,
        inputs: Shaped[Array, "T B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "T B O"]:
        """Return the outputs for whole sequences; steps at and after `lengths` give zeros."""
        return self.run(inputs, lengths=lengths, key=key)[1]


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
    return run(network, inputs, lengths=lengths, key=key)[1]


def run(
    network: Network,
    inputs: Shaped[Array, "T B *I"],
    *,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray | None = None,
) -> tuple[tuple[State, ...], Float[Array, "T B O"]]:
    """Return the final states of a cell or of the cells within a sequence map, and the outputs.

    **Shapes**

        inputs `[T, B, I]` (symbols `[T, B]`), lengths `[B]`, outputs `[T, B, O]`; states `[B, ...]`
    """
    if isinstance(network, SequenceMap):
        return network.run(inputs, lengths=lengths, key=key)
    state, outputs = unroll(network, inputs, lengths=lengths, key=key)
    return (state,), outputs
