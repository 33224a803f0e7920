"""Several steps ahead from a network that foretells one: it reads what it has foretold."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import ShapeError, check_sizes
from throughtime.networks.wrapper import Wrapper


class RollOut(Wrapper):
    r"""After each step, the next ones as the cell goes on from its own outputs; its state is not changed.

    **Equations**

        (s_t, y_t[1]) = step(s_{t-1}, project(x_t))
        (s', y_t[h+1]) = step(s, project(y_t[h])),   s = s_t at first, then s',   h = 1 ... horizon - 1

    **Shapes**

        x `[I]`, what the cell gives `[I]`; y `[horizon I]`, the first step first

    Arguments:
        cell: any cell whose outputs can be its inputs, a stack too.
        horizon: how many steps ahead, at least 1.

    **Raises**

        ShapeError: the cell gives another number of features than it reads.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell, `horizon` times

    **Source**

        Williams & Zipser 1989, Neural Computation 1(2) (a network that runs freely); Jaeger & Haas 2004,
        Science 304 (forecasts by it).
    """

    horizon: int = eqx.field(static=True)

    def __init__(self, cell: Cell, horizon: int):
        super().__init__(cell)
        check_sizes(horizon=horizon)
        if cell.output_size != cell.input_size:
            raise ShapeError(
                f"the cell reads {cell.input_size} features and gives {cell.output_size}, so it cannot read "
                "what it has foretold; give one that foretells every feature it reads"
            )
        self.horizon = horizon
        self.output_size = horizon * cell.output_size

    def initial_state(self) -> State:
        """Return the initial state of the cell within."""
        return self.cell.initial_state()

    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Return the next state of the cell within, and the steps that it foretells from there."""
        after, first = self.cell.step_seeing(seen, state, projected)

        def go_on(
            carry: tuple[State, Float[Array, " I"]], _: None
        ) -> tuple[tuple[State, Float[Array, " I"]], Float[Array, " I"]]:
            state, said = carry
            state, said = self.cell.step(state, self.cell.project(said))
            return (state, said), said

        _, further = jax.lax.scan(go_on, (after, first), None, length=self.horizon - 1)
        return after, jnp.concatenate([first[None], further]).reshape(-1)
