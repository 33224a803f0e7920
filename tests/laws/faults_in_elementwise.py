"""Element-wise cells that are wrong on purpose, each in one place, and dense ones that say they are not."""

from typing import Any

import jax.numpy as jnp
from jax.nn import sigmoid

from tests.laws.laws_of_cells import steps_make_the_whole
from tests.laws.laws_of_elementwise_cells import executions_agree, units_see_themselves_alone
from tests.oracles.comparisons import agrees_with_paper
from throughtime import LRU, ComplexState, ElementwiseCell, ElementwiseLSTM, Elman, IndRNN, MinGRU, MinLSTM
from throughtime.cells import ElementwiseLSTMState, IndRNNState, InputGatedState
from throughtime.cells.min_gru import positive


class DenseThatSaysElementwise(Elman, ElementwiseCell):
    """A matrix between the units of one step and the next."""


class NeighboursWeights(IndRNN):
    """Unit k computes with the input weights of unit k - 1."""

    def step(self, state: IndRNNState, projected: Any) -> Any:
        return super().step(state, jnp.roll(projected, 1))


class RecurrentOutsideOfActivation(IndRNN):
    """The own last value is added after the activation."""

    def step(self, state: IndRNNState, projected: Any) -> Any:
        hidden = self.activations[self.activation](projected) + self.recurrent_weight * state.hidden
        return IndRNNState(hidden), hidden


class GateSeesTheOutput(ElementwiseLSTM):
    """The forget gate sees the memory through the output weights, as all units of it."""

    def step(self, state: ElementwiseLSTMState, projected: Any) -> Any:
        f_in, z_in, o_in = jnp.split(projected, 3)
        mixed = jnp.concatenate([f_in + self.output_weight @ state.cell, z_in, o_in])
        return super().step(state, mixed)


class PeepholesExchanged(ElementwiseLSTM):
    """Forget gate and candidate have each other's recurrent weights."""

    def step(self, state: ElementwiseLSTMState, projected: Any) -> Any:
        f_in, z_in, o_in = jnp.split(projected, 3)
        w_z, w_f = jnp.split(self.recurrent_weight, 2)
        f, z = sigmoid(f_in + w_f * state.cell), jnp.tanh(z_in + w_z * state.cell)
        cell = f * state.cell + (1 - f) * z
        return ElementwiseLSTMState(cell), sigmoid(o_in + self.output_weight @ cell) * cell


class OutputLooksBack(ElementwiseLSTM):
    """The output gate sees c_{t-1} where Eq. 4 has c_t."""

    def step(self, state: ElementwiseLSTMState, projected: Any) -> Any:
        after, _ = super().step(state, projected)
        o = sigmoid(jnp.split(projected, 3)[2] + self.output_weight @ state.cell)
        return after, o * after.cell


class KeepsForTakes(MinGRU):
    """z = 1 keeps the old state."""

    def coefficients(self, projected: Any) -> Any:
        z_in, n_in = jnp.split(projected, 2)
        n = self.candidates[self.candidate](n_in)
        return InputGatedState(sigmoid(z_in)), InputGatedState(sigmoid(-z_in) * n)


class NotNormalised(MinLSTM):
    """The gates are not divided by their sum."""

    def coefficients(self, projected: Any) -> Any:
        f_in, i_in, n_in = jnp.split(projected, 3)
        return InputGatedState(sigmoid(f_in)), InputGatedState(
            sigmoid(i_in) * self.candidates[self.candidate](n_in)
        )


class ResumesElsewhere(MinLSTM):
    """A run over a whole sequence starts from g of the state given, as a published one does."""

    def unroll_whole(self, inputs: Any, state: InputGatedState, lengths: Any, reverse: bool) -> Any:
        return super().unroll_whole(inputs, InputGatedState(positive(state.hidden)), lengths, reverse)


class StepsOtherwise(MinLSTM):
    """A step by hand is not what the coefficients say."""

    def step(self, state: InputGatedState, projected: Any) -> Any:
        return super().step(InputGatedState(positive(state.hidden)), projected)


class TurnsBackwards(LRU):
    """The modes turn the other way."""

    def coefficients(self, projected: Any) -> Any:
        a, b = super().coefficients(projected)
        return ComplexState(a.real, -a.imaginary), b


class NotScaled(LRU):
    """The input comes in without gamma."""

    def coefficients(self, projected: Any) -> Any:
        a, _ = super().coefficients(projected)
        return a, ComplexState(*jnp.split(projected[0], 2))


class ConjugateRead(LRU):
    """The output is that of the conjugate state."""

    def read_out(self, state: ComplexState, projected: Any) -> Any:
        return super().read_out(ComplexState(state.real, -state.imaginary), projected)


FAULTS = [
    (units_see_themselves_alone, "elman_tanh", DenseThatSaysElementwise),
    (units_see_themselves_alone, "indrnn", NeighboursWeights),
    (units_see_themselves_alone, "lstm_elementwise", GateSeesTheOutput),
    (agrees_with_paper, "indrnn", RecurrentOutsideOfActivation),
    (agrees_with_paper, "lstm_elementwise", PeepholesExchanged),
    (agrees_with_paper, "lstm_elementwise", OutputLooksBack),
    (agrees_with_paper, "min_gru", KeepsForTakes),
    (agrees_with_paper, "min_lstm", NotNormalised),
    (steps_make_the_whole, "min_lstm", ResumesElsewhere),
    (executions_agree, "min_lstm", StepsOtherwise),
    (agrees_with_paper, "lru", TurnsBackwards),
    (agrees_with_paper, "lru", NotScaled),
    (agrees_with_paper, "lru", ConjugateRead),
]
