"""Long short-term memory: a cell state that gates write to, keep and read."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Cell, Fused, FusedCell
from throughtime.core.errors import check_sizes
from throughtime.core.initializers import Initializer, chrono, initializer, per_gate


class LSTMState(NamedTuple):
    """What an LSTM remembers: `hidden`, the gated output `[H]`, and `cell`, the memory itself `[H]`."""

    hidden: Float[Array, "*B H"]
    cell: Float[Array, "*B H"]


class MemoryBlock(Cell):
    """What all LSTMs share: weights for each gate, and a memory beside the hidden layer.

    A variant declares which gates and peepholes it has, and writes its equations in `step`. It names the
    constructor anew, since type checkers read one from the fields of a class that has none of its own.
    """

    kind: ClassVar[str]
    gates: eqx.AbstractClassVar[tuple[str, ...]]
    """What each block of H rows of the weights computes, the candidate g among them."""
    peepholes: ClassVar[tuple[str, ...]] = ()
    """The gates that see the memory, one row of `peephole_weight` each."""
    keeping: ClassVar[tuple[str, int] | None] = ("f", 1)
    """The gate whose bias decides how long a memory lasts, and the sign that makes it last longer; none, if
    nothing ends a memory."""

    input_weight: Float[Array, "G I"]
    recurrent_weight: Float[Array, "G H"]
    bias: Float[Array, " G"]
    peephole_weight: Float[Array, "peepholes H"] | None
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        forget_bias: float = 1.0,
        memory_steps: int | None = None,
        input_initializer: str | Initializer = "glorot",
        recurrent_initializer: str | Initializer = "orthogonal",
        key: PRNGKeyArray,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        count = len(self.gates)
        self.input_weight = per_gate(
            initializer(input_initializer), input_key, count, hidden_size, input_size
        )
        self.recurrent_weight = per_gate(
            initializer(recurrent_initializer), recurrent_key, count, hidden_size, hidden_size
        )
        biases = dict.fromkeys(self.gates, jnp.zeros(hidden_size))
        if self.keeping is not None:
            gate, sign = self.keeping
            if memory_steps is None:
                biases[gate] += sign * forget_bias
            else:
                keep = chrono(bias_key, hidden_size, memory_steps)
                if "i" in self.gates:
                    biases["i"] = -keep
                biases[gate] = sign * keep
        self.bias = jnp.concatenate([biases[gate] for gate in self.gates])
        self.peephole_weight = jnp.zeros((len(self.peepholes), hidden_size)) if self.peepholes else None
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> LSTMState:
        """Return an empty memory."""
        zeros = jnp.zeros(self.output_size, self.bias.dtype)
        return LSTMState(zeros, zeros)

    def project(self, x: Float[Array, " I"]) -> Float[Array, " G"]:
        """Return `W x_t + b` for all gates."""
        # A row times a matrix: over a whole sequence it is then one product that nothing has to transpose.
        return x @ self.input_weight.T + self.bias


class LSTM(MemoryBlock, FusedCell):
    r"""Long short-term memory with input, forget and output gate, without peepholes.

    **Equations**

        i_t, f_t, o_t = sigmoid(W_{i,f,o} x_t + U_{i,f,o} h_{t-1} + b_{i,f,o})     (1)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)                                    (2)
        c_t = f_t * c_{t-1} + i_t * g_t                                            (3)
        h_t = o_t * tanh(c_t)                                                      (4)
        y_t = h_t                                                                  (5)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[4H, I]`, U `[4H, H]`, b `[4H]`,
        G = 4H rows in the order i, f, g, o; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of memory cells, at least 1.
        forget_bias: initial bias of the forget gate. 1 keeps about 3/4 of the memory a step before anything
            is learned (Jozefowicz et al. 2015), so that early gradients reach back; 0 keeps half.
        memory_steps: the longest dependency to expect, in steps, at least 2. Forget biases are then drawn so
            that memories last up to so long, and input biases against them (chrono initialisation);
            `forget_bias` is not used.
        input_initializer, recurrent_initializer: names from `core.initializers`, or functions like those
            there; drawn for each gate by itself.
        key: source of the initial weights.

    **Cost**

        a step: 4 H (I + H) multiply-adds; state 2 H; parameters 4 H (I + H + 1)

    **Differs from**

        PyTorch's `nn.LSTM` adds two biases, here they are one, and starts with uniform weights and a forget
        bias of 0. Keras packs the gates i, f, c, o, which is the same order under other letters.

    **Source**

        Hochreiter & Schmidhuber 1997, Neural Computation 9(8); the forget gate of Eq. 3 is Gers, Schmidhuber
        & Cummins 2000, "Learning to forget", Neural Computation 12(10), section 3.
    """

    kind: ClassVar[str] = "lstm"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")

    __init__ = MemoryBlock.__init__

    def step(self, state: LSTMState, projected: Float[Array, " G"]) -> tuple[LSTMState, Float[Array, " H"]]:
        """Return the next state and its hidden part."""
        i, f, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        cell = sigmoid(f) * state.cell + sigmoid(i) * jnp.tanh(g)  # Eqs. 1-3
        hidden = sigmoid(o) * jnp.tanh(cell)  # Eq. 4
        return LSTMState(hidden, cell), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused("lstm", ("input_weight", "bias", "recurrent_weight"))


class CoupledLSTM(MemoryBlock, FusedCell):
    r"""An LSTM without a forget gate of its own: what the input gate writes takes the place of the old.

    **Equations**

        i_t, o_t = sigmoid(W_{i,o} x_t + U_{i,o} h_{t-1} + b_{i,o})                (1)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)                                    (2)
        c_t = (1 - i_t) * c_{t-1} + i_t * g_t                                      (3)
        h_t = o_t * tanh(c_t)                                                      (4)
        y_t = h_t                                                                  (5)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`,
        G = 3H rows in the order i, g, o; y `[H]`

    Arguments:
        forget_bias: as for `LSTM`, any number, default 1. The share that is kept is 1 - sigmoid(a) =
            sigmoid(-a), so the input gate starts with the bias -`forget_bias`: 1 keeps about 3/4.
        memory_steps: as for `LSTM`; the input biases are drawn, with the sign turned for the same reason.
        input_size, hidden_size, input_initializer, recurrent_initializer, key: as for `LSTM`.

    **Cost**

        a step: 3 H (I + H) multiply-adds; state 2 H; parameters 3 H (I + H + 1), 3/4 of an `LSTM`

    **Differs from**

        `LSTM`: f_t = 1 - i_t, and no other change. Greff et al. couple the gates of an LSTM with peepholes,
        which is `CoupledPeepholeLSTM`. ONNX computes Eq. 3 with `input_forget=1`, and then still stores the
        weights of the forget gate without reading them.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant CIFG (coupled input and forget gate).
    """

    kind: ClassVar[str] = "lstm_coupled"
    gates: ClassVar[tuple[str, ...]] = ("i", "g", "o")
    keeping: ClassVar[tuple[str, int]] = ("i", -1)

    __init__ = MemoryBlock.__init__

    def step(self, state: LSTMState, projected: Float[Array, " G"]) -> tuple[LSTMState, Float[Array, " H"]]:
        """Return the next state and its hidden part."""
        i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 3)
        i = sigmoid(i)  # Eq. 1
        cell = (1 - i) * state.cell + i * jnp.tanh(g)  # Eqs. 2-3
        hidden = sigmoid(o) * jnp.tanh(cell)  # Eq. 4
        return LSTMState(hidden, cell), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused("lstm_coupled", ("input_weight", "bias", "recurrent_weight"))
