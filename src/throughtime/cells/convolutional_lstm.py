"""The convolutional LSTM: a memory at every place of an image, whose gates see its neighbourhood."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.convolution import convolve
from throughtime.cells.spatial import SpatialCell
from throughtime.core.initializers import chrono


class ConvolutionalLSTMState(NamedTuple):
    """What a convolutional LSTM remembers: `hidden` and `cell`, images `[H, *space]`."""

    hidden: Float[Array, " ..."]
    cell: Float[Array, " ..."]


class ConvolutionalLSTM(SpatialCell):
    r"""An LSTM with peepholes over images: each product with a matrix is a convolution.

    **Equations**

        i_t, f_t = sigmoid(W_{i,f} * x_t + U_{i,f} * h_{t-1} + p_{i,f} c_{t-1} + b_{i,f})    (1)
        g_t = tanh(W_g * x_t + U_g * h_{t-1} + b_g)                                          (2)
        c_t = f_t c_{t-1} + i_t g_t                                                          (3)
        o_t = sigmoid(W_o * x_t + U_o * h_{t-1} + p_o c_t + b_o)                             (4)
        h_t = o_t tanh(c_t)                                                                  (5)
        y_t = h_t                                                                            (6)

    where `*` is `convolve` and p and b are the same at all places.

    **Shapes**

        x `[C prod(space)]`, an image `[C, *space]` as a vector; h, c, gates `[H, *space]`;
        W `[4H, C, *input_window]`, U `[4H, H, *window]`, b `[4H]`, G = 4H channels in the order i, f, g, o;
        p `[3, H]`, rows i, f, o; y `[H prod(space)]`

    Arguments:
        image_shape: `(channels, length)`, `(channels, height, width)` or with more axes, each at least 1.
            With 0 channels the cell reads nothing: the lowest layer of a forecaster, which starts from the
            state that an encoder returned.
        hidden_channels: memory cells at each place, at least 1.
        kernel_size: places that the state sees of itself along each axis, one number for all axes or one for
            each, at least 1 and at most the image. The larger it is, the faster the motion that a step can
            follow; with 1 a place never hears of its neighbours' memory.
        input_kernel_size: the same of the input; as `kernel_size` when left out.
        forget_bias, memory_steps: as for `LSTM`.
        key: source of the kernels, for each gate a matrix `[H, channels prod(window)]`: Glorot's for the
            input, orthogonal for the state. Peepholes start at 0.

    **Cost**

        a step: 4 H (C prod(input_window) + H prod(window)) prod(space) multiply-adds; state 2 H prod(space);
        parameters 4 H (C prod(input_window) + H prod(window) + 1) + 3 H

    **Differs from**

        `PeepholeLSTM`, which it is on an image of one place. The paper writes p as Hadamard products and does
        not say that places share them; its numbers of parameters do. Keras' `ConvLSTM2D` has no peepholes.

    **Source**

        Shi et al. 2015, "Convolutional LSTM network: a machine learning approach for precipitation
        nowcasting", arXiv 1506.04214, Eq. 3.
    """

    kind: ClassVar[str] = "lstm_convolutional"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")

    peephole_weight: Float[Array, "3 H"]

    def __init__(
        self,
        image_shape: Sequence[int],
        hidden_channels: int,
        *,
        kernel_size: int | Sequence[int] = 3,
        input_kernel_size: int | Sequence[int] | None = None,
        forget_bias: float = 1.0,
        memory_steps: int | None = None,
        key: PRNGKeyArray,
    ):
        kernel_key, bias_key = jax.random.split(key)
        super().__init__(
            image_shape,
            hidden_channels,
            kernel_size=kernel_size,
            input_kernel_size=input_kernel_size,
            key=kernel_key,
        )
        zeros = jnp.zeros(hidden_channels)
        i, f = zeros, zeros + forget_bias
        if memory_steps is not None:
            f = chrono(bias_key, hidden_channels, memory_steps)
            i = -f
        self.bias = jnp.concatenate([i, f, zeros, zeros])
        self.peephole_weight = jnp.zeros((3, hidden_channels))

    def initial_state(self) -> ConvolutionalLSTMState:
        """Return an empty memory."""
        return ConvolutionalLSTMState(self.empty(), self.empty())

    def step(
        self, state: ConvolutionalLSTMState, projected: Float[Array, "G *space"]
    ) -> tuple[ConvolutionalLSTMState, Float[Array, " O"]]:
        """Return the next state and its hidden image, as a vector."""
        i, f, g, o = jnp.split(projected + convolve(state.hidden, self.recurrent_weight), 4)
        p_i, p_f, p_o = self.everywhere(self.peephole_weight)
        i = sigmoid(i + p_i * state.cell)  # Eq. 1
        f = sigmoid(f + p_f * state.cell)
        cell = f * state.cell + i * jnp.tanh(g)  # Eqs. 2-3
        hidden = sigmoid(o + p_o * cell) * jnp.tanh(cell)  # Eqs. 4-5
        return ConvolutionalLSTMState(hidden, cell), hidden.reshape(-1)
