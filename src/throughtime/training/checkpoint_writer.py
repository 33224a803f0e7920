"""Checkpoints written in a thread while the next epoch is under way."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from throughtime.training.atomic import write_file
from throughtime.training.checkpoint import Run, checkpoint_content


@dataclass(frozen=True)
class CheckpointFile:
    """Where a run keeps its checkpoint, whether to go on from it, and what has to be the same for that."""

    path: Path
    fingerprint: str
    resume: bool = False


class CheckpointWriter:
    """Writes one checkpoint after another to the same file, or none at all when there is no file.

    What comes while one is being written waits, and a newer one takes its place: epochs that are shorter than
    the disk takes to write do not wait for it, and what is on disk is never older than one such time.

    It is a context manager, which does not end before the last checkpoint is on disk.

    **Cost** of a checkpoint to the run: a copy of its arrays in memory.
    """

    def __init__(self, file: CheckpointFile | None):
        self.file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="throughtime-checkpoint")
        self._newest: deque[bytes] = deque(maxlen=1)
        self._under_way: deque[Future[None]] = deque()

    def write(self, run: Run) -> None:
        """Begin to write the run as it is now, or as soon as the checkpoint before it is on disk.

        **Raises**

            UsageError: an earlier checkpoint could not be written; the one before it is as it was.
        """
        if self.file is None:
            return
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()
        # Made here, not in the thread: the steps that follow reuse the run's buffers, and a thread that holds
        # the interpreter would keep them waiting for longer than this takes.
        self._newest.append(checkpoint_content(run, self.file.fingerprint))
        self._under_way.append(self._thread.submit(self._write_newest, self.file.path))

    def finish(self) -> None:
        """Wait until everything is on disk.

        **Raises**

            UsageError: a checkpoint could not be written; the one before it is as it was.
        """
        while self._under_way:
            self._under_way.popleft().result()

    def _write_newest(self, path: Path) -> None:
        # Nothing is left if what this call was made for gave way to something newer.
        if self._newest:
            write_file(path, self._newest.pop())

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
