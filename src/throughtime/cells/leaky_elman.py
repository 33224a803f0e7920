"""The leaky rate network: hidden units that go a part of the way to what they would be in Elman's."""

import math
from collections.abc import Callable
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.elman import Elman, ElmanState
from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError, check_sizes, choose
from throughtime.core.initializers import Initializer, initializer, per_gate


class LeakyElman(Cell):
    r"""A hidden layer that keeps most of itself from step to step and leaks the rest away.

    **Equations**

        h_t = (1 - 1/tau) h_{t-1} + (1/tau) act(W x_t + U h_{t-1} + b)         (1)
        y_t = h_t                                                              (2)

    **Shapes**

        x `[I]`, h `[H]`, W `[H, I]`, U `[H, H]`, b `[H]`; y `[H]`; tau a number

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        time_constant: tau, in steps, at least 1. What a unit once was fades by 1 - 1/tau a step; with 1 it is
            `Elman`.
        activation: `"tanh"` or `"relu"`.
        input_initializer, recurrent_initializer: names from `core.initializers`, or functions like those
            there.
        key: source of the initial weights.

    **Cost**

        a step: H (I + H) multiply-adds; state H; parameters H (I + H + 1)

    **Differs from**

        `Elman`: what a unit keeps of itself. The units of the paper have no bias; with 0, where it starts,
        these have none either.

    **Source**

        Murray 2019, "Local online learning in recurrent networks with random feedback", eLife 8:e43299,
        Eq. 1.
    """

    kind: ClassVar[str] = "leaky_elman"
    activations: ClassVar[dict[str, Callable[[Array], Array]]] = Elman.activations

    input_weight: Float[Array, "H I"]
    recurrent_weight: Float[Array, "H H"]
    bias: Float[Array, " H"]
    time_constant: float = eqx.field(static=True)
    activation: Literal["tanh", "relu"] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        time_constant: float = 10.0,
        activation: Literal["tanh", "relu"] = "tanh",
        input_initializer: str | Initializer = "glorot",
        recurrent_initializer: str | Initializer = "orthogonal",
        key: PRNGKeyArray,
    ):
        choose("activation", activation, self.activations)
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        if not 1 <= time_constant < math.inf:
            raise OptionError(f"time_constant is {time_constant}; choose a number of steps of at least 1")
        input_key, recurrent_key = jax.random.split(key)
        self.input_weight = per_gate(initializer(input_initializer), input_key, 1, hidden_size, input_size)
        self.recurrent_weight = per_gate(
            initializer(recurrent_initializer), recurrent_key, 1, hidden_size, hidden_size
        )
        self.bias = jnp.zeros(hidden_size)
        self.time_constant = float(time_constant)
        self.activation = activation
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> ElmanState:
        """Return a hidden layer of zeros."""
        return ElmanState(jnp.zeros_like(self.bias))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return `W x_t + b`."""
        # A row times a matrix: over a whole sequence it is then one product that nothing has to transpose.
        return x @ self.input_weight.T + self.bias

    def step(self, state: ElmanState, projected: Float[Array, " H"]) -> tuple[ElmanState, Float[Array, " H"]]:
        """Return the next state and its hidden layer."""
        return self.step_seeing(state, state, projected)

    def step_seeing(
        self, seen: ElmanState, state: ElmanState, projected: Float[Array, " H"]
    ) -> tuple[ElmanState, Float[Array, " H"]]:
        """Return the next state and its hidden layer; the units keep a part of `state` and see `seen`."""
        driven = self.activations[self.activation](projected + self.recurrent_weight @ seen.hidden)
        hidden = state.hidden + (driven - state.hidden) / self.time_constant  # Eq. 1
        return ElmanState(hidden), hidden
