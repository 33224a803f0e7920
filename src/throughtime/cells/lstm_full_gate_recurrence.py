"""An LSTM whose gates also see how far all gates were open a step ago."""

from typing import ClassVar, NamedTuple

import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.lstm import MemoryBlock


class GateRecurrenceState(NamedTuple):
    """`hidden` and `cell` as in an LSTM, each `[H]`; `gates`, how far i, f and o were open, `[3, H]`."""

    hidden: Float[Array, "*B H"]
    cell: Float[Array, "*B H"]
    gates: Float[Array, "*B 3 H"]


class FullGateRecurrenceLSTM(MemoryBlock):
    r"""The vanilla LSTM with recurrent connections between all gates.

    **Equations**

        r_t = R [i_{t-1}; f_{t-1}; o_{t-1}],   its three parts r_i, r_f, r_o               (1)
        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i + r_i)                   (2)
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f + r_f)                   (3)
        c_t = f_t * c_{t-1} + i_t * tanh(W_g x_t + U_g h_{t-1} + b_g)                      (4)
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o + r_o)                       (5)
        y_t = h_t = o_t * tanh(c_t)                                                        (6)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[4H, I]`, U `[4H, H]`, b `[4H]`, G = 4H rows in the order i, f, g, o;
        p `[3, H]`, rows i, f, o; R `[3H, 3H]`, nine blocks, rows (to) and columns (from) in the order i, f,
        o; y `[H]`

    Arguments:
        input_size, hidden_size, forget_bias, memory_steps, input_initializer, recurrent_initializer, key: as
            for `LSTM`. The peepholes and R start at 0, so that training starts from the `LSTM` of the same
            key. Before the first element all gates count as closed.

    **Cost**

        a step: 4 H (I + H) + 9 H^2 + 3 H multiply-adds; state 5 H; parameters 4 H (I + H + 1) + 9 H^2 + 3 H

    **Differs from**

        `PeepholeLSTM`: the nine blocks of R. Greff et al. draw them like all other weights.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant FGR; the gates of Hochreiter & Schmidhuber 1997 were connected so.
    """

    kind: ClassVar[str] = "lstm_full_gate_recurrence"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "f", "o")

    peephole_weight: Float[Array, "3 H"]
    gate_weight: Float[Array, "3H 3H"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        forget_bias: float = 1.0,
        memory_steps: int | None = None,
        input_initializer: str = "glorot",
        recurrent_initializer: str = "orthogonal",
        key: PRNGKeyArray,
    ):
        super().__init__(
            input_size,
            hidden_size,
            forget_bias=forget_bias,
            memory_steps=memory_steps,
            input_initializer=input_initializer,
            recurrent_initializer=recurrent_initializer,
            key=key,
        )
        self.gate_weight = jnp.zeros((3 * hidden_size, 3 * hidden_size))

    def initial_state(self) -> GateRecurrenceState:  # type: ignore[override]  # it remembers more
        """Return an empty memory behind closed gates."""
        zeros = jnp.zeros(self.output_size, self.bias.dtype)
        return GateRecurrenceState(zeros, zeros, jnp.zeros((3, self.output_size), self.bias.dtype))

    def step(
        self, state: GateRecurrenceState, projected: Float[Array, " G"]
    ) -> tuple[GateRecurrenceState, Float[Array, " H"]]:
        """Return the next state and its hidden part."""
        i, f, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        r_i, r_f, r_o = jnp.split(self.gate_weight @ state.gates.ravel(), 3)  # Eq. 1
        p_i, p_f, p_o = self.peephole_weight
        i = sigmoid(i + p_i * state.cell + r_i)  # Eq. 2
        f = sigmoid(f + p_f * state.cell + r_f)  # Eq. 3
        cell = f * state.cell + i * jnp.tanh(g)  # Eq. 4
        o = sigmoid(o + p_o * cell + r_o)  # Eq. 5
        hidden = o * jnp.tanh(cell)  # Eq. 6
        return GateRecurrenceState(hidden, cell, jnp.stack([i, f, o])), hidden
