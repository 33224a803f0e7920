"""A network that is asked for what a season does not explain."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.errors import ShapeError
from throughtime.core.unroll import unroll
from throughtime.networks.seasonal_difference import check_scale
from throughtime.networks.seasonal_naive import SeasonalNaive, SeasonState
from throughtime.networks.wrapper import check_is_cell


class ResidualState(NamedTuple):
    """The states of the `cell`, and of the forecast that it is added to, `base`."""

    cell: State
    base: SeasonState


class SeasonalResidual(SelfUnrollingCell):
    r"""A forecaster whose every number is added to what the seasonal naive forecast says.

    **Equations**

        y_t[h, c, q] = s_c r_t[h, c, q] + b_t[h, c],   r as the cell gives it, b as `SeasonalNaive` does

    **Shapes**

        x `[I]`; r and y `[horizon C Q]`: of each step and each feature, Q numbers, such as quantiles, and
        behind them whatever the cell gives besides, which is left as it is

    Arguments:
        cell: any cell, a stack too.
        features, horizon, period: as `SeasonalNaive` has them.
        scale: s, of each of these features, above 0; 1 when left out.
        numbers: Q, at least 1.

    **Raises**

        NotACellError: `cell` must see the whole sequence.
        ShapeError: it gives fewer than horizon C Q numbers.

    **Source**

        Box & Jenkins 1970, "Time series analysis: forecasting and control" (seasonal differences): the cell
        is trained on differences to the season before, and this takes them back.
    """

    cell: Cell
    base: SeasonalNaive
    scale: tuple[float, ...] = eqx.field(static=True)
    numbers: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        cell: Cell,
        *,
        features: Sequence[int],
        horizon: int,
        period: int = 1,
        scale: Sequence[float] | None = None,
        numbers: int = 1,
    ):
        check_is_cell(cell, type(self).__name__)
        base = SeasonalNaive(cell.input_size, features=features, horizon=horizon, period=period)
        if cell.output_size < base.output_size * numbers:
            raise ShapeError(
                f"the cell gives {cell.output_size} numbers, and {horizon} steps of {len(features)} features "
                f"with {numbers} numbers each are {base.output_size * numbers}; give a cell with as many"
            )
        self.scale = tuple(scale or (1.0,) * len(features))
        check_scale(self.scale, len(features))
        self.cell = cell
        self.base = base
        self.numbers = numbers
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def initial_state(self) -> ResidualState:
        """Return the initial states of both."""
        return ResidualState(self.cell.initial_state(), self.base.initial_state())

    def project(self, x: Shaped[Array, " I"]) -> tuple[Projected, Projected]:
        """Return the projections of both."""
        return self.cell.project(x), self.base.project(x)

    def step(
        self, state: ResidualState, projected: tuple[Projected, Projected]
    ) -> tuple[ResidualState, Float[Array, " O"]]:
        """Return the next states, and the sum."""
        return self.step_seeing(state, state, projected)

    def step_seeing(
        self, seen: ResidualState, state: ResidualState, projected: tuple[Projected, Projected]
    ) -> tuple[ResidualState, Float[Array, " O"]]:
        """Return the next states, the cell seeing its own part of `seen`, and the sum."""
        cell, output = self.cell.step_seeing(seen.cell, state.cell, projected[0])
        base, repeated = self.base.step(state.base, projected[1])
        return ResidualState(cell, base), self._sum(output, repeated)

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: ResidualState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[ResidualState, Float[Array, "T B O"]]:
        """Run the cell by its own means, and the forecast beside it."""
        cell, outputs = unroll(self.cell, inputs, state.cell, lengths=lengths, reverse=reverse)
        base, repeated = unroll(self.base, inputs, state.base, lengths=lengths, reverse=reverse)
        return ResidualState(cell, base), self._sum(outputs, repeated)

    def _sum(self, output: Float[Array, "*T O"], repeated: Float[Array, "*T N"]) -> Float[Array, "*T O"]:
        added = jnp.repeat(repeated, self.numbers, axis=-1)
        size = added.shape[-1]
        scale = jnp.tile(jnp.repeat(jnp.array(self.scale), self.numbers), self.base.horizon)
        return jnp.concatenate([scale * output[..., :size] + added, output[..., size:]], axis=-1)
