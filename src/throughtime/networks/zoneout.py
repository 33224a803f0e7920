"""Zoneout: units that now and then stay as they were."""

from collections.abc import Mapping
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import OptionError
from throughtime.core.noise import NoisyCell
from throughtime.networks.units import check_fields, field_names, map_units, output_after
from throughtime.networks.wrapper import Wrapper


class ZoneoutState(NamedTuple):
    """`inner`: the state of the cell within. `key`, one for each sequence, and `position`, the elements
    passed so far: where the noise of a step is drawn from."""

    inner: State
    key: PRNGKeyArray
    position: Integer[Array, "*B"]


class Zoneout(Wrapper, NoisyCell):
    r"""While training, each unit keeps its last value at a step with some probability.

    **Equations**

        (h', y') = step(h_{t-1}, project(x_t))
        h_t = d_t * h_{t-1} + (1 - d_t) * h',   d_t ~ Bernoulli(rate), drawn from (key, t)
        y_t = h_t where y' is h', else y'

    **Shapes**

        x, y and the state as the cell within has them; h', d as h

    Arguments:
        cell: any cell, a stack too.
        rate: probability that a unit keeps its value, 0 <= rate < 1: one for all units, or by the name of
            the field of the state, as in `{"cell": 0.5, "hidden": 0.05}`; a field without a rate keeps
            nothing.

    **Raises**

        OptionError: a rate is impossible, or the state has no such field.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell and a random number for each unit

    **Differs from**

        The paper's h_t of an LSTM is made from the memory before zoneout acts on it, and so it is here. In a
        stack the layers above see a layer's output of the same step before zoneout; for the paper's order put
        a `Zoneout` around each layer. After training it is `ExpectedZoneout`.

    **Source**

        Krueger et al. 2017, "Zoneout: regularizing RNNs by randomly preserving hidden activations", arXiv
        1606.01305, section 3.
    """

    rates: tuple[tuple[str, float], ...] = eqx.field(static=True)

    def __init__(self, cell: Cell, rate: float | Mapping[str, float]):
        super().__init__(cell)
        self.rates = _check_rates(cell, rate)

    def after_training(self) -> Cell:
        """Return the cell whose units move by what they would move on average."""
        return ExpectedZoneout(self.cell, dict(self.rates))

    def initial_state(self) -> ZoneoutState:
        """Return the initial state of the cell within, a key to be replaced for each sequence, position 0."""
        return ZoneoutState(self.cell.initial_state(), jax.random.key(0), jnp.zeros((), jnp.int32))

    def step_seeing(
        self, seen: ZoneoutState, state: ZoneoutState, projected: Projected
    ) -> tuple[ZoneoutState, Float[Array, " O"]]:
        """Return the next state, some of whose units are the last ones, and the output."""
        now, rates = jax.random.fold_in(state.key, state.position), dict(self.rates)

        def keep(
            number: int, field: str, new: Shaped[Array, "*units"], old: Shaped[Array, "*units"]
        ) -> Shaped[Array, "*units"]:
            kept = jax.random.bernoulli(jax.random.fold_in(now, number), rates[field], new.shape)
            return jnp.where(kept, old, new)

        after, output = self.cell.step_seeing(seen.inner, state.inner, projected)
        mixed = map_units(keep, rates, after, state.inner)
        return ZoneoutState(mixed, state.key, state.position + 1), output_after(output, after, mixed)


class ExpectedZoneout(Wrapper):
    r"""What zoneout does on average: units that move a part of the way.

    **Equations**

        (h', y') = step(h_{t-1}, project(x_t))
        h_t = rate * h_{t-1} + (1 - rate) * h'
        y_t = h_t where y' is h', else y'

    **Shapes**

        x, y and the state as the cell within has them; h' as h

    Arguments:
        cell, rate: as for `Zoneout`.

    **Raises**

        OptionError, NotACellError: as for `Zoneout`.

    **Source**

        Krueger et al. 2017, arXiv 1606.01305, section 3 (at test time).
    """

    rates: tuple[tuple[str, float], ...] = eqx.field(static=True)

    def __init__(self, cell: Cell, rate: float | Mapping[str, float]):
        super().__init__(cell)
        self.rates = _check_rates(cell, rate)

    def initial_state(self) -> State:
        """Return the initial state of the cell within."""
        return self.cell.initial_state()

    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Return the next state, on the way from the last one, and the output."""
        rates = dict(self.rates)

        def keep(
            number: int, field: str, new: Shaped[Array, "*units"], old: Shaped[Array, "*units"]
        ) -> Shaped[Array, "*units"]:
            return rates[field] * old + (1 - rates[field]) * new

        after, output = self.cell.step_seeing(seen, state, projected)
        mixed = map_units(keep, rates, after, state)
        return mixed, output_after(output, after, mixed)


def _check_rates(cell: Cell, rate: float | Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    rates = dict(rate) if isinstance(rate, Mapping) else dict.fromkeys(field_names(cell), rate)
    check_fields(cell, rates)
    for name, value in rates.items():
        if not 0 <= value < 1:
            raise OptionError(f"the rate of zoneout of {name} is {value}; choose 0 <= rate < 1")
    return tuple(rates.items())
