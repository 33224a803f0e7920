"""Foretell blood: the delay equation of Mackey and Glass, chaotic and smooth."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from throughtime.problems.problem import Examples
from throughtime.problems.series import Series

SUBSTEPS = 10
"""Steps of Euler's method to one of the series."""

SETTLING = 1000
"""Steps that are thrown away before a series begins."""


class MackeyGlass(Series):
    r"""How does the series go on, some steps ahead?

    **Equations**

        dy/ds = 0.2 y(s - tau) / (1 + y(s - tau)^10) - 0.1 y(s)
        x_t = tanh(y(t) - 1);   element x_t, target x_{t + ahead}

    solved by Euler's method with steps of 0.1, of which every tenth is kept, from a start between 1.1 and 1.3
    that was long ago.

    **Shapes**

        an element `[1]`, an answer `[1]`

    Arguments:
        delay: tau, a whole number of steps, at least 1; chaotic from 17 on.
        ahead: at least 1.
        length, washout, margin: see `Series`.

    **Differs from**

        The paper asks for the next step and goes on from its own answers for 84 steps: `mackey_glass_series`
        is what such a network is to be taught. Here the answer is asked for at once.

    **Source**

        Mackey & Glass 1977, "Oscillation and chaos in physiological control systems", Science 197; as here
        Jaeger 2001, GMD report 148, section 6.1.
    """

    kind: ClassVar[str] = "mackey_glass"

    delay: Annotated[int, Field(ge=1)] = 17
    ahead: Annotated[int, Field(ge=1)] = 84
    length: Annotated[int, Field(ge=2)] = 3000
    washout: Annotated[int, Field(ge=0)] = 1000
    margin: Annotated[float, Field(gt=0)] = 0.1

    @property
    def feature_count(self) -> int:
        """The series."""
        return 1

    @property
    def output_size(self) -> int:
        """The series, later."""
        return 1

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return series from starts of their own."""
        series = mackey_glass_series(self.length + self.ahead, count, generator, delay=self.delay)[..., None]
        return self.examples(series[: self.length], series[self.ahead :])


def mackey_glass_series(
    length: int, count: int, generator: np.random.Generator, *, delay: int = 17
) -> Float[np.ndarray, "T B"]:
    """Return series x of `MackeyGlass` in double precision, each from a start of its own."""
    past = delay * SUBSTEPS
    steps = (SETTLING + length) * SUBSTEPS
    y = np.empty((past + 1 + steps, count))
    y[: past + 1] = generator.uniform(1.1, 1.3, (past + 1, count))
    for s in range(past, past + steps):
        then = y[s - past]
        y[s + 1] = y[s] + 0.1 * (0.2 * then / (1 + then**10) - 0.1 * y[s])
    return np.tanh(y[past + 1 + SETTLING * SUBSTEPS :: SUBSTEPS] - 1)
