"""Sequences that are in memory already, as a source like any file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from throughtime.core.errors import DataError, Place, ShapeError
from throughtime.data.records import RawSequence, RawTarget, Record, Source


class MemorySource(Source):
    """Sequences of a running program, with a target each unless there are none.

    Nothing is copied or checked: whoever converts a record finds what is wrong with it, at a place that reads
    as Python's index, such as `X[3]`.

    Arguments:
        sequences: one raw sequence a record.
        targets: one target a record, or None.
        name, target_name: what the two are called in messages.

    **Raises**

        ShapeError: there is not one target a sequence.
    """

    def __init__(
        self,
        sequences: Sequence[RawSequence],
        targets: Sequence[RawTarget] | None = None,
        *,
        name: str = "X",
        target_name: str = "y",
    ):
        super().__init__(name, f"{len(sequences):,} sequences in memory")
        if targets is not None and len(targets) != len(sequences):
            raise ShapeError(
                f"{target_name} has {len(targets)} targets but {name} has {len(sequences)} sequences; give "
                "one "
                "target a sequence"
            )
        self.sequences = sequences
        self.targets = targets
        self.target_name = target_name

    def no_records(self) -> str:
        return "holds no sequences; give at least one"

    def rows(self) -> Iterator[Record | DataError]:
        for index, sequence in enumerate(self.sequences):
            target = None if self.targets is None else self.targets[index]
            yield Record(sequence, target, Place(f"{self.name}[{index}]"), self.target_name)
