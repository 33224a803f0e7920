"""Foretell the weather: the three equations of Lorenz."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from throughtime.problems.problem import Examples
from throughtime.problems.series import Series

LYAPUNOV_EXPONENT = 0.9056
"""How fast neighbours part, per unit of time: exp(LYAPUNOV_EXPONENT s)."""

SETTLING = 40.0
"""Units of time that are thrown away before a series begins."""

SCALE = np.array([8.0, 9.0, 8.6])
"""About the standard deviations of the three variables."""

CENTRE = np.array([0.0, 0.0, 23.5])
"""About their means."""


class Lorenz(Series):
    r"""How do the three variables of a chaotic system go on?

    **Equations**

        dx/ds = 10 (y - x),   dy/ds = x (28 - z) - y,   dz/ds = x y - 8/3 z
        element ((x, y, z) - mean) / deviation at time t * time_step, target the same, `ahead` steps later

    solved by the classical Runge-Kutta method, from starts that were long ago.

    **Shapes**

        an element `[3]`, an answer `[3]`

    Arguments:
        time_step: units of time from one element to the next, above 0 and at most 0.05.
        ahead: at least 1.
        length, washout, margin: see `Series`.

    **Differs from**

        Studies of closed loops let a network go on from its own answers and count the Lyapunov times until it
        parts from the truth: `lorenz_series` is what it is to be taught, `valid_time` counts.

    **Source**

        Lorenz 1963, "Deterministic nonperiodic flow", Journal of the Atmospheric Sciences 20; the exponent:
        Sprott 2003, "Chaos and time-series analysis", section A.5.1.
    """

    kind: ClassVar[str] = "lorenz"

    time_step: Annotated[float, Field(gt=0, le=0.05)] = 0.02
    ahead: Annotated[int, Field(ge=1)] = 10
    margin: Annotated[float, Field(gt=0)] = 0.1

    @property
    def feature_count(self) -> int:
        """The three variables."""
        return 3

    @property
    def output_size(self) -> int:
        """The three variables, later."""
        return 3

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return series from starts of their own."""
        steps = self.length + self.ahead
        series = lorenz_series(steps, count, generator, time_step=self.time_step)
        return self.examples(series[: self.length], series[self.ahead :])


def lorenz_series(
    length: int, count: int, generator: np.random.Generator, *, time_step: float = 0.02
) -> Float[np.ndarray, "T B 3"]:
    """Return series of `Lorenz` in double precision, each from a start of its own."""
    point = np.array([0.0, 1.0, 1.05]) + generator.uniform(-0.5, 0.5, (count, 3))
    settling = round(SETTLING / time_step)
    series = np.empty((length, count, 3))
    for step in range(settling + length):
        if step >= settling:
            series[step - settling] = point
        first = _flow(point)
        second = _flow(point + time_step / 2 * first)
        third = _flow(point + time_step / 2 * second)
        fourth = _flow(point + time_step * third)
        point = point + time_step / 6 * (first + 2 * second + 2 * third + fourth)
    return (series - CENTRE) / SCALE


def valid_time(
    answered: Float[np.ndarray, "T *B O"],
    asked: Float[np.ndarray, "T *B O"],
    *,
    step_size: float,
    threshold: float = 0.4,
) -> Float[np.ndarray, " *B"]:
    """Return how long the error stays below the threshold, in units of `step_size` a step.

    **Equations**

        error_t = |answer_t - target_t| / sqrt(mean_t |target_t - mean target|^2)

    Arguments:
        step_size: what a step counts; time_step * LYAPUNOV_EXPONENT for Lyapunov times.
        threshold: above 0.

    **Source**

        Vlachas et al. 2020, "Backpropagation algorithms and reservoir computing in recurrent neural networks
        for the forecasting of complex spatiotemporal dynamics", Neural Networks 126 (valid prediction time).
    """
    spread = np.sqrt(asked.var(axis=0).sum(axis=-1))
    errors = np.linalg.norm(answered - asked, axis=-1) / spread
    wrong = ~(errors < threshold)
    first = np.where(wrong.any(axis=0), wrong.argmax(axis=0), len(wrong))
    return np.asarray(first * step_size)


def _flow(point: Float[np.ndarray, "B 3"]) -> Float[np.ndarray, "B 3"]:
    x, y, z = point.T
    return np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=-1)
