"""The element-wise LSTM: a memory whose gates see, of the past, their own cell and nothing else."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.elementwise import ElementwiseCell
from throughtime.core.errors import check_sizes
from throughtime.core.initializers import chrono, initializer, per_gate


class ElementwiseLSTMState(NamedTuple):
    """What an element-wise LSTM remembers: `cell`, the memory, `[H]`."""

    cell: Float[Array, "*B H"]


class ElementwiseLSTM(ElementwiseCell):
    r"""An LSTM whose recurrent connections run from each memory cell to its own gates: the eLSTM.

    **Equations**

        f_t = sigmoid(F x_t + w_f * c_{t-1} + b_f)              (1)
        z_t = tanh(Z x_t + w_z * c_{t-1} + b_z)                 (2)
        c_t = f_t * c_{t-1} + (1 - f_t) * z_t                   (3)
        o_t = sigmoid(O x_t + Q c_t + b_o)                      (4)
        y_t = o_t * c_t                                         (5)

    **Shapes**

        x `[I]`; c, f, z, o `[H]`; W = (F, Z, O) `[3H, I]`, w = (w_f, w_z) `[2H]`, b `[3H]`, Q `[H, H]`,
        G = 3H rows in the order f, z, o; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of memory cells, at least 1.
        memory_steps: the longest dependency to expect, in steps, at least 2. Biases of f are then drawn so
            that memories last up to so long (chrono initialisation); they are 0 when left out.
        input_initializer: a name from `core.initializers`, for F, Z and O, each by itself, and for Q. The
            recurrent weights w are drawn from N(0, 0.1^2).
        key: source of the initial weights.

    **Cost**

        a step: H (3 I + H + 2) multiply-adds, of which only 2 H wait for the step before; state H;
        parameters H (3 I + H + 5)

    **Differs from**

        `CoupledLSTM`: gates see c_{t-1}, unit by unit, in the place of h_{t-1}, and the output is not
        squashed. What is memory here is one array, for h_t is no part of the recurrence.

    **Source**

        Irie, Gopalakrishnan & Schmidhuber 2023, "Exploring the promise and limits of real-time recurrent
        learning", arXiv 2305.19044, section 3 (eLSTM).
    """

    kind: ClassVar[str] = "lstm_elementwise"

    input_weight: Float[Array, "G I"]
    recurrent_weight: Float[Array, " two_H"]
    bias: Float[Array, " G"]
    output_weight: Float[Array, "H H"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        memory_steps: int | None = None,
        input_initializer: str = "glorot",
        key: PRNGKeyArray,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        initialize = initializer(input_initializer)
        input_key, recurrent_key, output_key, bias_key = jax.random.split(key, 4)
        self.input_weight = per_gate(initialize, input_key, 3, hidden_size, input_size)
        self.recurrent_weight = 0.1 * jax.random.normal(recurrent_key, (2 * hidden_size,))
        self.output_weight = per_gate(initialize, output_key, 1, hidden_size, hidden_size)
        keep = jnp.zeros(hidden_size) if memory_steps is None else chrono(bias_key, hidden_size, memory_steps)
        self.bias = jnp.concatenate([keep, jnp.zeros(2 * hidden_size)])
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> ElementwiseLSTMState:
        """Return an empty memory."""
        return ElementwiseLSTMState(jnp.zeros(self.output_size, self.bias.dtype))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " G"]:
        """Return `W x_t + b` for f, z and o."""
        return x @ self.input_weight.T + self.bias

    def step(
        self, state: ElementwiseLSTMState, projected: Float[Array, " G"]
    ) -> tuple[ElementwiseLSTMState, Float[Array, " H"]]:
        """Return the next state and its gated memory."""
        f_in, z_in, o_in = jnp.split(projected, 3)
        w_f, w_z = jnp.split(self.recurrent_weight, 2)
        f = sigmoid(f_in + w_f * state.cell)  # Eq. 1
        z = jnp.tanh(z_in + w_z * state.cell)  # Eq. 2
        cell = f * state.cell + (1 - f) * z  # Eq. 3
        o = sigmoid(o_in + self.output_weight @ cell)  # Eq. 4
        return ElementwiseLSTMState(cell), o * cell  # Eq. 5
