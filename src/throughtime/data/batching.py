"""An epoch as a list of padded batches of few shapes, in an order that seed and epoch decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np

from throughtime.core.errors import OptionError, ShapeError
from throughtime.data.lengths import extended, length_boundaries
from throughtime.data.prefetching import prefetch
from throughtime.data.store import SequenceStore

__all__ = [
    "Batch",
    "Plan",
    "Ready",
    "Supply",
    "batches",
    "length_boundaries",
    "padding_waste",
    "plan_epoch",
    "prefetch",
]


class Plan(NamedTuple):
    """One batch to be: the records in it, and the time steps it is padded to."""

    indices: np.ndarray
    time_steps: int


class Batch(NamedTuple):
    """Arrays of one batch; a batch that is not full ends in rows of length 0, target 0 and weight 0.

    **Shapes** `inputs` `[T, B]` int32 or `[T, B, F]` float32, `lengths` `[B]` int32, `targets` `[B]` or `[T,
    B]` int32 or float32, `weights` `[B]` float32.
    """

    inputs: np.ndarray
    lengths: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class Ready(NamedTuple):
    """A batch, and how much there is in it, in the unit of its data: sequences, or symbols of a text."""

    batch: Batch
    weight: int


@runtime_checkable
class Supply(Protocol):
    """What an epoch goes over: sequences of their own, or one long sequence in chunks."""

    unit: ClassVar[str]
    """What there is a number of."""
    goes_on: ClassVar[bool]
    """Whether each batch goes on where the one before ended, so that the network's state does too."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def batch_count(self, batch_size: int, chunk_size: int | None) -> int:
        """Return how many batches an epoch has."""
        ...

    def epoch(
        self, batch_size: int, chunk_size: int | None, *, seed: int, number: int, first: int = 0
    ) -> Iterator[Ready]:
        """Yield the batches of an epoch.

        Arguments:
            seed, number: of the run and of the epoch, from 0; together they decide the order, where there is
                one to decide.
            first: how many batches are left out.
        """
        ...

    def fingerprint(self) -> Iterator[bytes]:
        """Yield what tells these data from others."""
        ...

    def close(self) -> None:
        """Give memory and temporary files back."""
        ...


@runtime_checkable
class Batchable(Protocol):
    """What batches are made of: `Encoded`, or anything with its store and targets."""

    @property
    def store(self) -> SequenceStore:
        """The encoded sequences."""
        ...

    @property
    def targets(self) -> np.ndarray | SequenceStore:
        """One target a sequence, `[N]`, or one for each of its elements."""
        ...


def plan_epoch(
    lengths: np.ndarray,
    boundaries: Sequence[int],
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    shuffle: bool = True,
) -> list[Plan]:
    """Part the records into batches, every record in exactly one.

    Records of one length bucket go together. A bucket is filled up to whole batches with records of the next
    shorter one, so that only one batch of the epoch is not full, and that one is the shortest. Records longer
    than the last boundary are padded to 1.5, 2.25, … times that boundary. `seed` and `epoch` (0 or more)
    decide the order of records and batches, and nothing else does; without `shuffle`, records keep their
    order within a bucket and batches go from long to short.

    **Raises** `OptionError` for a batch size below 1 or a negative seed or epoch; `ShapeError` for boundaries
    that do not increase and lengths below 1.
    """
    if batch_size < 1 or seed < 0 or epoch < 0:
        raise OptionError(
            f"batch_size is {batch_size}, seed {seed}, epoch {epoch}; choose batch_size >= 1, seed >= 0 "
            "and epoch >= 0"
        )
    lengths = np.asarray(lengths)
    ends = np.asarray(boundaries)
    if ends.size == 0 or ends[0] < 1 or np.any(np.diff(ends) <= 0):
        raise ShapeError(f"boundaries are {tuple(boundaries)}; give increasing lengths of 1 or more")
    if lengths.size == 0:
        return []
    if lengths.min() < 1:
        raise ShapeError(f"lengths[{lengths.argmin()}] is {lengths.min()}; leave empty sequences out")
    ends = np.asarray(extended(tuple(ends.tolist()), int(lengths.max())))
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(lengths)) if shuffle else np.arange(len(lengths))
    bucket = np.searchsorted(ends, lengths[order])
    # From the longest bucket to the shortest, in the shuffled order within a bucket: cutting this row into
    # pieces fills each bucket's last batch from the next shorter bucket.
    order = order[np.argsort(-bucket, kind="stable")]
    plans = [
        Plan(piece, int(ends[np.searchsorted(ends, lengths[piece].max())]))
        for piece in (order[start : start + batch_size] for start in range(0, len(order), batch_size))
    ]
    return [plans[index] for index in generator.permutation(len(plans))] if shuffle else plans


def padding_waste(plan: Sequence[Plan], lengths: np.ndarray, batch_size: int) -> float:
    """Return the part (0 to 1) of all time steps that is padding, with the rows that fill up a batch."""
    total = sum(piece.time_steps for piece in plan) * batch_size
    used = sum(int(np.asarray(lengths)[piece.indices].sum()) for piece in plan)
    return 1 - used / total if total else 0.0


def batches(data: Batchable, plan: Iterable[Plan], batch_size: int) -> Iterator[Batch]:
    """Yield the batches of a plan, each of exactly `batch_size` rows.

    **Raises** `ShapeError` for a piece of the plan with more than `batch_size` records.
    """
    all_lengths = data.store.lengths
    for indices, time_steps in plan:
        inputs = data.store.gather(indices, time_steps, batch_size=batch_size)
        lengths = np.zeros(batch_size, np.int32)
        weights = np.zeros(batch_size, np.float32)
        lengths[: len(indices)] = all_lengths[indices]
        weights[: len(indices)] = 1
        yield Batch(inputs, lengths, _targets(data.targets, indices, time_steps, batch_size), weights)


def _targets(
    targets: np.ndarray | SequenceStore, indices: np.ndarray, time_steps: int, batch_size: int
) -> np.ndarray:
    if isinstance(targets, SequenceStore):
        return targets.gather(indices, time_steps, batch_size=batch_size)
    is_class = targets.dtype.kind in "iub"
    batch = np.zeros(batch_size, np.int32 if is_class else np.float32)
    batch[: len(indices)] = targets[indices]
    return batch
