"""Cells over images that are wrong on purpose, each in one place."""

from typing import Any

import jax.numpy as jnp
from jax.nn import sigmoid

from tests.oracles import comparisons
from throughtime import Convolution, ConvolutionalGRU, ConvolutionalLSTM
from throughtime.cells import ConvolutionalGRUState, ConvolutionalLSTMState
from throughtime.cells.convolution import convolve


class InputForForget(ConvolutionalLSTM):
    """Input and forget gate exchanged."""

    def step(self, state: ConvolutionalLSTMState, projected: Any) -> Any:
        f, i, g, o = jnp.split(projected + convolve(state.hidden, self.recurrent_weight), 4)
        p_i, p_f, p_o = self.everywhere(self.peephole_weight)
        i, f = sigmoid(i + p_i * state.cell), sigmoid(f + p_f * state.cell)
        cell = f * state.cell + i * jnp.tanh(g)
        hidden = sigmoid(o + p_o * cell) * jnp.tanh(cell)
        return ConvolutionalLSTMState(hidden, cell), hidden.reshape(-1)


class OutputLooksBack(ConvolutionalLSTM):
    """The output gate sees c_{t-1} where Eq. 4 has c_t."""

    def step(self, state: ConvolutionalLSTMState, projected: Any) -> Any:
        i, f, g, o = jnp.split(projected + convolve(state.hidden, self.recurrent_weight), 4)
        p_i, p_f, p_o = self.everywhere(self.peephole_weight)
        i, f = sigmoid(i + p_i * state.cell), sigmoid(f + p_f * state.cell)
        cell = f * state.cell + i * jnp.tanh(g)
        hidden = sigmoid(o + p_o * state.cell) * jnp.tanh(cell)
        return ConvolutionalLSTMState(hidden, cell), hidden.reshape(-1)


class StateKernelFlipped(ConvolutionalLSTM):
    """The state is convolved in the sense of mathematics, with the kernel turned around."""

    def step(self, state: ConvolutionalLSTMState, projected: Any) -> Any:
        sound = convolve(state.hidden, self.recurrent_weight)
        turned = convolve(state.hidden, self.recurrent_weight[:, :, ::-1, ::-1])
        return super().step(state, projected - sound + turned)


class HeightForWidth(ConvolutionalLSTM):
    """The vector is read down the columns."""

    def project(self, x: Any) -> Any:
        height, width = self.space
        return super().project(x.reshape(-1, width, height).swapaxes(1, 2).reshape(-1))


class ChannelsLast(ConvolutionalLSTM):
    """The vector is given with the channels running fastest."""

    def step(self, state: ConvolutionalLSTMState, projected: Any) -> Any:
        after, _ = super().step(state, projected)
        return after, jnp.moveaxis(after.hidden, 0, -1).reshape(-1)


class InputKernelFlipped(ConvolutionalGRU):
    """The input is convolved with the kernel turned around."""

    def project(self, x: Any) -> Any:
        image = x.reshape(-1, *self.space)
        return convolve(image, self.input_weight[..., ::-1]) + self.everywhere(self.bias)


class ResetAfter(ConvolutionalGRU):
    """The reset gate acts on what the convolution gives."""

    def step(self, state: ConvolutionalGRUState, projected: Any) -> Any:
        r_in, z_in, n_in = jnp.split(projected, 3)
        r_back, z_back, n_back = jnp.split(convolve(state.hidden, self.recurrent_weight), 3)
        r, z = sigmoid(r_in + r_back), sigmoid(z_in + z_back)
        hidden = (1 - z) * jnp.tanh(n_in + r * n_back) + z * state.hidden
        return ConvolutionalGRUState(hidden), hidden.reshape(-1)


class TakesForKeeps(ConvolutionalGRU):
    """z = 1 takes the new state, as in the paper."""

    def step(self, state: ConvolutionalGRUState, projected: Any) -> Any:
        r_in, z_in, n_in = jnp.split(projected, 3)
        r_back, z_back, _ = jnp.split(convolve(state.hidden, self.recurrent_weight), 3)
        r, z = sigmoid(r_in + r_back), sigmoid(z_in + z_back)
        n = jnp.tanh(n_in + convolve(r * state.hidden, self.recurrent_weight[-len(r) :]))
        hidden = z * n + (1 - z) * state.hidden
        return ConvolutionalGRUState(hidden), hidden.reshape(-1)


class BiasOfTheNextChannel(Convolution):
    """Each channel has the bias of the one after it."""

    def project(self, x: Any) -> Any:
        places = self.output_size // len(self.bias)
        return super().project(x) + jnp.repeat(jnp.roll(self.bias, -1) - self.bias, places)


FAULTS = [
    (comparisons.agrees_with_paper, "convolutional_lstm", InputForForget),
    (comparisons.agrees_with_paper, "convolutional_lstm", OutputLooksBack),
    (comparisons.agrees_with_paper, "convolutional_lstm", StateKernelFlipped),
    (comparisons.agrees_with_paper, "convolutional_lstm", HeightForWidth),
    (comparisons.agrees_with_paper, "convolutional_lstm", ChannelsLast),
    (comparisons.agrees_with_paper, "convolutional_gru", InputKernelFlipped),
    (comparisons.agrees_with_paper, "convolutional_gru", ResetAfter),
    (comparisons.agrees_with_paper, "convolutional_gru", TakesForKeeps),
    (comparisons.agrees_with_paper, "convolution", BiasOfTheNextChannel),
]
