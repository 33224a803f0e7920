"""How far forecasts are from what came."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Forecasts(NamedTuple):
    """Forecasts in the units of the series.

    **Shapes**

        `values` `[N, horizon, C]`; `quantiles` `[N, horizon, C, Q]`, increasing, or None
    """

    values: Float[np.ndarray, "N horizon C"]
    quantiles: Float[np.ndarray, "N horizon C Q"] | None = None


def joined(parts: Sequence[Forecasts]) -> Forecasts:
    """Return forecasts one after the other."""
    quantiles = [part.quantiles for part in parts if part.quantiles is not None]
    return Forecasts(
        np.concatenate([part.values for part in parts]), np.concatenate(quantiles) if quantiles else None
    )


def forecast_scores(
    forecasts: Forecasts,
    truth: Float[np.ndarray, "N horizon C"],
    naive_error: Sequence[float],
    levels: Sequence[float] | None = None,
) -> dict[str, float]:
    r"""Return the scores over all forecasts, steps ahead and columns.

    **Equations**

        mae = mean |x - f|,   rmse = sqrt(mean (x - f)^2)
        mase = mean |x - f| / naive_error, column by column
        pinball = mean max(tau (x - q), (tau - 1) (x - q))
        coverage = the share of x between the lowest and the highest quantile

    **Shapes**

        truth `[N, horizon, C]`

    Arguments:
        naive_error: for each column, the mean absolute error of the naive forecast in the training part, one
            step or, where there are seasons, one season ahead.
        levels: tau, of the quantiles if there are some.

    **Source**

        Hyndman & Koehler 2006, "Another look at measures of forecast accuracy", International Journal of
        Forecasting 22(4), section 3 (MASE); Koenker & Bassett 1978, Econometrica 46(1) (quantiles).
    """
    errors = truth - forecasts.values
    scores = {
        "mase": float((np.abs(errors) / np.asarray(naive_error)).mean()),
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt((errors**2).mean())),
    }
    if forecasts.quantiles is not None and levels is not None:
        tau, over = np.asarray(levels), truth[..., None] - forecasts.quantiles
        inside = (over[..., 0] >= 0) & (over[..., -1] <= 0)
        scores |= {
            "pinball": float(np.maximum(tau * over, (tau - 1) * over).mean()),
            "coverage": float(inside.mean()),
        }
    return scores
