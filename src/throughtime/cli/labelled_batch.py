"""The first sequences of a file as one batch, for commands that look at what a model does on them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from throughtime.cli.sources import form_for, labelled
from throughtime.core.errors import DataError, Place
from throughtime.data.readers import Source
from throughtime.data.store import SequenceStore
from throughtime.training.model import Model


@dataclass(frozen=True)
class LabelledBatch:
    """Encoded sequences of one file, padded at the end, and their targets.

    **Shapes** `inputs` `[T, B]` int32 or `[T, B, F]` float32, `lengths` `[B]` int32, `targets` `[B]` or `[T,
    B]`.
    """

    inputs: np.ndarray
    lengths: np.ndarray
    targets: np.ndarray

    def kept(self, chosen: np.ndarray) -> LabelledBatch:
        """Return the sequences that are marked."""
        return LabelledBatch(self.inputs[:, chosen], self.lengths[chosen], self.targets[..., chosen])


def first_sequences(model: Model, source: Source, count: int) -> LabelledBatch:
    """Return the first usable records of a source, encoded for a model.

    Arguments:
        count: how many at most, at least 1.

    **Raises**

        DataError: a record that the model cannot read, or no record at all.
    """
    task = model.taught
    block = list(islice(labelled(source, form_for(source, model.encoder), task), count))
    if not block:
        first = source.skipped.messages[0] if source.skipped.count else "there is none"
        raise DataError(f"holds no record that can be used; the first: {first}", Place(source.name))
    sequences = list(model.encoder.encode_batch(block))
    lengths = np.array([len(sequence) for sequence in sequences], np.int32)
    inputs = np.zeros((lengths.max(), len(block), *sequences[0].shape[1:]), sequences[0].dtype)
    for number, sequence in enumerate(sequences):
        inputs[: len(sequence), number] = sequence
    targets = task.kept(task.encode(record.target) for record in block if record.target is not None)
    if isinstance(targets, SequenceStore):
        targets = targets.gather(np.arange(len(block)), len(inputs))
    return LabelledBatch(inputs, lengths, targets)
