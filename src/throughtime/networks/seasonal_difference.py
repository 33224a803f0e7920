"""What is new in a value: its difference to the one a season before, beside itself."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError, ShapeError, check_sizes


class DifferenceState(NamedTuple):
    """`past`: the last steps, oldest first, `[period, I]`. `position`: how many steps there were."""

    past: Float[Array, "period I"]
    position: Integer[Array, ""]


class SeasonalDifference(Cell):
    r"""Each feature beside its difference to what it was a season before.

    A network sees small changes of a large number so; those alone would hide how large it is.

    **Equations**

        y_t = [x_t; (x_t - x_{t-m}) / s],   the second part 0 for the first m steps

    **Shapes**

        x `[I]`; y `[2 I]`

    Arguments:
        input_size: I, at least 1.
        scale: s, of each feature, above 0.
        period: m, at least 1.

    **Raises**

        ShapeError: a size below 1, or another number of scales.
        OptionError: a scale that is not above 0.

    **Source**

        Box & Jenkins 1970, "Time series analysis: forecasting and control" (seasonal differences).
    """

    scale: tuple[float, ...] = eqx.field(static=True)
    period: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, *, scale: Sequence[float], period: int = 1):
        check_sizes(input_size=input_size, period=period)
        check_scale(scale, input_size)
        self.scale = tuple(scale)
        self.period = period
        self.input_size = input_size
        self.output_size = 2 * input_size

    def initial_state(self) -> DifferenceState:
        """Return a past of zeros."""
        return DifferenceState(jnp.zeros((self.period, self.input_size)), jnp.zeros((), jnp.int32))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " I"]:
        """Return the input."""
        return x

    def step(
        self, state: DifferenceState, projected: Float[Array, " I"]
    ) -> tuple[DifferenceState, Float[Array, " O"]]:
        """Return the past one step on, and the input beside its difference."""
        change = (projected - state.past[0]) / jnp.array(self.scale)
        change = jnp.where(state.position < self.period, 0, change)
        past = jnp.concatenate([state.past[1:], projected[None]])
        return DifferenceState(past, state.position + 1), jnp.concatenate([projected, change])


def check_scale(scale: Sequence[float], count: int) -> None:
    """Raise an error unless there are so many scales, all above 0."""
    if len(scale) != count:
        raise ShapeError(f"there are {len(scale)} scales and {count} features; give one for each")
    if min(scale) <= 0:
        raise OptionError(f"scale is {', '.join(f'{one:g}' for one in scale)}; give numbers above 0")
