"""The LSTM as it was first: two gates around a memory that nothing ends."""

from collections.abc import Callable
from typing import ClassVar

from jax.nn import sigmoid
from jaxtyping import Array, Float

from throughtime.cells.lstm_variants import EndlessMemory


def between_two(x: Float[Array, " H"]) -> Float[Array, " H"]:
    """Return the logistic function stretched to the range from -2 to 2, with slope 1 at 0."""
    return 4 * sigmoid(x) - 2


def between_one(x: Float[Array, " H"]) -> Float[Array, " H"]:
    """Return the logistic function stretched to the range from -1 to 1, with slope 1/2 at 0."""
    return 2 * sigmoid(x) - 1


class OriginalLSTM(EndlessMemory):
    r"""The long short-term memory of 1997: an input and an output gate, no forget gate, no peepholes.

    **Equations**

        in_t, out_t = sigmoid(W_{i,o} x_t + U_{i,o} y_{t-1} + b_{i,o})             (1)
        s_t = s_{t-1} + in_t * g(W_g x_t + U_g y_{t-1} + b_g)                      (2)
        y_t = out_t * h(s_t)                                                       (3)
        g(x) = 4 sigmoid(x) - 2,   h(x) = 2 sigmoid(x) - 1                         (4)

    **Shapes**

        x `[I]`; s, y, gates `[H]`; W `[3H, I]`, U `[3H, H]`, b `[3H]`, G = 3H rows in the order i, g, o

    Arguments:
        input_size, hidden_size, input_initializer, recurrent_initializer, key: as for `LSTM`. Without a
            forget gate there is neither `forget_bias` nor `memory_steps`.

    **Cost**

        a step: 3 H (I + H) multiply-adds; state 2 H; parameters 3 H (I + H + 1)

    **Differs from**

        The paper: each memory cell has gates of its own (blocks of size 1, where the paper also has blocks
        whose cells share their gates); the recurrent connections come from the outputs of the cells, where
        the paper allows any unit, its gates among them (`FullGateRecurrenceLSTM` has those); and the
        gradient is whatever the learning rule makes it, where the paper cuts it off as it leaves a memory
        cell backwards through the gates and through g. `LSTM`: no forget gate, and the squashings of Eq. 4
        for tanh.

    **Source**

        Hochreiter & Schmidhuber 1997, "Long short-term memory", Neural Computation 9(8), section 4 and
        appendix A.1 (the squashings are its Eqs. 3-5).
    """

    kind: ClassVar[str] = "lstm_1997"
    gates: ClassVar[tuple[str, ...]] = ("i", "g", "o")
    squashing: ClassVar[dict[str, Callable[[Array], Array]]] = {"g": between_two, "h": between_one}

    __init__ = EndlessMemory.__init__
