"""LSTMs with peepholes: gates that see the memory itself, not only what the output gate lets out of it."""

from collections.abc import Iterable
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.lstm import LSTMState, MemoryBlock
from throughtime.cells.lstm_variants import LSTMVariant
from throughtime.core.cell import Fused, FusedCell
from throughtime.core.errors import OptionError, choose
from throughtime.core.initializers import Initializer


class PeepholeLSTM(MemoryBlock, FusedCell):
    r"""An LSTM whose gates see the memory: input and forget gate as it was, the output gate as it is now.

    **Equations**

        i_t, f_t = sigmoid(W_{i,f} x_t + U_{i,f} h_{t-1} + p_{i,f} * c_{t-1} + b_{i,f})    (1)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)                                            (2)
        c_t = f_t * c_{t-1} + i_t * g_t                                                    (3)
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                             (4)
        h_t = o_t * tanh(c_t)                                                              (5)
        y_t = h_t                                                                          (6)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[4H, I]`, U `[4H, H]`, b `[4H]`,
        G = 4H rows in the order i, f, g, o; p `[3, H]`, rows i, f, o; y `[H]`

    Arguments:
        input_size, hidden_size, forget_bias, memory_steps, input_initializer, recurrent_initializer, key: as
            for `LSTM`. The peepholes start at 0, so that training starts from the `LSTM` of the same key.

    **Cost**

        a step: 4 H (I + H) + 3 H multiply-adds; state 2 H; parameters 4 H (I + H + 1) + 3 H

    **Differs from**

        `LSTM`: the three products with p, so that a closed output gate no longer hides the memory from the
        gates. Each unit sees its own memory only, as in Greff et al.; Gers et al. give the gates of a block
        of several memory cells a peephole from each of them. `PartialPeepholeLSTM` has some of the three.
        PyTorch and Keras 3 have no peepholes; ONNX stores them in the order i, o, f.

    **Source**

        Gers, Schraudolph & Schmidhuber 2002, "Learning precise timing with LSTM recurrent networks", Journal
        of Machine Learning Research 3; in these letters Greff et al. 2015, "LSTM: a search space odyssey",
        arXiv 1503.04069, section 2 (vanilla LSTM).
    """

    kind: ClassVar[str] = "lstm_peephole"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "f", "o")

    peephole_weight: Float[Array, "3 H"]

    __init__ = MemoryBlock.__init__

    def step(self, state: LSTMState, projected: Float[Array, " G"]) -> tuple[LSTMState, Float[Array, " H"]]:
        """Return the next state and its hidden part."""
        i, f, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        p_i, p_f, p_o = self.peephole_weight
        i = sigmoid(i + p_i * state.cell)  # Eq. 1
        f = sigmoid(f + p_f * state.cell)
        cell = f * state.cell + i * jnp.tanh(g)  # Eqs. 2-3
        hidden = sigmoid(o + p_o * cell) * jnp.tanh(cell)  # Eqs. 4-5
        return LSTMState(hidden, cell), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused("lstm_peephole", ("input_weight", "bias", "recurrent_weight", "peephole_weight"))


