"""The network of Jordan: the hidden layer sees what the network answered before."""

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError, check_sizes, choose
from throughtime.core.initializers import initializer, per_gate

OutputActivation = Literal["tanh", "logistic", "linear"]


class JordanState(NamedTuple):
    """What a Jordan network remembers: `context`, its past outputs, fading, `[O]`."""

    context: Float[Array, "*B O"]


class Jordan(Cell):
    r"""A hidden layer and an output layer; the output comes back as part of the next input.

    **Equations**

        h_t = tanh(W x_t + U s_{t-1} + b)                    (1)
        y_t = act(V h_t + d)                                 (2)
        s_t = mu s_{t-1} + y_t                               (3)

    **Shapes**

        x `[I]`; h, b `[H]`; y, s, d `[O]`; W `[H, I]`, U `[H, O]`, V `[O, H]`; mu a number

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units, at least 1.
        output_size: number of outputs, at least 1; as many as hidden units when left out.
        decay: mu, the share of itself that the context keeps a step, 0 <= mu < 1. With 0 it is the last
            output; the nearer to 1, the longer an output is seen, up to about 1 / (1 - mu) steps.
        output_activation: `"tanh"`, `"logistic"`, or `"linear"` for none.
        input_initializer, recurrent_initializer: names from `core.initializers`, for W and U; V is drawn like
            W, the biases start at 0.
        key: source of the initial weights.

    **Cost**

        a step: H (I + 2 O) multiply-adds, as two products of which the second waits for the first; state O;
        parameters H (I + O + 1) + O (H + 1)

    **Differs from**

        `Elman`: what comes back is the output, so the network remembers no more than it says. Jordan's units
        were logistic, and his plan units are the input here. In training, Jordan puts the target in the place
        of the output that comes back (teacher forcing); this cell always takes its own output.

    **Source**

        Jordan 1986, "Attractor dynamics and parallelism in a connectionist sequential machine", Proceedings
        of the 8th Annual Conference of the Cognitive Science Society, pp. 531-546 (state units that decay
        by mu).
    """

    kind: ClassVar[str] = "jordan"
    activations: ClassVar[dict[str, Callable[[Array], Array]]] = {
        "tanh": jnp.tanh,
        "logistic": jax.nn.sigmoid,
        "linear": lambda x: x,
    }

    input_weight: Float[Array, "H I"]
    recurrent_weight: Float[Array, "H O"]
    bias: Float[Array, " H"]
    output_weight: Float[Array, "O H"]
    output_bias: Float[Array, " O"]
    decay: float = eqx.field(static=True)
    output_activation: OutputActivation = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        output_size: int | None = None,
        decay: float = 0.0,
        output_activation: OutputActivation = "tanh",
        input_initializer: str = "glorot",
        recurrent_initializer: str = "orthogonal",
        key: PRNGKeyArray,
    ):
        outputs = hidden_size if output_size is None else output_size
        check_sizes(input_size=input_size, hidden_size=hidden_size, output_size=outputs)
        choose("output_activation", output_activation, self.activations)
        if not 0 <= decay < 1:
            raise OptionError(f"decay is {decay}; choose 0 <= decay < 1, or the context grows without bound")
        input_key, recurrent_key, output_key = jax.random.split(key, 3)
        draw = initializer(input_initializer)
        self.input_weight = per_gate(draw, input_key, 1, hidden_size, input_size)
        self.recurrent_weight = per_gate(
            initializer(recurrent_initializer), recurrent_key, 1, hidden_size, outputs
        )
        self.bias = jnp.zeros(hidden_size)
        self.output_weight = per_gate(draw, output_key, 1, outputs, hidden_size)
        self.output_bias = jnp.zeros(outputs)
        self.decay = decay
        self.output_activation = output_activation
        self.input_size = input_size
        self.output_size = outputs

    def initial_state(self) -> JordanState:
        """Return a context of zeros, as if nothing had been answered."""
        return JordanState(jnp.zeros_like(self.output_bias))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return `W x_t + b`."""
        # A row times a matrix: over a whole sequence it is then one product that nothing has to transpose.
        return x @ self.input_weight.T + self.bias

    def step(
        self, state: JordanState, projected: Float[Array, " H"]
    ) -> tuple[JordanState, Float[Array, " O"]]:
        """Return the next context and the output."""
        hidden = jnp.tanh(projected + self.recurrent_weight @ state.context)  # Eq. 1
        output = self.activations[self.output_activation](self.output_weight @ hidden + self.output_bias)
        return JordanState(self.decay * state.context + output), output  # Eqs. 2-3
