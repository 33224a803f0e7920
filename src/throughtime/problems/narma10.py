"""Follow a system that multiplies what it did with what it was told, ten steps back."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float

from throughtime.problems.problem import Examples
from throughtime.problems.series import Series

ORDER = 10
STABLE = 1.0
"""A system above this value is on its way to infinity; one in many thousand is, and is drawn anew."""


class Narma10(Series):
    r"""A nonlinear autoregressive moving average of tenth order: what does the system answer to its input?

    **Equations**

        u_t ~ U(0, 0.5)
        y_{t+1} = 0.3 y_t + 0.05 y_t sum_{i=0..9} y_{t-i} + 1.5 u_{t-9} u_t + 0.1
        element u_t, target y_{t+1}

    **Shapes**

        an element `[1]`, an answer `[1]`

    Arguments:
        length, washout, margin: see `Series`; of 2200 steps, 2000 count.

    **Differs from**

        The paper, which has no criterion: an NRMSE below 0.4 is about what a linear network reaches.

    **Source**

        Atiya & Parlos 2000, "New results on recurrent network training", IEEE Transactions on Neural Networks
        11(3), Eq. 86; Jaeger 2003, "Adaptive nonlinear system identification with echo state networks", NIPS.
    """

    kind: ClassVar[str] = "narma10"

    @property
    def feature_count(self) -> int:
        """The number that the system is told."""
        return 1

    @property
    def output_size(self) -> int:
        """The number that it answers."""
        return 1

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return sequences of systems that stay finite."""
        told, answered = self._drawn(count, generator)
        while (lost := np.flatnonzero(~(np.abs(answered).max(axis=0) < STABLE))).size:
            told[:, lost], answered[:, lost] = self._drawn(lost.size, generator)
        return self.examples(told[..., None], answered[..., None])

    def _drawn(
        self, count: int, generator: np.random.Generator
    ) -> tuple[Float[np.ndarray, "T B"], Float[np.ndarray, "T B"]]:
        u = np.zeros((ORDER - 1 + self.length, count))
        u[ORDER - 1 :] = generator.uniform(0, 0.5, (self.length, count))
        y = np.zeros((ORDER + self.length, count))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(self.length):
                last = y[t : t + ORDER]
                y[t + ORDER] = (
                    0.3 * last[-1] + 0.05 * last[-1] * last.sum(0) + 1.5 * u[t] * u[t + ORDER - 1] + 0.1
                )
        return u[ORDER - 1 :], y[ORDER:]
