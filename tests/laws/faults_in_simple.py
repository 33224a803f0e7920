"""Simple networks, variants of the LSTM and a learned start that are wrong on purpose, each in one place."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax.nn import sigmoid

from throughtime import (
    IRNN,
    ElmanState,
    FullGateRecurrenceLSTM,
    GateRecurrenceState,
    HigherOrderElman,
    HigherOrderState,
    Jordan,
    JordanState,
    LeakyElman,
    LearnedStart,
    LSTMState,
    NoForgetGateLSTM,
    NoInputActivationLSTM,
    NoInputGateLSTM,
    NoOutputActivationLSTM,
    NoOutputGateLSTM,
    OriginalLSTM,
    PartialPeepholeLSTM,
)


class ForgetsTheRectifier(IRNN):
    """The units are linear."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        hidden = projected + self.recurrent_weight @ state.hidden
        return ElmanState(hidden), hidden


class LeaksWithoutLimit(LeakyElman):
    """What is seen is added whole, and not a part of it."""

    def step_seeing(self, seen: ElmanState, state: ElmanState, projected: Any) -> Any:
        driven = jnp.tanh(projected + self.recurrent_weight @ seen.hidden)
        hidden = (1 - 1 / self.time_constant) * state.hidden + driven
        return ElmanState(hidden), hidden


class LeaksWhatItShouldKeep(LeakyElman):
    """The two shares are exchanged."""

    def step_seeing(self, seen: ElmanState, state: ElmanState, projected: Any) -> Any:
        driven = jnp.tanh(projected + self.recurrent_weight @ seen.hidden)
        hidden = driven + (state.hidden - driven) / self.time_constant
        return ElmanState(hidden), hidden


class OrderOffByOne(HigherOrderElman):
    """Every block reads the state one step before its own; the latest is seen by none."""

    def step(self, state: HigherOrderState, projected: Any) -> Any:
        late = HigherOrderState(jnp.roll(state.hidden, -1, axis=0))
        _, hidden = super().step(late, projected)
        return HigherOrderState(jnp.concatenate([hidden[None], state.hidden[:-1]])), hidden


class OldestFirst(HigherOrderElman):
    """The blocks are taken in the wrong order."""

    def step(self, state: HigherOrderState, projected: Any) -> Any:
        _, hidden = super().step(HigherOrderState(state.hidden[::-1]), projected)
        return HigherOrderState(jnp.concatenate([hidden[None], state.hidden[:-1]])), hidden


class FeedsBackBeforeSquashing(Jordan):
    """What comes back is the output before its squashing."""

    def step(self, state: JordanState, projected: Any) -> Any:
        hidden = jnp.tanh(projected + self.recurrent_weight @ state.context)
        before = self.output_weight @ hidden + self.output_bias
        return JordanState(self.decay * state.context + before), jnp.tanh(before)


class FeedsAnOldOutputBack(Jordan):
    """The newest output has faded when it comes back, as if it were the one of the step before."""

    def step(self, state: JordanState, projected: Any) -> Any:
        _, output = super().step(state, projected)
        return JordanState(self.decay * (state.context + output)), output


class NothingIsAddedUp(OriginalLSTM):
    """The memory is halved at each step, as if there were a forget gate."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        return super().step(LSTMState(state.hidden, state.cell / 2), projected)


class SquashingsExchanged(OriginalLSTM):
    """g reaches to 1 and h to 2."""

    squashing: ClassVar[Any] = {"g": OriginalLSTM.squashing["h"], "h": OriginalLSTM.squashing["g"]}


class InputGateForForget(NoInputGateLSTM):
    """The gate that there is writes, and the memory is always kept."""

    gates: ClassVar[tuple[str, ...]] = ("i", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("i", "o")


class ForgetGateForInput(NoForgetGateLSTM):
    """The gate that there is keeps, and everything is written."""

    gates: ClassVar[tuple[str, ...]] = ("f", "g", "o")
    peepholes: ClassVar[tuple[str, ...]] = ("f", "o")


class OutputLooksBack(NoForgetGateLSTM):
    """The output gate sees c_{t-1} where Eq. 3 has c_t."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 3)
        p_i, p_o = self.peephole_weight
        cell = state.cell + sigmoid(i + p_i * state.cell) * jnp.tanh(g)
        hidden = sigmoid(o + p_o * state.cell) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class GatesExchanged(NoOutputGateLSTM):
    """Input and forget gate exchanged."""

    gates: ClassVar[tuple[str, ...]] = ("f", "i", "g")


