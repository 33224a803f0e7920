"""Variants of the LSTM and of the GRU whose gates are wrong on purpose, each in one place."""

from typing import Any

import jax.numpy as jnp
from jax.nn import sigmoid

from throughtime import (
    GRU,
    CoupledLSTM,
    CoupledPeepholeLSTM,
    GRUState,
    LSTMState,
    MinimalGatedUnit,
    PeepholeLSTM,
    ResetBeforeGRU,
)


class CarriesNothing(GRU):
    """What the gate keeps is a part of nothing."""

    def step_seeing(self, seen: GRUState, state: GRUState, projected: Any) -> Any:
        return GRU.step_seeing(self, seen, GRUState(jnp.zeros_like(state.hidden)), projected)


class OutputLooksBack(PeepholeLSTM):
    """The output gate sees c_{t-1} where Eq. 4 has c_t."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, f, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        p_i, p_f, p_o = self.peephole_weight
        i, f = sigmoid(i + p_i * state.cell), sigmoid(f + p_f * state.cell)
        cell = f * state.cell + i * jnp.tanh(g)
        hidden = sigmoid(o + p_o * state.cell) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class PeepholesExchanged(PeepholeLSTM):
    """Input and forget gate have each other's peephole."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, f, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        p_f, p_i, p_o = self.peephole_weight
        i, f = sigmoid(i + p_i * state.cell), sigmoid(f + p_f * state.cell)
        cell = f * state.cell + i * jnp.tanh(g)
        hidden = sigmoid(o + p_o * cell) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class ForgetIsInput(CoupledLSTM):
    """f = i where Eq. 3 has 1 - i."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 3)
        cell = sigmoid(i) * state.cell + sigmoid(i) * jnp.tanh(g)
        hidden = sigmoid(o) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class KeepForWrite(CoupledLSTM):
    """i keeps and 1 - i writes."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 3)
        cell = sigmoid(i) * state.cell + (1 - sigmoid(i)) * jnp.tanh(g)
        hidden = sigmoid(o) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class CoupledOutputLooksBack(CoupledPeepholeLSTM):
    """The output gate sees c_{t-1} where Eq. 4 has c_t."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 3)
        p_i, p_o = self.peephole_weight
        i = sigmoid(i + p_i * state.cell)
        cell = (1 - i) * state.cell + i * jnp.tanh(g)
        hidden = sigmoid(o + p_o * state.cell) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class CoupledWithoutPeephole(CoupledPeepholeLSTM):
    """f is 1 less the input gate as it was before its peephole."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 3)
        p_i, p_o = self.peephole_weight
        cell = (1 - sigmoid(i)) * state.cell + sigmoid(i + p_i * state.cell) * jnp.tanh(g)
        hidden = sigmoid(o + p_o * cell) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class ResetAfter(ResetBeforeGRU):
    """The reset gate acts on the product, as in `GRU`."""

    def step(self, state: GRUState, projected: Any) -> Any:
        r_in, z_in, n_in = jnp.split(projected, 3)
        r_back, z_back, n_back = jnp.split(self.recurrent_weight @ state.hidden, 3)
        r, z = sigmoid(r_in + r_back), sigmoid(z_in + z_back)
        hidden = (1 - z) * jnp.tanh(n_in + r * n_back) + z * state.hidden
        return GRUState(hidden), hidden


class UpdateForReset(ResetBeforeGRU):
    """Reset and update gate exchanged."""

    def step(self, state: GRUState, projected: Any) -> Any:
        z_in, r_in, n_in = jnp.split(projected, 3)
        U_z, U_r, U_n = jnp.split(self.recurrent_weight, 3)
        r, z = sigmoid(r_in + U_r @ state.hidden), sigmoid(z_in + U_z @ state.hidden)
        hidden = (1 - z) * jnp.tanh(n_in + U_n @ (r * state.hidden)) + z * state.hidden
        return GRUState(hidden), hidden


class KeepsForTakes(MinimalGatedUnit):
    """f = 1 keeps the old state."""

    def step(self, state: GRUState, projected: Any) -> Any:
        f_in, n_in = jnp.split(projected, 2)
        U_f, U_n = jnp.split(self.recurrent_weight, 2)
        f = sigmoid(f_in + U_f @ state.hidden)
        hidden = f * state.hidden + (1 - f) * jnp.tanh(n_in + U_n @ (f * state.hidden))
        return GRUState(hidden), hidden


class NeverResets(MinimalGatedUnit):
    """The candidate sees all of the hidden layer."""

    def step(self, state: GRUState, projected: Any) -> Any:
        f_in, n_in = jnp.split(projected, 2)
        U_f, U_n = jnp.split(self.recurrent_weight, 2)
        f = sigmoid(f_in + U_f @ state.hidden)
        hidden = (1 - f) * state.hidden + f * jnp.tanh(n_in + U_n @ state.hidden)
        return GRUState(hidden), hidden
