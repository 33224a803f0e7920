"""A state that moves by a step instead of being made anew."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, Shaped

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import OptionError
from throughtime.networks.units import check_fields, map_units, output_after
from throughtime.networks.wrapper import Wrapper


class ResidualStep(Wrapper):
    r"""The state keeps a learned share of itself and takes a learned share of what the cell makes of it.

    **Equations**

        (h', y') = step(h_{t-1}, project(x_t))                                  (1)
        h_t = alpha h' + beta h_{t-1}                                           (2)
        alpha = sigmoid(a),  beta = sigmoid(b)
        y_t = h_t where y' is h', else y'

    **Shapes**

        x, y and the state as the cell within has them; h' as h; a, b numbers

    Arguments:
        cell: any cell, a stack too.
        alpha: the share of the new that it starts with, 0 < alpha < 1. The share of the old starts with 1 -
            alpha: at 0.05 a gradient is halved in some 13 steps of a cell that passes none.
        fields: names of the fields of the state that move so; all with units when left out.

    **Raises**

        OptionError: `alpha` is impossible, or the state has no such field.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell, and a product and a sum for each unit; 2 parameters more

    **Differs from**

        The paper has a cell without gates; its code starts with alpha = sigmoid(-3), which is about 0.05, and
        beta = sigmoid(3), as here. Leaky integration with a fixed share is alpha + beta = 1 untrained.

    **Source**

        Kusupati et al. 2018, "FastGRNN: a fast, accurate, stable and tiny kilobyte sized gated recurrent
        neural network", arXiv 1901.02358, section 3.1 (FastRNN).
    """

    new_share: Float[Array, ""]
    old_share: Float[Array, ""]
    fields: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, cell: Cell, *, alpha: float = 0.05, fields: Sequence[str] | None = None):
        super().__init__(cell)
        if not 0 < alpha < 1:
            raise OptionError(f"alpha is {alpha}; choose 0 < alpha < 1")
        logit = math.log(alpha / (1 - alpha))
        self.new_share = jnp.array(logit)
        self.old_share = jnp.array(-logit)
        self.fields = check_fields(cell, fields)

    def initial_state(self) -> State:
        """Return the initial state of the cell within."""
        return self.cell.initial_state()

    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Return the next state, a step from the last one, and the output."""

        def move(
            number: int, field: str, new: Shaped[Array, "*units"], old: Shaped[Array, "*units"]
        ) -> Shaped[Array, "*units"]:
            return sigmoid(self.new_share) * new + sigmoid(self.old_share) * old  # Eq. 2

        after, output = self.cell.step_seeing(seen, state, projected)  # Eq. 1
        moved = map_units(move, self.fields, after, state)
        return moved, output_after(output, after, moved)
