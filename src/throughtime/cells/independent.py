"""The independently recurrent network: every hidden unit sees its own last value and no other's."""

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.elementwise import ElementwiseCell
from throughtime.core.errors import OptionError, check_sizes, choose
from throughtime.core.initializers import initializer, per_gate


class IndRNNState(NamedTuple):
    """What an independently recurrent network remembers: `hidden`, the last values of its units, `[H]`."""

    hidden: Float[Array, "*B H"]


class IndRNN(ElementwiseCell):
    r"""A hidden layer whose units see the input and each its own last value.

    **Equations**

        h_t = act(W x_t + u * h_{t-1} + b)                              (1)
        y_t = h_t                                                       (2)
        dh_T / dh_t = u^(T-t) * product of act' over the steps          (3)
        2^(-1/n) <= u <= 2^(1/n) at the start, for n = memory_steps     (4)

    **Shapes**

        x `[I]`; h, u, b `[H]`, W `[H, I]`; y `[H]`

    By Eq. 3, with rectified units that are on, Eq. 4 keeps the gradient over n steps between 1/2 and 2 times
    its size. Depth mixes what the units of one layer keep apart: stack two at least.

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        activation: `"relu"` or `"tanh"`.
        memory_steps: the longest dependency to expect, in steps, at least 2; every u is then drawn from the
            range of Eq. 4. When left out u ~ U(0, 1), so that units of short and of long memory are there.
        input_initializer: a name from `core.initializers`.
        key: source of the initial weights.

    **Cost**

        a step: H (I + 1) multiply-adds; state H; parameters H (I + 2)

    **Differs from**

        The paper clips u to |u| <= 2^(1/T) after every update too. Here Eq. 4 holds at the start and training
        is free. Elman's network has a matrix where this one has u.

    **Source**

        Li, Li, Cook, Zhu & Gao 2018, "Independently recurrent neural network (IndRNN)", CVPR, arXiv
        1803.04831, Eq. 2, and its bound on |u| for a gradient that may double.
    """

    kind: ClassVar[str] = "indrnn"
    activations: ClassVar[dict[str, Callable[[Array], Array]]] = {"relu": jax.nn.relu, "tanh": jnp.tanh}

    input_weight: Float[Array, "H I"]
    recurrent_weight: Float[Array, " H"]
    bias: Float[Array, " H"]
    activation: Literal["relu", "tanh"] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        activation: Literal["relu", "tanh"] = "relu",
        memory_steps: int | None = None,
        input_initializer: str = "glorot",
        key: PRNGKeyArray,
    ):
        choose("activation", activation, self.activations)
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        input_key, recurrent_key = jax.random.split(key)
        self.input_weight = per_gate(initializer(input_initializer), input_key, 1, hidden_size, input_size)
        low, high = (0.0, 1.0) if memory_steps is None else memory_range(memory_steps)
        self.recurrent_weight = jax.random.uniform(recurrent_key, (hidden_size,), minval=low, maxval=high)
        self.bias = jnp.zeros(hidden_size)
        self.activation = activation
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> IndRNNState:
        """Return a hidden layer of zeros."""
        return IndRNNState(jnp.zeros_like(self.bias))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return `W x_t + b`."""
        return x @ self.input_weight.T + self.bias

    def step(
        self, state: IndRNNState, projected: Float[Array, " H"]
    ) -> tuple[IndRNNState, Float[Array, " H"]]:
        """Return the next state and its hidden layer."""
        hidden = self.activations[self.activation](projected + self.recurrent_weight * state.hidden)  # Eq. 1
        return IndRNNState(hidden), hidden


def memory_range(memory_steps: int) -> tuple[float, float]:
    """Return the recurrent weights whose power of `memory_steps` is 1/2 and 2: the range of Eq. 4."""
    if memory_steps < 2:
        raise OptionError(f"memory_steps is {memory_steps}; choose a number of steps of at least 2")
    return 2 ** (-1 / memory_steps), 2 ** (1 / memory_steps)
