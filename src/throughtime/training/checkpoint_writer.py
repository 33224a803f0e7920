"""Checkpoints written in a thread while the next epoch is under way."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from throughtime.training.arrays import copied
from throughtime.training.atomic import write_file
from throughtime.training.checkpoint import Run, checkpoint_content

SECONDS_BETWEEN = 0.1
"""Epochs that follow a checkpoint sooner than this have none of their own: it costs about as much as they."""


@dataclass(frozen=True)
class CheckpointFile:
    """Where a run keeps its checkpoint, whether to go on from it, and what has to be the same for that."""

    path: Path
    fingerprint: str
    resume: bool = False


class CheckpointWriter:
    """Writes one checkpoint after another to the same file, or none at all when there is no file.

    A checkpoint is taken, then made and handed to a thread, so that the run never waits for the disk. What
    comes while one is being written waits, and something newer takes its place: what is on disk is older than
    the last epoch by no more than `SECONDS_BETWEEN` and the time that writing takes.

    It is a context manager, which does not end before the last checkpoint is on disk.
    """

    def __init__(self, file: CheckpointFile | None):
        self.file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="throughtime-checkpoint")
        self._due = 0.0
        self._taken: Run | None = None
        self._newest: deque[bytes] = deque(maxlen=1)
        self._under_way: deque[Future[None]] = deque()

    def take(self, run: Run, *, at_once: bool = False) -> None:
        """Take the run as it is now; `write` or `finish` has to follow.

        Arguments:
            at_once: even if the last one was taken less than `SECONDS_BETWEEN` ago.
        """
        now = time.monotonic()
        if self.file is None or (now < self._due and not at_once):
            return
        self._due = now + SECONDS_BETWEEN
        # The steps that follow reuse the buffers of the network and the optimiser; of the best weights they
        # do not.
        network, optimizer_state = copied((run.network, run.optimizer_state))
        self._taken = Run(network, optimizer_state, run.best, run.position, run.carried)

    def write(self) -> None:
        """Begin to write what was taken, if anything was, or as soon as the checkpoint before it is on disk.

        The time for it is when a step is under way. The content is made here, not in the thread: one that
        works in Python keeps the run waiting for the interpreter, for longer than this takes.

        **Raises**

            UsageError: an earlier checkpoint could not be written; the one before it is as it was.
        """
        if self.file is None or self._taken is None:
            return
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()
        self._newest.append(checkpoint_content(self._taken, self.file.fingerprint))
        self._taken = None
        self._under_way.append(self._thread.submit(self._write_newest, self.file.path))

    def finish(self) -> None:
        """Wait until everything that was taken is on disk.

        **Raises**

            UsageError: a checkpoint could not be written; the one before it is as it was.
        """
        self.write()
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
