"""When native code runs a liquid, and the same steps in plain JAX for all else."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from throughtime.core.errors import UsageError
from throughtime.core.fused import OFF, VARIABLE, instruction_set
from throughtime.core.scanning import scan
from throughtime.kernels.library import DTYPES
from throughtime.kernels.liquid import Counts, LiquidPlan, Numbers, Places, Weights, is_built, run, within
from throughtime.reservoirs.native_run import hollow

if TYPE_CHECKING:
    from throughtime.reservoirs.liquid import Liquid, LiquidState


def can_run_natively(cell: Liquid, state: LiquidState, projected: Float[Array, "T B H"]) -> bool:
    """Tell whether native code can run a liquid on these arrays: all numbers are of one precision, and there
    is something to do.

    **Raises**

        UsageError: the native code was built before it knew liquids.
    """
    chosen = instruction_set()
    if chosen == OFF:
        return False
    if not is_built(chosen):
        raise UsageError(
            "the native kernels are older than the rest of throughtime and know no liquids; install "
            f"throughtime again, or set {VARIABLE}={OFF} to do without them"
        )
    numbers = [leaf for leaf in jax.tree.leaves((cell, state, projected)) if eqx.is_inexact_array(leaf)]
    dtypes = {str(leaf.dtype) for leaf in numbers}
    return len(dtypes) == 1 and dtypes <= set(DTYPES) and projected.size > 0


def run_natively(
    cell: Liquid,
    state: LiquidState,
    projected: Float[Array, "T B H"],
    lengths: Integer[Array, " B"] | None,
    reverse: bool,
) -> tuple[LiquidState, Float[Array, "T B H"]]:
    """Run a liquid over projected sequences with native code on a CPU, step by step on other platforms."""
    steps, batch_size = projected.shape[:2]
    real = jnp.full(batch_size, steps, jnp.int32) if lengths is None else lengths.astype(jnp.int32)
    decays, neurons, synapses = cell.neurons.decays(cell.step_ms), cell.neurons, cell.synapses
    constants = (
        *decays, neurons.resistance_mohm, neurons.background_na, neurons.threshold_mv, neurons.reset_mv,
        cell.step_ms,
    )  # fmt: skip
    plain = _PlainSteps(hollow(cell), reverse, lengths is not None)
    plan = LiquidPlan(constants, reverse, instruction_set(), plain)
    numbers, counts = jax.lax.platform_dependent(
        Weights(synapses.amplitude_na, synapses.use, synapses.depression_ms, synapses.facilitation_ms),
        Places(
            within(synapses.targets, 0, cell.output_size - 1),
            within(synapses.delay_steps, 1, cell.slots - 1),
            cell.inhibitory.astype(jnp.int32),
            cell.refractory_steps.astype(jnp.int32),
            real,
        ),
        Numbers(projected, *state[:5]),
        Counts(*state[5:7], within(state.position, 0, cell.slots - 1)),
        cpu=functools.partial(run, plan),
        default=plain,
    )
    return type(state)(*numbers[1:], *counts), numbers.driven


@dataclass(frozen=True)
class _PlainSteps:
    """A liquid's steps under `lax.scan`, as a function of the arrays that the native code reads."""

    cell: Any
    reverse: bool
    masked: bool

    def __call__(
        self, weights: Weights, places: Places, numbers: Numbers, counts: Counts
    ) -> tuple[Numbers, Counts]:
        """Run the liquid."""
        synapses = type(self.cell.synapses)(*weights, places.targets, places.delay_steps)
        cell = eqx.tree_at(
            lambda cell: (cell.synapses, cell.inhibitory, cell.refractory_steps),
            self.cell,
            (synapses, places.inhibitory, places.refractory_steps),
            is_leaf=lambda leaf: leaf is None,
        )
        start = self.cell.state_of(*numbers[1:], *counts)
        lengths = places.lengths if self.masked else None
        after, spikes = scan(cell, start, numbers.driven, lengths, self.reverse)
        return Numbers(spikes, *after[:5]), Counts(*after[5:])
