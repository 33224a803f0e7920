"""The simple recurrent network of Elman: the hidden layer sees its own last values."""

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Fused, FusedCell
from throughtime.core.errors import check_sizes, choose
from throughtime.core.initializers import Initializer, initializer, per_gate


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
        input_initializer, recurrent_initializer: names from `core.initializers`, or functions like those
            there. Orthogonal recurrent weights keep the length of the gradient through many steps; the
            identity with `"relu"` is the IRNN of Le et al. 2015.
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
        input_initializer: str | Initializer = "glorot",
        recurrent_initializer: str | Initializer = "orthogonal",
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
