"""Cells that draw noise while they are trained: where it comes from, and what they are without it."""

import abc
from collections.abc import Callable
from typing import Any

import jax

from throughtime.core.cell import Cell
from throughtime.core.sequence_map import Network


class NoisyCell(Cell):
    """A cell that draws noise while it is trained, from a key in its state.

    `initial_states` gives each sequence a key of its own, so that a noisy cell is a cell like any other:
    chunks chain, steps equal the whole, and one key gives one result.
    """

    @abc.abstractmethod
    def after_training(self) -> Cell:
        """Return the cell as it is used after training; cells within it may still draw noise."""


def without_noise(network: Network) -> Network:
    """Return the network as it is used after training: nothing in it, however deep, draws noise."""
    silent: Network = with_each(network, NoisyCell, lambda cell: cell.after_training())
    return silent


def with_each(part: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """Return a network, or a part of one, with `change(part)` for each part of a kind, innermost first."""

    def is_within(inner: object) -> bool:
        return inner is not part and isinstance(inner, kind)

    def go_into(inner: object) -> object:
        return with_each(inner, kind, change) if is_within(inner) else inner

    changed = jax.tree.map(go_into, part, is_leaf=is_within)
    return change(changed) if isinstance(changed, kind) else changed