class SquashedAfterAll(NoInputActivationLSTM):
    """What is written is squashed."""

    squashing: ClassVar[Any] = {"g": jnp.tanh, "h": jnp.tanh}


class UnsquashedInput(NoOutputActivationLSTM):
    """The other squashing is the one that is left out."""

    squashing: ClassVar[Any] = NoInputActivationLSTM.squashing


class GatesOfNow(FullGateRecurrenceLSTM):
    """The output gate sees the input and forget gates of this step where Eq. 1 has those of the last."""

    def step(self, state: GateRecurrenceState, projected: Any) -> Any:
        first, _ = super().step(state, projected)
        now = state.gates.at[:2].set(first.gates[:2])
        o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)[3]
        r_o = jnp.split(self.gate_weight @ now.ravel(), 3)[2]
        o = sigmoid(o + self.peephole_weight[2] * first.cell + r_o)
        hidden = o * jnp.tanh(first.cell)
        return GateRecurrenceState(hidden, first.cell, first.gates.at[2].set(o)), hidden


class FromAndToExchanged(FullGateRecurrenceLSTM):
    """The connections between gates run the other way."""

    def step(self, state: GateRecurrenceState, projected: Any) -> Any:
        size = self.output_size
        blocks = self.gate_weight.reshape(3, size, 3, size).swapaxes(0, 2).reshape(3 * size, 3 * size)
        turned = jax.tree.map(lambda leaf: blocks if leaf is self.gate_weight else leaf, self)
        return FullGateRecurrenceLSTM.step(turned, state, projected)


class OtherGatePeeps(PartialPeepholeLSTM):
    """The peephole of the forget gate belongs to the input gate."""

    def _opening(self, gate: str, a: Any, memory: Any) -> Any:
        if gate == "o":
            return super()._opening(gate, a, memory)
        return sigmoid(a[gate] + (self.peephole_weight[0] * memory if gate == "i" else 0))


class StartsAtZero(LearnedStart):
    """What was learned is not used."""

    def initial_state(self) -> Any:
        return self.cell.initial_state()


class StartsTheOtherWayRound(LearnedStart):
    """Hidden layer and memory start with each other's numbers."""

    def initial_state(self) -> LSTMState:
        cell, hidden = self.start
        return LSTMState(hidden, cell)


FAULTS: list[tuple[str, type]] = [
    ("irnn", ForgetsTheRectifier),
    ("leaky_elman", LeaksWithoutLimit),
    ("leaky_elman", LeaksWhatItShouldKeep),
    ("elman_higher_order", OrderOffByOne),
    ("elman_higher_order", OldestFirst),
    ("jordan", FeedsBackBeforeSquashing),
    ("jordan", FeedsAnOldOutputBack),
    ("lstm_1997", NothingIsAddedUp),
    ("lstm_1997", SquashingsExchanged),
    ("lstm_no_input_gate", InputGateForForget),
    ("lstm_no_forget_gate", ForgetGateForInput),
    ("lstm_no_forget_gate", OutputLooksBack),
    ("lstm_no_output_gate", GatesExchanged),
    ("lstm_no_input_activation", SquashedAfterAll),
    ("lstm_no_output_activation", UnsquashedInput),
    ("lstm_full_gate_recurrence", GatesOfNow),
    ("lstm_full_gate_recurrence", FromAndToExchanged),
    ("lstm_partial_peephole", OtherGatePeeps),
    ("learned_start", StartsAtZero),
    ("learned_start", StartsTheOtherWayRound),
]
"""The row of each fault; the paper beside it has to notice."""
