"""One line of the table of cells or of sequence maps, and the sizes that all lines share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jaxtyping import Array, PRNGKeyArray

from throughtime import SequenceMap

TIME, BATCH, INPUT, HIDDEN, OUTPUT, VOCABULARY = 7, 2, 3, 5, 4, 11
"""Pairwise different, so that a wrong axis cannot fit by accident."""


@dataclass(frozen=True)
class Row:
    """A name, how to build the cell, what it reads and gives."""

    name: str
    build: Callable[[PRNGKeyArray], Any]
    output_size: int
    input_size: int = INPUT
    reads_symbols: bool = False
    reads_words: bool = False
    """Whether a symbol is a word with its letters, `input_size` numbers in all."""
    draws_noise: bool = False
    acting: Callable[[Any], Any] = lambda network: network
    """The part of the network, or of a gradient by it, that matters when a state is given: all but a learned
    start."""

    smooth: Callable[[Any], Any] = lambda network: network
    """The same network with the function whose slope its gradient borrows, where it jumps itself."""


@dataclass(frozen=True)
class MapRow(Row):
    """As `Row`, with the network that reads the other way round and what it does to the output's features."""

    mirrored: Callable[[Any], SequenceMap] | None = None
    swap: Callable[[Array], Array] = lambda outputs: outputs
    agrees_at_the_end_only: bool = False
