"""Cells of forecasts that are wrong on purpose, each in one place."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from tests.laws.registry import Specimen
from tests.oracles.comparisons import agrees_with_paper
from throughtime import RollOut, SeasonalNaive, SeasonalResidual
from throughtime.networks.seasonal_naive import SeasonState


class RepeatsTheNewestFirst(SeasonalNaive):
    """A season is run through from its end."""

    def step(self, state: SeasonState, projected: Any) -> Any:
        after, _ = SeasonalNaive.step(self, state, projected)
        ahead = np.arange(self.horizon) % self.period
        return after, after.past[self.period - 1 - ahead].reshape(-1)


class AddsToTheRest(SeasonalResidual):
    """What stands behind the forecasts is added to as well."""

    def _sum(self, output: Any, repeated: Any) -> Any:
        added = jnp.resize(jnp.repeat(repeated, self.numbers, axis=-1), output.shape)
        return output + added


class KeepsItsDreams(RollOut):
    """What was foretold is taken for what came."""

    def step_seeing(self, seen: Any, state: Any, projected: Any) -> Any:
        after, said = RollOut.step_seeing(self, seen, state, projected)
        first = said[: self.cell.output_size]
        return self.cell.step(after, self.cell.project(first))[0], said


FAULTS: list[tuple[Callable[[Specimen], None], str, type]] = [
    (agrees_with_paper, "seasonal_naive", RepeatsTheNewestFirst),
    (agrees_with_paper, "seasonal_residual", AddsToTheRest),
    (agrees_with_paper, "roll_out", KeepsItsDreams),
]
