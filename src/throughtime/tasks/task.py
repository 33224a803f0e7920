"""What is asked of a network: targets, loss, metrics, and answers in the user's own terms."""

import abc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.errors import Place, choose
from throughtime.core.options import Options
from throughtime.core.unroll import last_step

Target = str | int | float
"""A target as it stands in a file: a label or a number."""


class Task(Options, abc.ABC):
    """What is asked of a network, fitted to the targets of the training data and saved with the model.

    A task turns targets into arrays, says which steps count, and owns loss, metrics and answers. Losses are
    written for one output `[O]` and one target; whoever uses them adds batch and time.

    What runs compiled (`loss`, `unfold`, `read`) belongs to the class: it sees nothing that was fitted, so
    that runs on different data share what was compiled.
    """

    metrics: ClassVar[Mapping[str, bool]]
    """Names of the metrics, the main one first, and whether more is better."""
    target_type: ClassVar[type[np.generic]]
    """What encoded targets are stored as."""
    has_classes: ClassVar[bool] = False
    """Whether targets are classes, whose shares a split should keep."""

    @classmethod
    @abc.abstractmethod
    def fit(cls, targets: Iterable[tuple[Target, Place | None]]) -> "Task":
        """Return the task for these targets of the training data; raise `DataError` if they make no task."""

    @property
    @abc.abstractmethod
    def output_size(self) -> int:
        """How many numbers the network answers with."""

    @abc.abstractmethod
    def encode(self, target: Target, place: Place | None = None) -> int | float:
        """Return a target as a number; raise `DataError` if the task does not know it."""

    @classmethod
    @abc.abstractmethod
    def loss(cls, output: Float[Array, " O"], target: Shaped[Array, ""]) -> Float[Array, ""]:
        """Return the loss of one output against one encoded target."""

    @classmethod
    @abc.abstractmethod
    def unfold(
        cls,
        targets: Shaped[Array, "B *O"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Shaped[Array, "T B *O"], Float[Array, "T B"]]:
        """Return the target of each step, and the mask: how much each one counts, 1 in all over the batch."""

    @classmethod
    @abc.abstractmethod
    def read(cls, outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]) -> Float[Array, "B O"]:
        """Return the outputs that are the answer."""

    @abc.abstractmethod
    def answers(self, outputs: Float[np.ndarray, "N O"]) -> list[Target]:
        """Return the answers in the terms of the training targets."""

    @abc.abstractmethod
    def columns(self, outputs: Float[np.ndarray, "N O"]) -> dict[str, Sequence[Any]]:
        """Return what a prediction consists of, by name, for tables and JSON."""

    @abc.abstractmethod
    def scores(
        self, outputs: Float[np.ndarray, "N O"], targets: Shaped[np.ndarray, " N"]
    ) -> dict[str, float]:
        """Return every metric of `metrics`, for encoded targets."""

    @abc.abstractmethod
    def trivial_scores(self, targets: Shaped[np.ndarray, " N"]) -> dict[str, float]:
        """Return the metrics of the best answer that does not look at the sequence, learned in training."""

    def check_metric(self, name: str) -> str:
        """Return `name` if the task has such a metric, or the loss; raise `OptionError` otherwise."""
        return choose("metric", name, ["loss", *self.metrics])

    def more_is_better(self, metric: str) -> bool:
        """Tell in which direction a metric, or the loss, improves."""
        return self.metrics.get(metric, False)


def unfold_once(
    targets: Shaped[Array, " B"], lengths: Integer[Array, " B"], weights: Float[Array, " B"], time_steps: int
) -> tuple[Shaped[Array, "T B"], Float[Array, "T B"]]:
    """Return targets and mask of a task that answers once, at the last step of each sequence."""
    mask = jnp.where(last_step(lengths, time_steps), weights / weights.sum(), 0)
    return jnp.broadcast_to(targets, (time_steps, *targets.shape)), mask


def read_once(outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]) -> Float[Array, "B O"]:
    """Return the output at the last step of each sequence."""
    return outputs[lengths - 1, jnp.arange(outputs.shape[1])]
