"""Reservoirs that are wrong on purpose, each in one place."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from tests.laws import laws_of_cells
from tests.laws.registry import Specimen
from tests.oracles import comparisons_reservoirs
from tests.oracles.comparisons import agrees_with_paper
from throughtime import EchoState, Liquid, NetNoise, Parallel, SpikeFilter
from throughtime.reservoirs import ReservoirState


class GainsByItsLeak(EchoState):
    """The gain is taken for the leak."""

    def step(self, state: ReservoirState, projected: Any) -> Any:
        driven = jnp.tanh(projected + self.recurrent_weight.times(state.hidden))
        hidden = (1 - self.leak) * state.hidden + self.leak * driven
        return ReservoirState(hidden), hidden


class ReadsItsRowsAsColumns(EchoState):
    """The sparse matrix is transposed."""

    def step(self, state: ReservoirState, projected: Any) -> Any:
        driven = jnp.tanh(projected + self.recurrent_weight.dense().T @ state.hidden)
        hidden = (1 - self.leak) * state.hidden + self.gain * driven
        return ReservoirState(hidden), hidden


class OneNoiseForAllSteps(NetNoise):
    """The position is forgotten."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        still = state._replace(position=jnp.zeros_like(state.position))
        after, output = NetNoise.step_seeing(self, seen, still, projected)
        return after._replace(position=state.position + 1), output


class FirstBranchStartsAnew(Parallel):
    """A sequence that goes on begins anew in the first cell."""

    def unroll_whole(self, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
        first, *rest = state.branches
        state = state._replace(branches=(jax.tree.map(jnp.zeros_like, first), *rest))
        return Parallel.unroll_whole(self, inputs, state, lengths, reverse)


class FiresWhileRefractory(Liquid):
    """The pause after a spike is forgotten."""

    def step(self, state: Any, projected: Any) -> Any:
        awake = state._replace(refractory_steps=jnp.zeros_like(state.refractory_steps))
        return Liquid.step(self, awake, projected)


class PulsesComeAStepLate(Liquid):
    """The ring of pulses is read one slot too early."""

    def step(self, state: Any, projected: Any) -> Any:
        shifted = state._replace(arriving_na=jnp.roll(state.arriving_na, 1, axis=0))
        after, spikes = Liquid.step(self, shifted, projected)
        return after._replace(arriving_na=jnp.roll(after.arriving_na, -1, axis=0)), spikes


class ForgetsBeforeItHears(SpikeFilter):
    """The new spike decays too."""

    def step(self, state: Any, projected: Any) -> Any:
        return SpikeFilter.step(self, state, projected * 0.9)


FAULTS: list[tuple[Callable[[Specimen], None], str, type]] = [
    (agrees_with_paper, "echo_state", GainsByItsLeak),
    (agrees_with_paper, "echo_state", ReadsItsRowsAsColumns),
    (comparisons_reservoirs.drives_as_it_should, "net_noise", OneNoiseForAllSteps),
    (agrees_with_paper, "liquid", FiresWhileRefractory),
    (agrees_with_paper, "liquid", PulsesComeAStepLate),
    (agrees_with_paper, "spike_filter", ForgetsBeforeItHears),
    (laws_of_cells.steps_make_the_whole, "parallel", FirstBranchStartsAnew),
]
"""What catches each fault, and in the place of which row."""
