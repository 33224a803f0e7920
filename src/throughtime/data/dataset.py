"""Records as numbers: encoded sequences with their targets, and the split that keeps the classes even."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar

import numpy as np

from throughtime.core.errors import OptionError, ShapeError
from throughtime.data.batching import Plan, Ready, batches, plan_epoch
from throughtime.data.encoders.labels import label_name
from throughtime.data.store import SequenceStore


@dataclass(frozen=True)
class Encoded:
    """Encoded sequences, their targets, and the numbers of time steps that their batches are padded to.

    **Shapes** `targets` `[N]`, whole numbers for classes and others for numbers, or a sequence of class
    numbers for each sequence, as long as it or of another length; `boundaries` increase.

    **Raises** `ShapeError` if there is not one target a sequence.
    """

    unit: ClassVar[str] = "sequences"
    goes_on: ClassVar[bool] = False

    store: SequenceStore
    targets: np.ndarray | SequenceStore
    boundaries: tuple[int, ...]

    def __post_init__(self) -> None:
        shape = self.targets.shape if isinstance(self.targets, np.ndarray) else (len(self.targets),)
        if shape != (len(self.store),):
            raise ShapeError(
                f"targets have shape {shape} but there are {len(self.store)} sequences; give one target a "
                "sequence"
            )

    def __len__(self) -> int:
        return len(self.store)

    @property
    def lengths(self) -> np.ndarray:
        """Number of time steps of every sequence, `[N]` int32."""
        return self.store.lengths

    @property
    def steps(self) -> np.ndarray:
        """Number of time steps that each sequence and its target need, `[N]` int32."""
        if isinstance(self.targets, SequenceStore):
            return np.maximum(self.store.lengths, self.targets.lengths)
        return self.store.lengths

    def plan(self, batch_size: int, *, seed: int | None = None, epoch: int = 0) -> list[Plan]:
        """Return the batches of one epoch, shuffled by seed and epoch; without a seed, in a fixed order."""
        return plan_epoch(
            self.steps, self.boundaries, batch_size, seed=seed or 0, epoch=epoch, shuffle=seed is not None
        )

    def batch_count(self, batch_size: int, chunk_size: int | None = None) -> int:
        """Return how many batches an epoch has; chunks are cut within them."""
        return -(-len(self) // batch_size)

    def epoch(
        self, batch_size: int, chunk_size: int | None = None, *, seed: int, number: int, first: int = 0
    ) -> Iterator[Ready]:
        """Yield the batches of an epoch, in an order that seed and number decide, from the `first` on."""
        plan = self.plan(batch_size, seed=seed, epoch=number)[first:]
        for piece, batch in zip(plan, batches(self, plan, batch_size), strict=True):
            yield Ready(batch, len(piece.indices))

    def fingerprint(self) -> Iterator[bytes]:
        """Yield lengths and targets."""
        yield self.lengths.tobytes()
        whole = self.targets.sequences() if isinstance(self.targets, SequenceStore) else [self.targets]
        for array in whole:
            yield array.tobytes()

    def close(self) -> None:
        """Give the memory or the temporary file of the sequences back."""
        self.store.close()
        if isinstance(self.targets, SequenceStore):
            self.targets.close()

    def __enter__(self) -> Encoded:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def stratified_split(
    labels: Sequence[Any] | np.ndarray | None,
    count: int,
    fraction: float,
    generator: np.random.Generator | int,
) -> tuple[np.ndarray, np.ndarray]:
    """Part `count` records into training and validation indices, both increasing.

    Each class has the same share in both parts; with `labels` None (number targets), chance alone decides.
    `fraction` (between 0 and 1) is the validation part; it has at least one record, and at least as many as
    there are classes with two records or more. A class with a single record stays in the training part.
    `generator` may be a seed.

    **Raises** `ShapeError` if there are not `count` labels; `OptionError` for a fraction that is out of range
    or leaves the training part too few records.
    """
    # Imported here because it takes as long as the rest of the package.
    from sklearn.model_selection import train_test_split

    if not 0 < fraction < 1:
        raise OptionError(f"the validation fraction is {fraction}; choose one between 0 and 1, such as 0.1")
    if labels is not None and len(labels) != count:
        raise ShapeError(f"there are {len(labels)} labels but {count} records; give one label a record")
    indices = np.arange(count)
    alone = indices[:0]
    stratify = None
    classes = 1
    if labels is not None:
        names = [label_name(label) for label in labels]
        _, numbers, sizes = np.unique(names, return_inverse=True, return_counts=True)
        is_alone = sizes[numbers] == 1
        alone, indices, stratify = indices[is_alone], indices[~is_alone], numbers[~is_alone]
        classes = max(int((sizes > 1).sum()), 1)
    held = max(round(fraction * count), classes)
    left = len(indices) - held
    if left < classes:
        raise OptionError(
            f"a validation fraction of {fraction} of {count} records ({classes} classes to keep even) leaves "
            f"{max(left, 0)} to train on; choose a smaller fraction, or give more records"
        )
    seed = int(np.random.default_rng(generator).integers(2**31))
    training, validation = train_test_split(indices, test_size=held, random_state=seed, stratify=stratify)
    return np.sort(np.concatenate([training, alone])), np.sort(validation)
