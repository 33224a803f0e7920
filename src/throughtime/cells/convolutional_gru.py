"""The convolutional GRU: a hidden layer at every place of an image, whose gates see its neighbourhood."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.convolution import convolve
from throughtime.cells.spatial import SpatialCell
from throughtime.core.initializers import chrono


class ConvolutionalGRUState(NamedTuple):
    """What a convolutional GRU remembers: `hidden`, an image `[H, *space]`."""

    hidden: Float[Array, " ..."]


class ConvolutionalGRU(SpatialCell):
    r"""A gated recurrent unit over images: each product with a matrix is a convolution.

    **Equations**

        r_t = sigmoid(W_r * x_t + U_r * h_{t-1} + b_r)                  (1)
        z_t = sigmoid(W_z * x_t + U_z * h_{t-1} + b_z)                  (2)
        n_t = tanh(W_n * x_t + U_n * (r_t h_{t-1}) + b_n)               (3)
        h_t = (1 - z_t) n_t + z_t h_{t-1}                               (4)
        y_t = h_t                                                       (5)

    where `*` is `convolve` and b is the same at all places.

    **Shapes**

        x `[C prod(space)]`, an image `[C, *space]` as a vector; h, gates `[H, *space]`;
        W `[3H, C, *input_window]`, U `[3H, H, *window]`, b `[3H]`, G = 3H channels in the order r, z, n;
        y `[H prod(space)]`

    Arguments:
        image_shape, hidden_channels, kernel_size, input_kernel_size, key: as for `ConvolutionalLSTM`.
        memory_steps: as for `GRU`.

    **Cost**

        a step: 3 H (C prod(input_window) + H prod(window)) prod(space) multiply-adds, of the state's as two
        convolutions of which the second waits for the first; state H prod(space); parameters
        3 H (C prod(input_window) + H prod(window) + 1)

    **Differs from**

        `ResetBeforeGRU`, which it is on an image of one place. In the paper z = 1 takes the new state, here
        it keeps the old one, as in all cells here; and the paper has no biases.

    **Source**

        Ballas, Yao, Pal & Courville 2016, "Delving deeper into convolutional networks for learning video
        representations", arXiv 1511.06432, section 3.1 (GRU-RCN).
    """

    kind: ClassVar[str] = "gru_convolutional"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")

    def __init__(
        self,
        image_shape: Sequence[int],
        hidden_channels: int,
        *,
        kernel_size: int | Sequence[int] = 3,
        input_kernel_size: int | Sequence[int] | None = None,
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
        if memory_steps is not None:
            z = chrono(bias_key, hidden_channels, memory_steps)
            zeros = jnp.zeros(hidden_channels)
            self.bias = jnp.concatenate([zeros, z, zeros])

    def initial_state(self) -> ConvolutionalGRUState:
        """Return a hidden image of zeros."""
        return ConvolutionalGRUState(self.empty())

    def step(
        self, state: ConvolutionalGRUState, projected: Float[Array, "G *space"]
    ) -> tuple[ConvolutionalGRUState, Float[Array, " O"]]:
        """Return the next state and its hidden image, as a vector."""
        r_in, z_in, n_in = jnp.split(projected, 3)
        U_rz, U_n = jnp.split(self.recurrent_weight, [2 * len(state.hidden)])
        r_back, z_back = jnp.split(convolve(state.hidden, U_rz), 2)
        r = sigmoid(r_in + r_back)  # Eq. 1
        z = sigmoid(z_in + z_back)  # Eq. 2
        n = jnp.tanh(n_in + convolve(r * state.hidden, U_n))  # Eq. 3
        hidden = (1 - z) * n + z * state.hidden  # Eq. 4
        return ConvolutionalGRUState(hidden), hidden.reshape(-1)

    def step_seeing(
        self, seen: ConvolutionalGRUState, state: ConvolutionalGRUState, projected: Float[Array, "G *space"]
    ) -> tuple[ConvolutionalGRUState, Float[Array, " O"]]:
        """Return the next state and its hidden image; the part that z keeps is a part of `state`."""
        U_z = jnp.split(self.recurrent_weight, 3)[1]
        z = sigmoid(jnp.split(projected, 3)[1] + convolve(seen.hidden, U_z))
        after, _ = self.step(seen, projected)
        hidden = after.hidden + z * (state.hidden - seen.hidden)
        return ConvolutionalGRUState(hidden), hidden.reshape(-1)
