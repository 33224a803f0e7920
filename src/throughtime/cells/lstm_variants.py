"""The vanilla LSTM with one part taken away: which of its gates and squashings does the work?

`LSTMVariant` holds the equations; a variant says which gates, peepholes and squashings it has, and no more.
"""

from collections.abc import Callable
from typing import ClassVar

import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.lstm import LSTMState, MemoryBlock
from throughtime.core.initializers import Initializer


def unsquashed(x: Float[Array, " H"]) -> Float[Array, " H"]:
    """Return `x` as it is."""
    return x


class LSTMVariant(MemoryBlock):
    r"""The vanilla LSTM, of which a variant declares what it has; what it does not declare is left out.

    **Equations**

        a_k  = W_k x_t + U_k h_{t-1} + b_k,   k in i, f, g, o                      (1)
        i_t  = sigmoid(a_i + p_i * c_{t-1}),   or 1 without an input gate          (2)
        f_t  = sigmoid(a_f + p_f * c_{t-1}),   or 1 without a forget gate          (3)
        c_t  = f_t * c_{t-1} + i_t * g(a_g)                                        (4)
        o_t  = sigmoid(a_o + p_o * c_t),   or 1 without an output gate             (5)
        h_t  = o_t * h(c_t)                                                        (6)
        y_t  = h_t                                                                 (7)
    """

    squashing: ClassVar[dict[str, Callable[[Array], Array]]] = {"g": jnp.tanh, "h": jnp.tanh}
    """What becomes of the block's input, `g`, and of the memory on its way out, `h`."""

    __init__ = MemoryBlock.__init__

    def step(self, state: LSTMState, projected: Float[Array, " G"]) -> tuple[LSTMState, Float[Array, " H"]]:
        """Return the next state and its hidden part."""
        sums = jnp.split(projected + self.recurrent_weight @ state.hidden, len(self.gates))
        a = dict(zip(self.gates, sums, strict=True))  # Eq. 1
        g, h = self.squashing["g"], self.squashing["h"]
        i = self._opening("i", a, state.cell)  # Eq. 2
        f = self._opening("f", a, state.cell)  # Eq. 3
        cell = f * state.cell + i * g(a["g"])  # Eq. 4
        o = self._opening("o", a, cell)  # Eq. 5
        hidden = o * h(cell)  # Eq. 6
        return LSTMState(hidden, cell), hidden

    def _opening(
        self, gate: str, a: dict[str, Float[Array, " H"]], memory: Float[Array, " H"]
    ) -> Float[Array, " H"] | float:
        """Return how far a gate is open that sees the memory, if it has a peephole; 1 if there is no gate."""
        if gate not in self.gates:
            return 1.0
        if self.peephole_weight is None or gate not in self.peepholes:
            return sigmoid(a[gate])
        return sigmoid(a[gate] + self.peephole_weight[self.peepholes.index(gate)] * memory)


class EndlessMemory(LSTMVariant):
    """A variant without a forget gate: nothing ends a memory, so nothing can be told how long it should last.

    Arguments:
        input_size, hidden_size, input_initializer, recurrent_initializer, key: as for `LSTM`.
    """

    keeping: ClassVar[tuple[str, int] | None] = None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        input_initializer: str | Initializer = "glorot",
        recurrent_initializer: str | Initializer = "orthogonal",
        key: PRNGKeyArray,
    ):
        MemoryBlock.__init__(
            self,
            input_size,
            hidden_size,
            input_initializer=input_initializer,
            recurrent_initializer=recurrent_initializer,
            key=key,
        )


