"""Say everything again, some steps later: how many steps back does a network remember?"""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from throughtime.problems.problem import Examples
from throughtime.problems.series import Series


class MemoryCapacity(Series):
    r"""Noise in, and at every step the noise of 1, 2, ..., K steps before out.

    **Equations**

        u_t ~ U(-1, 1);   target_k = u_{t-k},   k = 1 ... K
        capacity = sum_k r_k^2,   r_k the correlation of answer and target k over a sequence

    **Shapes**

        an element `[1]`, an answer `[K]`

    No linear readout of H units has a capacity above H, whatever the units do.

    Arguments:
        delays: K, at least 1.
        length, washout: see `Series`.
        margin: the capacity from which on a sequence is answered right, above 0.

    **Differs from**

        The paper sums over all delays; K = 2 H or so leaves little out. It has no criterion.

    **Source**

        Jaeger 2001, "Short term memory in echo state networks", GMD report 152, Definition 1, Proposition 2.
    """

    kind: ClassVar[str] = "memory_capacity"

    delays: Annotated[int, Field(ge=1)] = 40
    margin: Annotated[float, Field(gt=0)] = 10.0

    @property
    def feature_count(self) -> int:
        """The noise."""
        return 1

    @property
    def output_size(self) -> int:
        """The noise of each delay."""
        return self.delays

    @property
    def trivial_loss(self) -> float:
        """The variance of the noise, for each delay."""
        return self.delays / 3

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return noise, and the noise before it, of which the targets of the first steps come too."""
        noise = generator.uniform(-1, 1, (self.delays + self.length, count))
        before = [noise[self.delays - k : len(noise) - k] for k in range(1, self.delays + 1)]
        return self.examples(noise[self.delays :, :, None], np.stack(before, axis=-1))

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the capacity is at least the margin."""
        return capacities(outputs, examples) >= self.margin


def capacities(outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Float[np.ndarray, " B"]:
    """Return the capacity of each sequence; an answer that never changes has none."""
    counts = examples.mask[:, 0] > 0
    answered, asked = outputs[counts].astype(np.float64), examples.targets[counts].astype(np.float64)
    answered, asked = answered - answered.mean(axis=0), asked - asked.mean(axis=0)
    squares = (answered**2).sum(axis=0) * (asked**2).sum(axis=0)
    correlated = (answered * asked).sum(axis=0) ** 2
    return np.asarray(
        np.divide(correlated, squares, out=np.zeros_like(squares), where=squares > 0).sum(axis=-1)
    )
