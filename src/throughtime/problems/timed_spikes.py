"""Give a spike every so many steps, without being told when."""

from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem


class TimedSpikes(Problem):
    r"""A spike at every F-th step: the network has to count, with nothing to count by but its own state.

    **Equations**

        input    x_t = 0
        target   1 at t = F, 2 F, ..., and 0 elsewhere
        loss     the cross-entropy, averaged over all steps

    **Shapes**

        an element `[1]`, an answer `[2]`, silence and spike

    Arguments:
        interval: F, the steps from one spike to the next, at least 2.
        spikes: how many of them a sequence has, at least 1.
        test_spikes: how many a test sequence has, at least 1; as many when left out.

    **Differs from**

        The paper's streams are taught online, until a run of spikes is right; here sequences of a fixed
        number of spikes are, and every sequence is the same one; `test_spikes` asks for more than were
        learned.

    **Source**

        Gers, Schraudolph & Schmidhuber 2002, "Learning precise timing with LSTM recurrent networks", Journal
        of Machine Learning Research 3, section 4.2 (generating timed spikes).
    """

    kind: ClassVar[str] = "timed_spikes"

    interval: Annotated[int, Field(ge=2)] = 10
    spikes: Annotated[int, Field(ge=1)] = 10
    test_spikes: Annotated[int, Field(ge=1)] | None = None

    @property
    def feature_count(self) -> int:
        """A number that says nothing."""
        return 1

    @property
    def output_size(self) -> int:
        """Silence or spike."""
        return 2

    @property
    def chance(self) -> float:
        """Every step guessed with the share of its kind."""
        return float(np.exp(-self.trivial_loss * self.interval * self.spikes))

    @property
    def trivial_loss(self) -> float:
        """A spike at any step with the same probability."""
        share = 1 / self.interval
        return float(-share * np.log(share) - (1 - share) * np.log1p(-share))

    @property
    def optimal_loss(self) -> float:
        """Every spike in time."""
        return 0.0

    @property
    def success(self) -> float:
        """All sequences, which are one and the same."""
        return 1.0

    @property
    def tested_on(self) -> Problem:
        """As many spikes as a test sequence has."""
        return self if self.test_spikes is None else self.model_copy(update={"spikes": self.test_spikes})

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return `count` times the same sequence; nothing about it is random."""
        steps = self.interval * self.spikes
        spike = np.arange(1, steps + 1) % self.interval == 0
        targets = np.broadcast_to(spike.astype(np.int64)[:, None], (steps, count))
        return Examples(
            np.zeros((steps, count, 1), np.float32),
            targets,
            np.ones((steps, count), np.float32),
            np.full(count, steps),
        )

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where there is a spike at every step that has one, and at no other."""
        return all_steps_right(outputs, examples)
