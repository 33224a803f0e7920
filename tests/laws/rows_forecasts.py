"""Cells of forecasts: one row each."""

import jax

from tests.laws.row import HIDDEN, INPUT, Row
from throughtime import (
    GRU,
    Elman,
    Linear,
    QuantileLevels,
    RollOut,
    SeasonalDifference,
    SeasonalNaive,
    SeasonalResidual,
    Stack,
)

SEASON = {"features": (2, 0), "horizon": 5, "period": 3}


def residual(key: jax.Array) -> SeasonalResidual:
    """Two numbers for each of four values, and one number more."""
    lower, upper = jax.random.split(key)
    stack = Stack([Elman(INPUT, HIDDEN, key=lower), Linear(HIDDEN, 9, key=upper)])
    return SeasonalResidual(stack, features=(2, 0), horizon=2, period=3, scale=(0.5, 2.0), numbers=2)


def roll_out(key: jax.Array) -> RollOut:
    """A network that foretells all that it reads."""
    lower, upper = jax.random.split(key)
    return RollOut(Stack([GRU(INPUT, HIDDEN, key=lower), Linear(HIDDEN, INPUT, key=upper)]), 4)


ROWS = (
    Row("seasonal_naive", lambda key: SeasonalNaive(INPUT, **SEASON), 10),
    Row("seasonal_residual", residual, 9),
    Row(
        "seasonal_difference",
        lambda key: SeasonalDifference(INPUT, scale=(0.5, 2.0, 1.5), period=2),
        2 * INPUT,
    ),
    Row("roll_out", roll_out, 4 * INPUT),
    Row("quantile_levels", lambda key: QuantileLevels(4, (0.2, 0.7)), 6, input_size=4),
)
