"""Wrappers that are wrong on purpose, each in one place."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from tests.laws import laws_of_cells
from tests.laws.registry import Specimen
from tests.oracles import comparisons_wrappers as noise
from tests.oracles.comparisons import agrees_with_paper
from throughtime import (
    ExpectedZoneout,
    LayerNormalisation,
    NormalisedSums,
    OutputFeedback,
    RecurrentDropout,
    ResidualStep,
    ScheduledSampling,
    TeacherForcing,
    Zoneout,
)
from throughtime.networks import layer_normalisation, units
from throughtime.networks.recurrent_dropout import RecurrentDropoutState


class GainOfAnotherUnit(LayerNormalisation):
    """The gains of the sums stand in the order of the other end."""

    def project(self, x: Any) -> Any:
        gains = tuple(gain[::-1] for gain in self.projected_gain)
        return LayerNormalisation.project(eqx.tree_at(lambda cell: cell.projected_gain, self, gains), x)


class NormalisesTheMemory(LayerNormalisation):
    """What the gate keeps is normalised too."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        normal = seen._replace(
            hidden=layer_normalisation.normalise(
                seen.hidden, self.hidden_gain[0], self.hidden_bias[0], self.epsilon
            )
        )
        return self.cell.step(normal, projected)


class EachGateByItself(NormalisedSums):
    """Mean and variance of the input's sums are taken gate by gate."""

    def project(self, x: Any) -> Any:
        parts = zip(
            jnp.split(self.cell.project(x) - self.cell.bias, 4), jnp.split(self.input_gain, 4), strict=True
        )
        normal = [layer_normalisation.normalise(part, gain, 0, self.epsilon) for part, gain in parts]
        return jnp.concatenate(normal) + self.cell.bias


class SumOfSumsNormalised(NormalisedSums):
    """The past is left as it is."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        return self.cell.step(seen, projected)


class MaskDrawnAnew(RecurrentDropout):
    """Each step has a mask of its own."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        other = jax.random.fold_in(state.key, 1)
        after, output = RecurrentDropout.step_seeing(self, seen, state._replace(key=other), projected)
        return after, output


class ThinsTheMemory(RecurrentDropout):
    """What the gate keeps is thinned too."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        def thin(number: int, field: str, values: Any) -> Any:
            kept = jax.random.bernoulli(jax.random.fold_in(state.key, number), 1 - self.rate, values.shape)
            return jnp.where(kept, values / (1 - self.rate), 0)

        thinned = units.map_units(thin, self.fields, seen.inner)
        after, output = self.cell.step(thinned, projected)
        return RecurrentDropoutState(after, state.key), output


class NotScaledUp(RecurrentDropout):
    """What is left is as it was."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        smaller = seen._replace(inner=seen.inner._replace(hidden=seen.inner.hidden * (1 - self.rate)))
        return RecurrentDropout.step_seeing(self, smaller, state, projected)


class KeepsTheNew(Zoneout):
    """The coin chooses the new value where it should choose the old one."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        after, output = Zoneout.step_seeing(self, seen, state, projected)
        fresh, _ = self.cell.step_seeing(seen.inner, state.inner, projected)
        other = jax.tree.map(lambda new, old, mixed: new + old - mixed, fresh, state.inner, after.inner)
        return after._replace(inner=other), output


class OneCoinForAllSteps(Zoneout):
    """The position is not counted."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        after, output = Zoneout.step_seeing(self, seen, state, projected)
        return after._replace(position=state.position), output


class TakesTheShareOfTheOld(ExpectedZoneout):
    """Old and new have each other's share."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        after, _ = ExpectedZoneout.step_seeing(self, seen, state, projected)
        fresh, _ = self.cell.step_seeing(seen, state, projected)
        other = jax.tree.map(lambda new, old, mixed: new + old - mixed, fresh, state, after)
        return other, other.hidden


class OutputBeforeZoneout(ExpectedZoneout):
    """The output is what the cell within gave."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        after, _ = ExpectedZoneout.step_seeing(self, seen, state, projected)
        return after, self.cell.step_seeing(seen, state, projected)[1]


