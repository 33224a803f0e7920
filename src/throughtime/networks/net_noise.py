"""Noise on what drives the units of a cell, drawn anew at every step."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import OptionError
from throughtime.core.noise import NoisyCell
from throughtime.networks.wrapper import Wrapper


class NetNoiseState(NamedTuple):
    """`inner`: the state of the cell within. `key`, one for each sequence, and `position`, the elements
    passed so far: where the noise of a step is drawn from."""

    inner: State
    key: PRNGKeyArray
    position: Integer[Array, "*B"]


class NetNoise(Wrapper, NoisyCell):
    r"""While training, adds noise to the sums that drive the units of a cell, within their activation.

    A readout that is solved for with noise does not rely on what is smaller than the noise, so that a network
    in closed loop stays where it was taught to be.

    **Equations**

        (h_t, y_t) = step(h_{t-1}, project(x_t) + deviation * v_t),   v_t ~ N(0, 1), drawn from (key, t)

    **Shapes**

        x, y and the state as the cell within has them; v as the projection

    Arguments:
        cell: any cell whose projection is what its units are driven by.
        deviation: standard deviation of the noise, at least 0.

    **Raises**

        OptionError: the deviation is negative or no number.
        NotACellError: `cell` must see the whole sequence.

    **Differs from**

        Jaeger's noise is uniform. After training it is the cell within.

    **Source**

        Jaeger 2001, GMD report 148, section 6.1 (noise insertion); Jaeger & Haas 2004, Science 304.
    """

    deviation: float = eqx.field(static=True)

    def __init__(self, cell: Cell, deviation: float):
        super().__init__(cell)
        if not 0 <= deviation < math.inf:
            raise OptionError(f"the deviation of the noise is {deviation}; choose a number of at least 0")
        self.deviation = float(deviation)

    def after_training(self) -> Cell:
        """Return the cell within."""
        return self.cell

    def initial_state(self) -> NetNoiseState:
        """Return the initial state of the cell within, and a key to be replaced for each sequence."""
        return NetNoiseState(self.cell.initial_state(), jax.random.key(0), jnp.zeros((), jnp.int32))

    def step_seeing(
        self, seen: NetNoiseState, state: NetNoiseState, projected: Projected
    ) -> tuple[NetNoiseState, Float[Array, " O"]]:
        """Return the next state and the output of a step with noise."""
        key = jax.random.fold_in(state.key, state.position)
        leaves, structure = jax.tree.flatten(projected)
        noisy = [
            leaf + self.deviation * jax.random.normal(jax.random.fold_in(key, number), leaf.shape, leaf.dtype)
            for number, leaf in enumerate(leaves)
        ]
        after, output = self.cell.step_seeing(seen.inner, state.inner, jax.tree.unflatten(structure, noisy))
        return NetNoiseState(after, state.key, state.position + 1), output
