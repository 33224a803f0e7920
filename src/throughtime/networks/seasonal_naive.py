"""The forecast that needs no learning: what was, one season ago."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from throughtime.core.cell import Cell
from throughtime.core.errors import ShapeError, check_sizes


class SeasonState(NamedTuple):
    """`past`: the features to forecast at the last steps, oldest first, zero before the first step,
    `[period, C]`."""

    past: Float[Array, "period C"]


class SeasonalNaive(Cell):
    r"""Forecasts each of the next steps by the last one known that is whole seasons before it.

    **Equations**

        y_t[h] = x_{t + h - m k},   k = ceil(h / m),   h = 1 ... horizon

    for seasons of m steps; with m = 1 it says that all stays as it is (persistence).

    **Shapes**

        x `[I]`; y `[horizon C]`, for C features, the features of the first step first

    Arguments:
        input_size: I, at least 1.
        features: which of the features are forecast, at least one, from 0.
        horizon: how many steps ahead, at least 1.
        period: m, at least 1. Before m steps were read, what is not known yet is 0.

    **Raises**

        ShapeError: a size below 1, or a feature that there is not.

    **Source**

        Hyndman & Athanasopoulos 2021, "Forecasting: principles and practice", 3rd edition, section 5.2.
    """

    features: tuple[int, ...] = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    period: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, *, features: Sequence[int], horizon: int, period: int = 1):
        check_sizes(input_size=input_size, horizon=horizon, period=period)
        if not features or not all(0 <= feature < input_size for feature in features):
            raise ShapeError(
                f"features are {list(features)} and the input has {input_size}; give one or more from 0 to "
                f"{input_size - 1}"
            )
        self.features = tuple(features)
        self.horizon = horizon
        self.period = period
        self.input_size = input_size
        self.output_size = horizon * len(features)

    def initial_state(self) -> SeasonState:
        """Return a past of zeros."""
        return SeasonState(jnp.zeros((self.period, len(self.features))))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " C"]:
        """Return the features that are forecast."""
        return x[np.array(self.features)]

    def step(
        self, state: SeasonState, projected: Float[Array, " C"]
    ) -> tuple[SeasonState, Float[Array, " O"]]:
        """Return the past one step on, and the forecast."""
        past = jnp.concatenate([state.past[1:], projected[None]])
        return SeasonState(past), past[np.arange(self.horizon) % self.period].reshape(-1)


def seasonal_naive(
    series: Float[np.ndarray, "T C"], *, horizon: int, period: int
) -> Float[np.ndarray, "T horizon C"]:
    """Return the forecasts of `SeasonalNaive` after each step of a whole series, NaN where what they would
    repeat lies before it."""
    ahead = np.arange(horizon) % period - (period - 1)
    origin = np.arange(len(series))[:, None] + ahead
    return np.where((origin >= 0)[..., None], series[np.maximum(origin, 0)], np.nan)