class SharesExchanged(ResidualStep):
    """The new has the share of the old."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        after, _ = self.cell.step_seeing(seen, state, projected)
        new, old = jax.nn.sigmoid(self.old_share), jax.nn.sigmoid(self.new_share)
        hidden = new * after.hidden + old * state.hidden
        return after._replace(hidden=hidden), hidden


class NotSquashed(OutputFeedback):
    """The output goes back as it is."""

    def _own(self, state: Any, key: Any) -> Any:
        return jnp.where(state.position > 0, state.output, 0)


class OwnOutputOneStepLate(OutputFeedback):
    """What goes back is the output of two steps before."""

    def step(self, state: Any, projected: Any) -> Any:
        after, output = OutputFeedback.step(self, state, projected)
        return after._replace(output=state.output), output


class TargetOfTheNextStep(TeacherForcing):
    """Over a whole sequence each step is told the target that belongs one step later."""

    def unroll_whole(self, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
        size = self.free_size
        early = jnp.concatenate([inputs[..., :size], jnp.roll(inputs[..., size:], -1, axis=0)], axis=-1)
        return TeacherForcing.unroll_whole(self, early, state, lengths, reverse)


class ForgetsItsOutput(TeacherForcing):
    """After a whole sequence, the last output stands as it stood before."""

    def unroll_whole(self, inputs: Any, state: Any, lengths: Any, reverse: bool) -> Any:
        after, outputs = TeacherForcing.unroll_whole(self, inputs, state, lengths, reverse)
        return after._replace(output=state.output), outputs


class CoinTheOtherWay(ScheduledSampling):
    """The network is heard where the teacher should be."""

    def step(self, state: Any, projected: Any) -> Any:
        x, target = projected
        coin, choice = jax.random.split(jax.random.fold_in(state.key, state.position))
        is_heard = jax.random.bernoulli(coin, 1 - self.schedule(self.iteration))
        return self._go_on(state, x, jnp.where(is_heard, target, self._own(state, choice)))


class OneCoinForTheSequence(ScheduledSampling):
    """The coin does not depend on the step."""

    def step(self, state: Any, projected: Any) -> Any:
        x, target = projected
        coin, choice = jax.random.split(state.key)
        is_heard = jax.random.bernoulli(coin, self.schedule(self.iteration))
        return self._go_on(state, x, jnp.where(is_heard, target, self._own(state, choice)))


FAULTS: list[tuple[Callable[[Specimen], None], str, type]] = [
    (agrees_with_paper, "layer_normalisation", GainOfAnotherUnit),
    (agrees_with_paper, "layer_normalisation", NormalisesTheMemory),
    (agrees_with_paper, "normalised_sums", EachGateByItself),
    (agrees_with_paper, "normalised_sums", SumOfSumsNormalised),
    (noise.hides_as_it_should, "recurrent_dropout", MaskDrawnAnew),
    (noise.hides_as_it_should, "recurrent_dropout", NotScaledUp),
    (noise.masks_the_weights, "recurrent_dropout", ThinsTheMemory),
    (noise.keeps_as_it_should, "zoneout", KeepsTheNew),
    (noise.keeps_as_it_should, "zoneout", OneCoinForAllSteps),
    (agrees_with_paper, "zoneout_expected", TakesTheShareOfTheOld),
    (agrees_with_paper, "zoneout_expected", OutputBeforeZoneout),
    (agrees_with_paper, "residual_step", SharesExchanged),
    (agrees_with_paper, "output_feedback", NotSquashed),
    (agrees_with_paper, "output_feedback", OwnOutputOneStepLate),
    (agrees_with_paper, "teacher_forcing", TargetOfTheNextStep),
    (laws_of_cells.steps_make_the_whole, "teacher_forcing", TargetOfTheNextStep),
    (agrees_with_paper, "teacher_forcing", ForgetsItsOutput),
    (noise.hears_as_it_should, "scheduled_sampling", CoinTheOtherWay),
    (noise.hears_as_it_should, "scheduled_sampling", OneCoinForTheSequence),
]
"""What catches each fault, and in the place of which row."""
