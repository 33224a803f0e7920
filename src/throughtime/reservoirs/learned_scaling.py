"""A reservoir of which three numbers are learned: the strength of its input, its echo, and its slowness."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import Cell
from throughtime.core.errors import NotACellError
from throughtime.reservoirs.echo_state import EchoState, ReservoirState
from throughtime.reservoirs.sparse_rows import SparseRows


class LearnedScaling(Cell):
    r"""A reservoir whose input scaling, spectral radius and leak can follow a gradient.

    **Equations**

        a = leak * exp(s_a)                                                                        (1)
        h_t = (1 - a) h_{t-1} + (gain / leak) a act(exp(s_in) W x_t + b + exp(s_r) U h_{t-1})      (2)
        y_t = h_t

    All s are 0 at the start, where this is the reservoir itself; its spectral radius is exp(s_r) times that
    of U. `scalings` tells an optimiser which numbers these are, so that all others stay.

    **Shapes**

        x `[I]`, h, y `[H]`; s numbers

    Arguments:
        cell: the reservoir.

    **Raises**

        NotACellError: it is no `EchoState`.

    **Cost**

        that of the reservoir, in plain JAX

    **Differs from**

        The paper follows the gradient of an error with an optimal readout, online; here it is that of any
        loss, by any rule. Logarithms keep the scalings positive. A leak that grows above 1 is not held back.

    **Source**

        Jaeger, Lukosevicius, Popovici & Siewert 2007, "Optimization and applications of echo state networks
        with leaky-integrator neurons", Neural Networks 20(3), section 4.
    """

    cell: EchoState
    log_input_scale: Float[Array, ""]
    log_radius_scale: Float[Array, ""]
    log_leak_scale: Float[Array, ""]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: EchoState):
        if not isinstance(cell, EchoState):
            raise NotACellError(
                f"LearnedScaling goes around an EchoState, and was given {type(cell).__name__}; other cells "
                "learn all of their weights"
            )
        self.cell = cell
        self.log_input_scale = self.log_radius_scale = self.log_leak_scale = jnp.zeros(())
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def initial_state(self) -> ReservoirState:
        """Return units of zeros."""
        return self.cell.initial_state()

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return `exp(s_in) W x_t + b`."""
        return jnp.exp(self.log_input_scale) * (x @ self.cell.input_weight.T) + self.cell.bias

    def step(
        self, state: ReservoirState, projected: Float[Array, " H"]
    ) -> tuple[ReservoirState, Float[Array, " H"]]:
        """Return the next state and its units."""
        return self.step_seeing(state, state, projected)

    def step_seeing(
        self, seen: ReservoirState, state: ReservoirState, projected: Float[Array, " H"]
    ) -> tuple[ReservoirState, Float[Array, " H"]]:
        """Return the next state and its units; they keep a part of `state` and see `seen`."""
        cell, U = self.cell, self.cell.recurrent_weight
        product = U.times(seen.hidden) if isinstance(U, SparseRows) else U @ seen.hidden
        driven = cell.activations[cell.activation](projected + jnp.exp(self.log_radius_scale) * product)
        a = cell.leak * jnp.exp(self.log_leak_scale)  # Eq. 1
        hidden = (1 - a) * state.hidden + cell.gain / cell.leak * a * driven  # Eq. 2
        return ReservoirState(hidden), hidden


def scalings(network: Any) -> Any:
    """Return a tree of truth values that marks the learned scalings of a network, for `optax.masked`.

    All else in the network has to be held still, as by
    `optax.multi_transform({True: optax.adam(0.01), False: optax.set_to_zero()}, scalings(network))`.
    """

    def mark(part: Any) -> Any:
        inside = jax.tree.map(lambda _: isinstance(part, LearnedScaling), part)
        if not isinstance(part, LearnedScaling):
            return inside
        return eqx.tree_at(lambda one: one.cell, inside, jax.tree.map(lambda _: False, part.cell))

    return jax.tree.map(mark, network, is_leaf=lambda part: isinstance(part, LearnedScaling))
