"""A start that is learned: the state before the first element as parameters of the network."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.errors import NotACellError, OptionError
from throughtime.core.unroll import unroll
from throughtime.networks.pooling import AttentionState, MeanState

EMPTY_AT_FIRST = (MeanState, AttentionState)
"""States that say how much has been seen: whatever else they began with, they would be wrong."""


class LearnedStart(SelfUnrollingCell):
    r"""Any cell, or stack of cells, with a state before the first element that is learned with the weights.

    **Equations**

        s_0 = theta,   (s_t, y_t) = step(s_{t-1}, project(x_t)) as in the cell     (1)

    **Shapes**

        x, y and the state as the cell has them; theta a vector for each array of numbers in the state

    Arguments:
        cell: what to start. Theta begins where the cell begins, which is at zero for most. Poolings and
            random keys within its state are not learned; they begin as the cell has them.

    The gradient reaches theta whenever a sequence begins at the initial state, and sums over the sequences of
    a batch. Theta is kept as vectors, whatever the shape of the state: like a bias, it is not drawn to zero
    by weight decay, which takes matrices only.

    **Raises**

        NotACellError: a sequence map, which has no state to start from.
        OptionError: the cell remembers nothing, or only what a pooling does.

    **Cost**

        as the cell; as many more parameters as the state has numbers

    **Source**

        Forcada & Carrasco 1995, "Learning the initial state of a second-order recurrent neural network during
        regular-language inference", Neural Computation 7(5).
    """

    cell: Cell
    start: tuple[Float[Array, " S"], ...]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell):
        if not isinstance(cell, Cell):
            raise NotACellError(
                f"LearnedStart begins a cell, and {type(cell).__name__} is not one: it has no state; give a "
                "LearnedStart to the cells within it"
            )
        parts = [part for part in _parts(cell.initial_state())[0] if eqx.is_inexact_array(part)]
        if not any(part.size for part in parts):
            raise OptionError(
                f"{type(cell).__name__} remembers nothing that could be learned; use it as it is, and give a "
                "LearnedStart to the recurrent layers"
            )
        self.cell = cell
        self.start = tuple(jnp.ravel(part) for part in parts)
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def initial_state(self) -> State:
        """Return the cell's own initial state with the learned numbers in place of its own."""
        parts, structure = _parts(self.cell.initial_state())
        learned = iter(self.start)
        parts = [next(learned).reshape(part.shape) if eqx.is_inexact_array(part) else part for part in parts]
        return jax.tree.unflatten(structure, parts)

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return the projection of the cell."""
        return self.cell.project(x)

    def step(self, state: State, projected: Projected) -> tuple[State, Float[Array, " O"]]:
        """Take a step of the cell."""
        return self.cell.step(state, projected)

    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Take such a step of the cell."""
        return self.cell.step_seeing(seen, state, projected)

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: State,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[State, Float[Array, "T B O"]]:
        """Run the cell as `unroll` does: with its kernel, or layer by layer."""
        return unroll(self.cell, inputs, state, lengths=lengths, reverse=reverse)


def _parts(state: State) -> tuple[list[Any], Any]:
    """Return the arrays of a state, and whole what begins empty, with the structure that they fill."""
    parts, structure = jax.tree.flatten(state, is_leaf=lambda part: isinstance(part, EMPTY_AT_FIRST))
    return parts, structure
