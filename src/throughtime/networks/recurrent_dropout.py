"""Dropout on what a step sees of the past, with one mask for a whole sequence."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import OptionError
from throughtime.core.noise import NoisyCell
from throughtime.networks.units import check_fields, field_names, map_units
from throughtime.networks.wrapper import Wrapper


class RecurrentDropoutState(NamedTuple):
    """`inner`: the state of the cell within. `key`: where the masks come from, one for each sequence."""

    inner: State
    key: PRNGKeyArray


SEEN = ("hidden",)
"""What the recurrent products of most cells multiply."""


class RecurrentDropout(Wrapper, NoisyCell):
    r"""While training, hides a random part of the hidden layer from the steps of a whole sequence.

    **Equations**

        s_t = m * h_{t-1} / (1 - rate),   m ~ Bernoulli(1 - rate), drawn once for a sequence
        (h_t, y_t) = step(s_t, project(x_t)),   where what a gate keeps of h_{t-1} is kept whole

    **Shapes**

        x, y and the state as the cell within has them; m, s as h

    Arguments:
        cell: any cell, a stack too, whose hidden layers then have masks of their own.
        rate: probability that a unit is hidden, 0 <= rate < 1.
        fields: names of the fields of the state that are thinned. `("hidden",)` is what the recurrent
            products multiply; a memory that is carried on from step to step (`cell`) would be lost where it
            is dropped and grow without bound where it is not.

    **Raises**

        OptionError: the rate is impossible, or the state has no such field.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell and H random numbers, drawn anew from the key rather than stored

    **Differs from**

        The paper drops the columns of the weights U; U (m * h) is the same product. It also drops inputs with
        a mask that stays, where `Dropout` draws one at each step. A gated unit keeps (1 - z) or z times the
        whole h_{t-1}, as in Keras. After training it is the cell within.

    **Source**

        Gal & Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural networks",
        arXiv 1512.05287, section 4.
    """

    rate: float = eqx.field(static=True)
    fields: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, cell: Cell, rate: float, *, fields: Sequence[str] = SEEN):
        super().__init__(cell)
        if not 0 <= rate < 1:
            raise OptionError(f"the rate of recurrent dropout is {rate}; choose 0 <= rate < 1")
        names = field_names(cell)
        if tuple(fields) == SEEN and "hidden" not in names:
            raise OptionError(
                f"recurrent dropout thins the field 'hidden' of a state, and {type(cell).__name__} has "
                f"{', '.join(names)}; name in fields what its recurrent products multiply, or do without "
                "recurrent dropout"
            )
        self.rate = rate
        self.fields = check_fields(cell, fields)

    def after_training(self) -> Cell:
        """Return the cell within."""
        return self.cell

    def initial_state(self) -> RecurrentDropoutState:
        """Return the initial state of the cell within, and a key to be replaced for each sequence."""
        return RecurrentDropoutState(self.cell.initial_state(), jax.random.key(0))

    def step_seeing(
        self, seen: RecurrentDropoutState, state: RecurrentDropoutState, projected: Projected
    ) -> tuple[RecurrentDropoutState, Float[Array, " O"]]:
        """Return the next state and the output, seen through the sequence's mask."""

        def thin(number: int, field: str, units: Shaped[Array, "*units"]) -> Shaped[Array, "*units"]:
            kept = jax.random.bernoulli(jax.random.fold_in(state.key, number), 1 - self.rate, units.shape)
            return jnp.where(kept, units / (1 - self.rate), 0)

        thinned = map_units(thin, self.fields, seen.inner)
        after, output = self.cell.step_seeing(thinned, state.inner, projected)
        return RecurrentDropoutState(after, state.key), output
