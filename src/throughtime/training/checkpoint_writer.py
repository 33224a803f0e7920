"""Checkpoints written in a thread, from copies, while the next epoch is under way."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from throughtime.training.checkpoint import Run, Snapshot, save_checkpoint


@dataclass(frozen=True)
class CheckpointFile:
    """Where a run keeps its checkpoint, whether to go on from it, and what has to be the same for that."""

    path: Path
    fingerprint: str
    resume: bool = False


class CheckpointWriter:
    """Writes one checkpoint after another to the same file, or none at all when there is no file.

    It is a context manager, which does not end before the last checkpoint is on disk.

    **Cost** of a checkpoint to the run: a copy of its arrays, and what writing takes longer than an epoch.
    """

    def __init__(self, file: CheckpointFile | None):
        self.file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="throughtime-checkpoint")
        self._under_way: Future[None] | None = None

    def write(self, run: Run) -> None:
        """Begin to write the run as it is now, once the checkpoint before it is on disk.

        **Raises**

            UsageError: the checkpoint before this one could not be written.
        """
        if self.file is None:
            return
        snapshot = Snapshot.of(run)
        # None is left out: a run that is killed has lost the epoch under way and the one being written.
        self.finish()
        self._under_way = self._thread.submit(
            save_checkpoint, self.file.path, snapshot, self.file.fingerprint
        )

    def finish(self) -> None:
        """Wait until everything is on disk.

        **Raises**

            UsageError: the last checkpoint could not be written; the one before it is as it was.
        """
        if self._under_way is not None:
            written, self._under_way = self._under_way, None
            written.result()

    def __enter__(self) -> CheckpointWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # An error that ends the run is what the user has to hear, not one of the checkpoint besides.
            if error is None:
                self.finish()
        finally:
            self._thread.shutdown()
