"""Spikes that are remembered for a while: what a linear readout of a liquid reads."""

import math
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError, check_sizes


class SpikeFilterState(NamedTuple):
    """`trace`: the spikes so far, each weighed by how long ago it was, `[I]`."""

    trace: Float[Array, "*B I"]


class SpikeFilter(Cell):
    r"""Filters each feature by an exponential that forgets.

    **Equations**

        y_t = exp(-step_ms / filter_ms) y_{t-1} + x_t

    **Shapes**

        x, y, trace `[I]`

    Arguments:
        input_size: number of features, at least 1; there are as many outputs.
        filter_ms: in how many milliseconds a spike falls to 1/e, above 0.
        step_ms: how long a step is, above 0.

    **Raises**

        OptionError: a time is not above 0.

    **Cost**

        a step: I multiply-adds; no weights

    **Source**

        Maass, Natschlaeger & Markram 2002, Neural Computation 14(11), section 4 (30 ms, for their readouts).
    """

    kind: ClassVar[str] = "spike_filter"

    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    filter_ms: float = eqx.field(static=True)
    step_ms: float = eqx.field(static=True)

    def __init__(self, input_size: int, *, filter_ms: float = 30.0, step_ms: float = 1.0):
        check_sizes(input_size=input_size)
        for name, value in (("filter_ms", filter_ms), ("step_ms", step_ms)):
            if not 0 < value < math.inf:
                raise OptionError(f"{name} is {value}; choose a number above 0")
        self.input_size = self.output_size = input_size
        self.filter_ms = float(filter_ms)
        self.step_ms = float(step_ms)

    def initial_state(self) -> SpikeFilterState:
        """Return no spikes."""
        return SpikeFilterState(jnp.zeros(self.input_size))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " I"]:
        """Return the element as it is."""
        return x

    def step(
        self, state: SpikeFilterState, projected: Float[Array, " I"]
    ) -> tuple[SpikeFilterState, Float[Array, " I"]]:
        """Return the trace with what has come."""
        trace = math.exp(-self.step_ms / self.filter_ms) * state.trace + projected
        return SpikeFilterState(trace), trace
