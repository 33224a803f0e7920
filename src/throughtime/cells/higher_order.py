"""A simple recurrent network of higher order: the hidden layer sees several of its own last values."""

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Cell
from throughtime.core.errors import check_sizes, choose
from throughtime.core.initializers import Initializer, initializer, per_gate


class HigherOrderState(NamedTuple):
    """What is remembered: `hidden`, the last K values of the hidden layer, newest first, `[K, H]`."""

    hidden: Float[Array, "*B K H"]


class HigherOrderElman(Cell):
    r"""A hidden layer that sees the input and its own last K values, each through weights of its own.

    **Equations**

        h_t = act(W x_t + sum_{k=1}^{K} U_k h_{t-k} + b),   h_s = 0 for s < 1      (1)
        y_t = h_t                                                                  (2)

    **Shapes**

        x `[I]`, h, b `[H]`, W `[H, I]`; U `[K H, H]`, the blocks U_1 to U_K one below the other; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        order: K, how many steps the network sees back at once, at least 1; 1 is an `Elman`.
        activation: `"tanh"` or `"relu"`.
        input_initializer, recurrent_initializer: names from `core.initializers`. Each U_k is drawn by itself
            and divided by K, so that together they add no more than the one matrix of an `Elman`.
        key: source of the initial weights.

    **Cost**

        a step: H (I + K H) multiply-adds; state K H; parameters H (I + K H + 1)

    **Exactness**

        A gradient reaches K steps back through one product where an `Elman` needs K, so a dependency of n
        steps passes through as few as n / K.

    **Differs from**

        `Elman`: K last values for one. The paper leaves the bias out, and adds variants that pool the K
        products by maximum, by fixed decaying weights or by gates. A dilated network sees h_{t-K} alone;
        a NARX network sees its last K outputs.

    **Source**

        Soltani & Jiang 2016, "Higher order recurrent neural networks", arXiv 1605.00064
        (the plain model, before any pooling).
    """

    kind: ClassVar[str] = "elman_higher_order"
    activations: ClassVar[dict[str, Callable[[Array], Array]]] = {"tanh": jnp.tanh, "relu": jax.nn.relu}

    input_weight: Float[Array, "H I"]
    recurrent_weight: Float[Array, "KH H"]
    bias: Float[Array, " H"]
    order: int = eqx.field(static=True)
    activation: Literal["tanh", "relu"] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        order: int = 2,
        activation: Literal["tanh", "relu"] = "tanh",
        input_initializer: str | Initializer = "glorot",
        recurrent_initializer: str | Initializer = "orthogonal",
        key: PRNGKeyArray,
    ):
        choose("activation", activation, self.activations)
        check_sizes(input_size=input_size, hidden_size=hidden_size, order=order)
        input_key, recurrent_key = jax.random.split(key)
        self.input_weight = per_gate(initializer(input_initializer), input_key, 1, hidden_size, input_size)
        drawn = per_gate(initializer(recurrent_initializer), recurrent_key, order, hidden_size, hidden_size)
        self.recurrent_weight = drawn / order
        self.bias = jnp.zeros(hidden_size)
        self.order = order
        self.activation = activation
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> HigherOrderState:
        """Return hidden layers of zeros."""
        return HigherOrderState(jnp.zeros((self.order, self.output_size), self.bias.dtype))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return `W x_t + b`."""
        # A row times a matrix: over a whole sequence it is then one product that nothing has to transpose.
        return x @ self.input_weight.T + self.bias

    def step(
        self, state: HigherOrderState, projected: Float[Array, " H"]
    ) -> tuple[HigherOrderState, Float[Array, " H"]]:
        """Return the hidden layers one step on, and the newest."""
        U = self.recurrent_weight.reshape(self.order, self.output_size, self.output_size)
        back = jnp.einsum("kij,kj->i", U, state.hidden)
        hidden = self.activations[self.activation](projected + back)  # Eq. 1
        return HigherOrderState(jnp.concatenate([hidden[None], state.hidden[:-1]])), hidden

    def step_seeing(
        self, seen: HigherOrderState, state: HigherOrderState, projected: Float[Array, " H"]
    ) -> tuple[HigherOrderState, Float[Array, " H"]]:
        """Return the next state and its newest layer; the older layers handed on are those of `state`."""
        after, output = self.step(seen, projected)
        return HigherOrderState(jnp.concatenate([after.hidden[:1], state.hidden[:-1]])), output