class CoupledPeepholeLSTM(MemoryBlock, FusedCell):
    r"""An LSTM with peepholes and without a forget gate of its own: f = 1 - i.

    **Equations**

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i)                 (1)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)                                    (2)
        c_t = (1 - i_t) * c_{t-1} + i_t * g_t                                      (3)
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                     (4)
        h_t = o_t * tanh(c_t)                                                      (5)
        y_t = h_t                                                                  (6)

    **Shapes**

        x `[I]`; h, c, gates `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`,
        G = 3H rows in the order i, g, o; p `[2, H]`, rows i, o; y `[H]`

    Arguments:
        forget_bias, memory_steps: as for `CoupledLSTM`: they set the input gate's bias, with the sign turned.
        input_size, hidden_size, input_initializer, recurrent_initializer, key: as for `LSTM`. The peepholes
            start at 0, so that training starts from the `CoupledLSTM` of the same key.

    **Cost**

        a step: 3 H (I + H) + 2 H multiply-adds; state 2 H; parameters 3 H (I + H + 1) + 2 H

    **Differs from**

        `PeepholeLSTM`: f_t = 1 - i_t. `CoupledLSTM`: the two products with p. ONNX computes it with
        `input_forget=1` and peepholes in the order i, o, f, and does not read the weights of f.

    **Source**

        Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, "LSTM: a search space odyssey", arXiv
        1503.04069, variant CIFG (coupled input and forget gate).
    """

    kind: ClassVar[str] = "lstm_coupled_peephole"
    gates: ClassVar[tuple[str, ...]] = ("i", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "o")
    keeping: ClassVar[tuple[str, int]] = ("i", -1)

    peephole_weight: Float[Array, "2 H"]

    __init__ = MemoryBlock.__init__

    def step(self, state: LSTMState, projected: Float[Array, " G"]) -> tuple[LSTMState, Float[Array, " H"]]:
        """Return the next state and its hidden part."""
        i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 3)
        p_i, p_o = self.peephole_weight
        i = sigmoid(i + p_i * state.cell)  # Eq. 1
        cell = (1 - i) * state.cell + i * jnp.tanh(g)  # Eqs. 2-3
        hidden = sigmoid(o + p_o * cell) * jnp.tanh(cell)  # Eqs. 4-5
        return LSTMState(hidden, cell), hidden

    def fused(self) -> Fused:
        """Return the kernel of these equations."""
        return Fused("lstm_coupled_peephole", ("input_weight", "bias", "recurrent_weight", "peephole_weight"))


class PartialPeepholeLSTM(LSTMVariant):
    r"""An LSTM of which some gates see the memory, and the others do not.

    **Equations**

        those of `PeepholeLSTM`, with p_k = 0 for every gate k that has no peephole

    **Shapes**

        as `PeepholeLSTM`, but p `[n, H]`, a row for each of the n gates that have a peephole, in the order i,
        f, o

    Arguments:
        peepholes: the gates that see the memory, at least one of `"i"`, `"f"` and `"o"`, in any order.
        input_size, hidden_size, forget_bias, memory_steps, input_initializer, recurrent_initializer, key: as
            for `LSTM`. The peepholes start at 0, so that training starts from the `LSTM` of the same key.

    **Raises**

        OptionError: a gate is unknown or named twice, or there is none.

    **Cost**

        a step: 4 H (I + H) + n H multiply-adds; state 2 H; parameters 4 H (I + H + 1) + n H. It runs step by
        step; with all three peepholes, `PeepholeLSTM` computes the same numbers with a kernel.

    **Differs from**

        `PeepholeLSTM`: a peephole that is left out is no parameter, and training cannot bring it back.

    **Source**

        Gers, Schraudolph & Schmidhuber 2002, "Learning precise timing with LSTM recurrent networks", Journal
        of Machine Learning Research 3.
    """

    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")

    peephole_weight: Float[Array, "n H"]
    peepholes: tuple[str, ...] = eqx.field(static=True)  # type: ignore[misc]  # each object has its own

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        peepholes: Iterable[str],
        forget_bias: float = 1.0,
        memory_steps: int | None = None,
        input_initializer: str | Initializer = "glorot",
        recurrent_initializer: str | Initializer = "orthogonal",
        key: PRNGKeyArray,
    ):
        given = tuple(choose("a gate in peepholes", gate, PeepholeLSTM.peepholes) for gate in peepholes)
        if not given:
            raise OptionError("peepholes names no gate; choose some of i, f, o, or use LSTM, which has none")
        if len(set(given)) < len(given):
            raise OptionError(f"peepholes is {given}; name each gate once")
        self.peepholes = tuple(gate for gate in PeepholeLSTM.peepholes if gate in given)
        MemoryBlock.__init__(
            self,
            input_size,
            hidden_size,
            forget_bias=forget_bias,
            memory_steps=memory_steps,
            input_initializer=input_initializer,
            recurrent_initializer=recurrent_initializer,
            key=key,
        )
