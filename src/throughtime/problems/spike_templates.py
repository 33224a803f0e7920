"""Which of a few patterns of spikes was this, with every spike a little too early or too late?"""

import functools
from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Bool, Float, Integer
from pydantic import Field

from throughtime.problems.criteria import all_steps_right, cross_entropy
from throughtime.problems.problem import Examples, Problem


class SpikeTemplates(Problem):
    r"""Spike trains in several channels, which are one of a few templates with their spikes jittered.

    Every template has as many spikes as any other in each channel, so that no count of spikes tells them
    apart: only their times do. All end alike, so that at the end, where the answer is asked for, what tells
    them apart is gone.

    **Equations**

        template   rate_hz * duration_ms / 1000 spikes in each channel, rounded, at times ~ U(0, duration_ms)
                   and behind them rate_hz * common_ms / 1000, the same in all templates
        sequence   each spike of a template at its time + N(0, jitter_ms^2), within the sequence
        element    spikes in each channel within a step
        loss       the cross-entropy of the answer at the last step

    **Shapes**

        an element `[channels]`, an answer `[templates]`

    Arguments:
        templates: how many there are to choose from, at least 2.
        channels: spike trains of a template, at least 1.
        duration_ms: how long they differ, at least one step.
        common_ms: how long their common end is, at least 0.
        rate_hz: spikes a second in each channel, at least one while they differ.
        jitter_ms: standard deviation of how far a spike is moved, at least 0.
        step_ms: how long an element is, above 0.
        drawn_from: seed of the templates, which are the same in all sequences.

    **Differs from**

        The paper's Poisson templates differ in how many spikes they have, which a count would tell, and are
        followed by others, where here there is the common end; `success` is ours.

    **Source**

        Maass, Natschlaeger & Markram 2002, "Real-time computing without stable states", Neural Computation
        14(11), section 4 (jittered templates; jitter of 4 to 8 ms, 20 Hz).
    """

    kind: ClassVar[str] = "spike_templates"

    templates: Annotated[int, Field(ge=2)] = 4
    channels: Annotated[int, Field(ge=1)] = 4
    duration_ms: Annotated[float, Field(gt=0)] = 250.0
    common_ms: Annotated[float, Field(ge=0)] = 100.0
    rate_hz: Annotated[float, Field(gt=0)] = 20.0
    jitter_ms: Annotated[float, Field(ge=0)] = 4.0
    step_ms: Annotated[float, Field(gt=0)] = 1.0
    drawn_from: Annotated[int, Field(ge=0)] = 0

    def check_together(self) -> None:
        """Raise `ValueError` unless there is a step and a spike."""
        if self.duration_ms < self.step_ms:
            raise ValueError(
                f"duration_ms is {self.duration_ms:g} and step_ms is {self.step_ms:g}; give at least one step"
            )
        if self._spikes(self.duration_ms) < 1:
            raise ValueError(
                f"rate_hz is {self.rate_hz:g} and duration_ms is {self.duration_ms:g}, which is not one "
                "spike; choose more of either"
            )

    @property
    def steps(self) -> int:
        """Elements of a sequence."""
        return round((self.duration_ms + self.common_ms) / self.step_ms)

    @property
    def feature_count(self) -> int:
        """One number for each channel."""
        return self.channels

    @property
    def output_size(self) -> int:
        """One class for each template."""
        return self.templates

    @property
    def chance(self) -> float:
        """One of the templates."""
        return 1 / self.templates

    @property
    def trivial_loss(self) -> float:
        """All templates with the same probability."""
        return float(np.log(self.templates))

    @property
    def optimal_loss(self) -> float:
        """No doubt, which is right as long as the jitter is well below the time between spikes."""
        return 0.0

    @property
    def success(self) -> float:
        """Nine of ten."""
        return 0.9

    def template_times(self) -> Float[np.ndarray, "N C S"]:
        """Return when the spikes of each template come, in milliseconds, by channel, in order."""
        own = _drawn(self.drawn_from, self.templates, self.channels, self._spikes(self.duration_ms))
        shared = _drawn(self.drawn_from + 1, 1, self.channels, self._spikes(self.common_ms))
        shared = self.duration_ms + shared.repeat(self.templates, axis=0) * self.common_ms
        return np.concatenate([own * self.duration_ms, shared], axis=2)

    def _spikes(self, milliseconds: float) -> int:
        return round(self.rate_hz * milliseconds / 1000)

    def draw(self, count: int, generator: np.random.Generator) -> Examples:
        """Return templates with jitter."""
        which = generator.integers(self.templates, size=count)
        times = self.template_times()[which]
        times = times + generator.normal(0, self.jitter_ms, times.shape)
        step = np.clip(np.floor(times / self.step_ms), 0, self.steps - 1).astype(int)
        inputs = np.zeros((self.steps, count, self.channels), np.float32)
        row, channel, _ = np.indices(step.shape)
        np.add.at(inputs, (step, row, channel), 1)
        mask = np.zeros((self.steps, count), np.float32)
        mask[-1] = 1
        targets = np.broadcast_to(which, (self.steps, count))
        return Examples(inputs, targets, mask, np.full(count, self.steps))

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
        """Return the cross-entropy in nats."""
        return cross_entropy(output, target)

    def right(self, outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
        """Tell where the likeliest template is the right one."""
        return all_steps_right(outputs, examples)


@functools.cache
def _drawn(seed: int, templates: int, channels: int, spikes: int) -> Float[np.ndarray, "N C S"]:
    return np.sort(np.random.default_rng(seed).random((templates, channels, spikes)), axis=2)