class NoInputGateLSTM(LSTMVariant):
    r"""The vanilla LSTM without its input gate: whatever comes in is written.

    **Equations**

        f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f)                 (1)
        c_t = f_t * c_{t-1} + tanh(W_g x_t + U_g h_{t-1} + b_g)                    (2)
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                     (3)
        y_t = h_t = o_t * tanh(c_t)                                                (4)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`,
        G = 3H rows in the order f, g, o; p `[2, H]`, rows f, o; y `[H]`

    Arguments:
        memory_steps: as for `LSTM`, but with no input gate to hold new values back, only the forget biases
            are drawn: long memories then begin with a large sum of what came.
        input_size, hidden_size, forget_bias, input_initializer, recurrent_initializer, key: as for `LSTM`.
            The peepholes start at 0.

    **Cost**

        a step: 3 H (I + H) + 2 H multiply-adds; state 2 H; parameters 3 H (I + H + 1) + 2 H

    **Differs from**

        `PeepholeLSTM`: i_t = 1.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant NIG.
    """

    kind: ClassVar[str] = "lstm_no_input_gate"
    gates: ClassVar[tuple[str, ...]] = ("f", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("f", "o")

    __init__ = LSTMVariant.__init__


class NoForgetGateLSTM(EndlessMemory):
    r"""The vanilla LSTM without its forget gate: what is written stays, and adds up.

    **Equations**

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i)                 (1)
        c_t = c_{t-1} + i_t * tanh(W_g x_t + U_g h_{t-1} + b_g)                    (2)
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                     (3)
        y_t = h_t = o_t * tanh(c_t)                                                (4)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`,
        G = 3H rows in the order i, g, o; p `[2, H]`, rows i, o; y `[H]`

    Arguments:
        input_size, hidden_size, input_initializer, recurrent_initializer, key: as for `LSTM`. The peepholes
            start at 0. Without a forget gate there is neither `forget_bias` nor `memory_steps`.

    **Cost**

        a step: 3 H (I + H) + 2 H multiply-adds; state 2 H; parameters 3 H (I + H + 1) + 2 H

    **Differs from**

        `PeepholeLSTM`: f_t = 1, so c grows with the length of the sequence, by less than 1 a step.
        `OriginalLSTM` has no forget gate either, but other squashings and no peepholes.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant NFG.
    """

    kind: ClassVar[str] = "lstm_no_forget_gate"
    gates: ClassVar[tuple[str, ...]] = ("i", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "o")

    __init__ = EndlessMemory.__init__


class NoOutputGateLSTM(LSTMVariant):
    r"""The vanilla LSTM without its output gate: the whole memory is always in sight.

    **Equations**

        i_t, f_t = sigmoid(W_{i,f} x_t + U_{i,f} h_{t-1} + p_{i,f} * c_{t-1} + b_{i,f})    (1)
        c_t = f_t * c_{t-1} + i_t * tanh(W_g x_t + U_g h_{t-1} + b_g)                      (2)
        y_t = h_t = tanh(c_t)                                                              (3)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`,
        G = 3H rows in the order i, f, g; p `[2, H]`, rows i, f; y `[H]`

    Arguments:
        input_size, hidden_size, forget_bias, memory_steps, input_initializer, recurrent_initializer, key: as
            for `LSTM`. The peepholes start at 0.

    **Cost**

        a step: 3 H (I + H) + 2 H multiply-adds; state 2 H; parameters 3 H (I + H + 1) + 2 H

    **Differs from**

        `PeepholeLSTM`: o_t = 1.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant NOG.
    """

    kind: ClassVar[str] = "lstm_no_output_gate"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "f")

    __init__ = LSTMVariant.__init__


class NoInputActivationLSTM(LSTMVariant):
    r"""The vanilla LSTM without a squashing of what is written.

    **Equations**

        i_t, f_t = sigmoid(W_{i,f} x_t + U_{i,f} h_{t-1} + p_{i,f} * c_{t-1} + b_{i,f})    (1)
        c_t = f_t * c_{t-1} + i_t * (W_g x_t + U_g h_{t-1} + b_g)                          (2)
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                             (3)
        y_t = h_t = o_t * tanh(c_t)                                                        (4)

    **Shapes**

        as `PeepholeLSTM`

    Arguments:
        input_size, hidden_size, forget_bias, memory_steps, input_initializer, recurrent_initializer, key: as
            for `LSTM`. The peepholes start at 0.

    **Cost**

        a step: 4 H (I + H) + 3 H multiply-adds; state 2 H; parameters 4 H (I + H + 1) + 3 H

    **Differs from**

        `PeepholeLSTM`: g(x) = x, so that a large input is written in its full size.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant NIAF.
    """

    kind: ClassVar[str] = "lstm_no_input_activation"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "f", "o")
    squashing: ClassVar[dict[str, Callable[[Array], Array]]] = {"g": unsquashed, "h": jnp.tanh}

    __init__ = LSTMVariant.__init__


class NoOutputActivationLSTM(LSTMVariant):
    r"""The vanilla LSTM without a squashing of what is read.

    **Equations**

        i_t, f_t = sigmoid(W_{i,f} x_t + U_{i,f} h_{t-1} + p_{i,f} * c_{t-1} + b_{i,f})    (1)
        c_t = f_t * c_{t-1} + i_t * tanh(W_g x_t + U_g h_{t-1} + b_g)                      (2)
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                             (3)
        y_t = h_t = o_t * c_t                                                              (4)

    **Shapes**

        as `PeepholeLSTM`

    Arguments:
        input_size, hidden_size, forget_bias, memory_steps, input_initializer, recurrent_initializer, key: as
            for `LSTM`. The peepholes start at 0.

    **Cost**

        a step: 4 H (I + H) + 3 H multiply-adds; state 2 H; parameters 4 H (I + H + 1) + 3 H

    **Differs from**

        `PeepholeLSTM`: h(x) = x, so that outputs are not kept between -1 and 1: while f_t is near 1 they can
        grow with the length of the sequence, and come back through U. Greff et al. find it to be one of the
        parts that an LSTM needs.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant NOAF.
    """

    kind: ClassVar[str] = "lstm_no_output_activation"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "f", "o")
    squashing: ClassVar[dict[str, Callable[[Array], Array]]] = {"g": jnp.tanh, "h": unsquashed}

    __init__ = LSTMVariant.__init__
