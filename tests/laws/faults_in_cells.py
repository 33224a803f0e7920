"""Cells and networks that are wrong on purpose, each in one place."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import sigmoid

from throughtime import (
    GRU,
    LSTM,
    Bidirectional,
    Elman,
    ElmanState,
    FixedWindow,
    GRUState,
    LSTMState,
    MeanPooling,
    Stack,
    unroll,
)
from throughtime.core.cell import Fused
from throughtime.networks import Dropout, MeanState, StackState


class ForgetForInput(LSTM):
    """Input and forget gate exchanged."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        f, i, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        cell = sigmoid(f) * state.cell + sigmoid(i) * jnp.tanh(g)
        hidden = sigmoid(o) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class CandidateForOutput(LSTM):
    """Candidate and output gate exchanged."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, f, o, g = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        cell = sigmoid(f) * state.cell + sigmoid(i) * jnp.tanh(g)
        hidden = sigmoid(o) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class MinusInCell(LSTM):
    """A minus where Eq. 3 has a plus."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, f, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        cell = sigmoid(f) * state.cell - sigmoid(i) * jnp.tanh(g)
        hidden = sigmoid(o) * jnp.tanh(cell)
        return LSTMState(hidden, cell), hidden


class CellOneStepLate(LSTM):
    """The output reads c_{t-1} where Eq. 4 has c_t."""

    def step(self, state: LSTMState, projected: Any) -> Any:
        i, f, g, o = jnp.split(projected + self.recurrent_weight @ state.hidden, 4)
        cell = sigmoid(f) * state.cell + sigmoid(i) * jnp.tanh(g)
        hidden = sigmoid(o) * jnp.tanh(state.cell)
        return LSTMState(hidden, cell), hidden


class KeepForTake(GRU):
    """z = 1 takes the new state."""

    def step(self, state: GRUState, projected: Any) -> Any:
        _, right = GRU.step(self, state, projected)
        z_in = jnp.split(projected, 3)[1] + jnp.split(self.recurrent_weight @ state.hidden, 3)[1]
        hidden = state.hidden + (right - state.hidden) * sigmoid(z_in) / (1 - sigmoid(z_in))
        return GRUState(hidden), hidden


class ResetBefore(GRU):
    """The reset gate acts on h before the product, as in the paper and not as we promise."""

    def step(self, state: GRUState, projected: Any) -> Any:
        r_in, z_in, n_in = jnp.split(projected, 3)
        U_r, U_z, U_n = jnp.split(self.recurrent_weight, 3)
        r, z = sigmoid(r_in + U_r @ state.hidden), sigmoid(z_in + U_z @ state.hidden)
        n = jnp.tanh(n_in + U_n @ (r * state.hidden) + r * self.candidate_bias)
        hidden = (1 - z) * n + z * state.hidden
        return GRUState(hidden), hidden


class SignInElman(Elman):
    """The recurrent product is taken away."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        hidden = jnp.tanh(projected - self.recurrent_weight @ state.hidden)
        return ElmanState(hidden), hidden


class WindowOffByOne(FixedWindow):
    """Every element counts as if it came one step later."""

    def project(self, x: Any) -> Any:
        contributions = super().project(x)
        return jnp.concatenate([jnp.zeros_like(contributions[:1]), contributions[:-1]])


class MeanOffByOne(MeanPooling):
    """One more element is counted than there are."""

    def step(self, state: MeanState, projected: Any) -> Any:
        steps = state.steps + 1
        mean = state.mean + (projected - state.mean) / (steps + 1)
        return MeanState(mean, steps), mean


class StackThatSkips(Stack):
    """Going step by step, the second layer is not run."""

    def step(self, state: StackState, projected: Any) -> Any:
        after, output = self.cells[0].step(state.layers[0], projected)
        return StackState((after, *state.layers[1:])), output[: self.output_size]


class StackThatSkipsWhole(Stack):
    """Over whole sequences, the second layer is not run."""

    def unroll_whole(self, inputs: Any, state: StackState, lengths: Any, reverse: bool) -> Any:
        after, outputs = unroll(self.cells[0], inputs, state.layers[0], lengths=lengths, reverse=reverse)
        return StackState((after, *state.layers[1:])), outputs[..., : self.output_size]


class DropoutThatShrinks(Dropout):
    """What is kept is not scaled up."""

    def thinned(self, key: Any, position: Any, x: Any) -> Any:
        return (1 - self.rate) * super().thinned(key, position, x)


class DropoutStuck(Dropout):
    """The position is not counted, so that each chunk and each step repeats the noise of the first."""

    def step(self, state: Any, projected: Any) -> Any:
        return state, Dropout.step(self, state, projected)[1]


class Drawn(Elman):
    """Noise from outside of key and state."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        like = jax.ShapeDtypeStruct((), projected.dtype)
        noise = jax.pure_callback(_next_number, like, vmap_method="sequential")
        return Elman.step(self, state, projected + 1e-3 * noise)


_drawn = iter(range(10**9))


def _next_number() -> Any:
    return np.asarray(next(_drawn) % 1000, dtype=jnp.zeros(()).dtype)


class Explodes(Elman):
    """A recurrence that grows without bound."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        hidden = projected + 1.5 * self.recurrent_weight @ state.hidden
        return ElmanState(hidden), hidden


class GradientCut(Elman):
    """The gradient stops at each step."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        return Elman.step(self, jax.lax.stop_gradient(state), projected)


class StateOfOtherType(MeanPooling):
    """The state before the first element has another type than the ones after it."""

    def initial_state(self) -> MeanState:
        return MeanState(jnp.full(self.input_size, 0.0), jnp.zeros(()))


class HiddenWeight(Elman):
    """A weight that is no leaf of the tree: it is neither saved nor loaded."""

    extra: float = eqx.field(static=True, default=0.0)

    def __init__(self, *sizes: int, extra: float, key: Any):
        super().__init__(*sizes, key=key)
        self.extra = extra

    def step(self, state: ElmanState, projected: Any) -> Any:
        return Elman.step(self, state, projected + self.extra)


class WrongSize(Elman):
    """Gives one feature less than it says."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        after, output = Elman.step(self, state, projected)
        return after, output[1:]


class NotFlipped(Bidirectional):
    """The backward cell reads forwards."""

    def run(self, inputs: Any, *, lengths: Any = None, key: Any = None) -> Any:
        there, back = (unroll(cell, inputs, lengths=lengths)[1] for cell in (self.forward, self.backward))
        return (), jnp.concatenate([there, back], axis=-1)


class BackwardIsLate(Bidirectional):
    """The backward outputs stand one step late."""

    def run(self, inputs: Any, *, lengths: Any = None, key: Any = None) -> Any:
        there, back = (
            unroll(cell, inputs, lengths=lengths, reverse=reverse)[1]
            for cell, reverse in ((self.forward, False), (self.backward, True))
        )
        return (), jnp.concatenate([there, jnp.roll(back, 1, axis=0)], axis=-1)


class WrongKernel(Elman):
    """The kernel of another activation."""

    def step(self, state: ElmanState, projected: Any) -> Any:
        return super().step(state, projected)

    def fused(self) -> Fused:
        return Fused("elman_relu", ("input_weight", "bias", "recurrent_weight"))
