"""The simple recurrent network of Elman: the hidden layer sees its own last values."""

import math
from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Fused, FusedCell
from throughtime.core.errors import OptionError, check_sizes, choose
from throughtime.core.initializers import initializer, per_gate


class ElmanState(NamedTuple):
    """What an Elman network remembers: `hidden`, the last values of the hidden layer, `[H]`."""

    hidden: Float[Array, "*B H"]


class Elman(FusedCell):
    r"""A hidden layer that sees the input and its own last values.

    **Equations**

        h_t = act(W x_t + U h_{t-1} + b)                     (1)
        y_t = h_t                                            (2)

    **Shapes**

        x `[I]`, h `[H]`, W `[H, I]`, U `[H, H]`, b `[H]`; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        activation: `"tanh"` or `"relu"`.
        input_initializer, recurrent_initializer: names from `core.initializers`. Orthogonal recurrent weights
            keep the length of the gradient through many steps; the identity with `"relu"` is an `IRNN`.
        key: source of the initial weights.

    **Cost**

        a step: H (I + H) multiply-adds; state H; parameters H (I + H + 1)

    **Differs from**

        PyTorch's `nn.RNN` adds two biases; here they are one. Elman's own units were logistic, and their
        context units kept copies of the hidden ones, which is Eq. 1.

    **Source**

        Elman 1990, "Finding structure in time", Cognitive Science 14, Fig. 2.
    """

    kind: ClassVar[str] = "elman"
    activations: ClassVar[dict[str, Callable[[Array], Array]]] = {"tanh": jnp.tanh, "relu": jax.nn.relu}

    input_weight: Float[Array, "H I"]
    recurrent_weight: Float[Array, "H H"]
    bias: Float[Array, " H"]
    activation: Literal["tanh", "relu"] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        activation: Literal["tanh", "relu"] = "tanh",
        input_initializer: str = "glorot",
        recurrent_initializer: str = "orthogonal",
        key: PRNGKeyArray,
    ):
        choose("activation", activation, self.activations)
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        input_key, recurrent_key = jax.random.split(key)
        self.input_weight = per_gate(initializer(input_initializer), input_key, 1, hidden_size, input_size)
        self.recurrent_weight = per_gate(
            initializer(recurrent_initializer), recurrent_key, 1, hidden_size, hidden_size
        )
        self.bias = jnp.zeros(hidden_size)
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
        hidden = self.activations[self.activation](projected + self.recurrent_weight @ state.hidden)  # Eq. 1
        return ElmanState(hidden), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused(f"elman_{self.activation}", ("input_weight", "bias", "recurrent_weight"))


class IRNN(Elman):
    r"""An Elman network of rectified units that starts by copying its hidden layer from step to step.

    **Equations**

        h_t = max(0, W x_t + U h_{t-1} + b),   at first U = s 1 and b = 0          (1)
        y_t = h_t                                                                  (2)

    **Shapes**

        as `Elman`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        scale: s, what U starts with on its diagonal, above 0. With 1 a hidden layer that nothing is added to
            stays as it is, and so does the gradient; less makes both fade like s^n over n steps, which the
            paper prefers where what matters is near (0.01 for speech).
        input_deviation: standard deviation of the normal distribution that W is drawn from, above 0. Small,
            so that what has been seen is not drowned before anything is learned.
        key: source of W.

    **Cost**

        as `Elman`

    **Differs from**

        `Elman` in where it starts, and in nothing else; it has the same kernel.

    **Source**

        Le, Jaitly & Hinton 2015, "A simple way to initialize recurrent networks of rectified linear units",
        arXiv 1504.00941 (the initialization trick).
    """

    kind: ClassVar[str] = "irnn"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        scale: float = 1.0,
        input_deviation: float = 0.001,
        key: PRNGKeyArray,
    ):
        for name, value in (("scale", scale), ("input_deviation", input_deviation)):
            if not 0 < value < math.inf:
                raise OptionError(f"{name} is {value}; choose a number above 0")
        super().__init__(
            input_size, hidden_size, activation="relu", recurrent_initializer="identity", key=key
        )
        self.input_weight = input_deviation * jax.random.normal(key, (hidden_size, input_size))
        self.recurrent_weight = scale * self.recurrent_weight
