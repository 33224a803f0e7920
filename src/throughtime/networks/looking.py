"""Cells that look at a memory between their steps: what they have in common, and how they are given one."""

import abc
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Shaped

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import ShapeError, UsageError
from throughtime.core.noise import with_each
from throughtime.networks.attention import Attention, Look, Memory
from throughtime.networks.wrapper import check_is_cell


class LookingState(NamedTuple):
    """`inner`: the state of the cell within. `last` `[H]`: the output that the next step starts from, `None`
    where it does not look back at one."""

    inner: State
    last: Float[Array, "*B H"] | None


class LookingCell(Cell):
    r"""A cell around a cell, with a memory to look at.

    The memory is a field, as weights are: one example's memory, the same at every step. So this is a cell
    like any other. In a batch each example has a memory of its own, and `jax.vmap` over the cell's memory
    does it; `EncoderDecoder` is where that happens.

    **Equations**

        each cell has its own

    **Shapes**

        m `[S, M]`, of any number S of entries; h, the output of the cell within, `[H]`

    **Source**

        each cell names its own
    """

    cell: eqx.AbstractVar[Cell]
    attention: eqx.AbstractVar[Attention]
    memory: eqx.AbstractVar[Memory | None]

    @abc.abstractmethod
    def step_looking(
        self, seen: LookingState, state: LookingState, projected: Projected
    ) -> tuple[LookingState, Float[Array, " O"], Float[Array, " S"]]:
        """Return what `step_seeing` does, and the weight of each entry of the memory in it."""

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return `x`: what is read beside it is not known before the step."""
        return x

    def step(self, state: LookingState, projected: Projected) -> tuple[LookingState, Float[Array, " O"]]:
        """Return the next state and the output."""
        return self.step_looking(state, state, projected)[:2]

    def step_seeing(
        self, seen: LookingState, state: LookingState, projected: Projected
    ) -> tuple[LookingState, Float[Array, " O"]]:
        """Return the next state and the output, of a cell that sees `seen`."""
        return self.step_looking(seen, state, projected)[:2]

    def _look(self, query: Float[Array, " H"]) -> Look:
        if self.memory is None:
            raise UsageError(
                f"{type(self).__name__} has no memory to look at; give it one with looking_at(cell, memory)"
            )
        return self.attention.look(query, self.memory)


def check_can_look(cell: Cell, attention: Attention, wrapper: str) -> None:
    """Raise an error unless a cell's output is what the attention asks with."""
    check_is_cell(cell, wrapper)
    if cell.output_size != attention.query_size:
        raise ShapeError(
            f"{type(cell).__name__} gives {cell.output_size} features and {type(attention).__name__} asks "
            f"with {attention.query_size}; make query_size the cell's output size"
        )


def looking_part(cell: Cell) -> LookingCell | None:
    """Return the cell within `cell`, however deep, that looks at a memory; `None` if there is none."""
    parts = jax.tree.leaves(cell, is_leaf=lambda part: isinstance(part, LookingCell))
    return next((part for part in parts if isinstance(part, LookingCell)), None)


def looking_at(cell: Cell, memory: Memory) -> Cell:
    """Return the cell with everything in it that looks at a memory looking at this one.

    **Shapes**

        the memory of one example: `[S, ...]`
    """
    given: Cell = with_each(
        cell,
        LookingCell,
        lambda part: eqx.tree_at(
            lambda part: part.memory, part, memory, is_leaf=lambda leaf: leaf is None or leaf is part.memory
        ),
    )
    return given


def whole_memory(attention: Attention, values: Float[Array, "S M"]) -> Memory:
    """Return a memory of values that are all valid."""
    return attention.remember(values, jnp.ones(len(values), bool))


def valid_entries(lengths: Shaped[Array, " B"] | None, entries: int, batch_size: int) -> Bool[Array, "B S"]:
    """Return which entries of each memory are real, the others being padding.

    A batch that is filled up has empty sources; there the first entry counts, so that a look has a meaning.
    """
    if lengths is None:
        return jnp.ones((batch_size, entries), bool)
    return jnp.arange(entries)[None, :] < jnp.maximum(lengths, 1)[:, None]
