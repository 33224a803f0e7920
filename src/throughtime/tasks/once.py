"""What the tasks share that answer once for a whole sequence, at its last step."""

import abc
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.errors import DataError
from throughtime.core.sequence_map import Network
from throughtime.core.unroll import last_step
from throughtime.data.records import Record
from throughtime.tasks.task import ReadingTask, TaughtTask


class AnswersOnce(ReadingTask, TaughtTask, abc.ABC):
    """The base of the tasks with one answer a sequence, read from the output at its last step."""

    target_type: ClassVar[type[np.generic]]
    """What encoded targets are stored as."""

    @classmethod
    def check(cls, record: Record) -> None:
        """Raise `DataError` if the target is a list; the rest is left to `encode`."""
        if isinstance(record.target, list):
            raise DataError(
                f"the target is a list of {len(record.target)}, and {cls.model_fields['name'].default!r} "
                "gives one answer a sequence; give one, or use the task 'label', which gives one for each "
                "element",
                record.target_place,
            )

    def topped(self, network: Network, key: PRNGKeyArray) -> Network:
        """Return the network as it is."""
        return network

    def check_metric(self, name: str) -> None:
        """Have every metric, whatever the targets."""

    @property
    def main_metric(self) -> str:
        """The first of the metrics."""
        return next(iter(self.metrics))

    @classmethod
    def kept(cls, encoded: Iterable[Any]) -> np.ndarray:
        """Return encoded targets as an array `[N]`."""
        return np.fromiter(encoded, cls.target_type)

    @classmethod
    def unfold(
        cls,
        targets: Shaped[Array, " B"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Shaped[Array, "T B"], Float[Array, "T B"]]:
        """Return the target at every step, and a mask that counts the last step of each sequence only."""
        mask = jnp.where(last_step(lengths, time_steps), weights, 0)
        return jnp.broadcast_to(targets, (time_steps, *targets.shape)), mask

    @classmethod
    def read(
        cls, network: Network, outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]
    ) -> Float[Array, "B O"]:
        """Return the output at the last step of each sequence."""
        return outputs[lengths - 1, jnp.arange(outputs.shape[1])]

    @classmethod
    def joined(cls, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Return blocks of outputs one below the other."""
        return np.concatenate(parts)
