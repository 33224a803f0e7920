"""The training loop: passes over the data until the epochs are over or nothing improves any more."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from throughtime.core.errors import InterruptedFit
from throughtime.core.randomness import key_for
from throughtime.core.sequence_map import Network
from throughtime.data.batching import Supply, prefetch
from throughtime.tasks import Task
from throughtime.training.arrays import copied
from throughtime.training.carried import Carried, start_lanes
from throughtime.training.checkpoint import Position, Run, load_checkpoint
from throughtime.training.checkpoint_writer import CheckpointFile, CheckpointWriter
from throughtime.training.epochs import batches_ahead, close_epoch, run_epoch
from throughtime.training.gradients import manner_of
from throughtime.training.progress import SILENT, Watcher
from throughtime.training.settings import TrainingSettings
from throughtime.training.steps import start_optimizer


@dataclass(frozen=True)
class Fitted:
    """What a run came to.

    `network` has the best weights, `best_epoch` says of which epoch (counted from 1), `history` has a row for
    each epoch, and `stopped` tells why the run ended: `"epochs"`, `"patience"` or `"diverged"`.
    """

    network: Network
    history: tuple[dict[str, int | float], ...]
    best_epoch: int
    stopped: str


def fit(
    network: Network,
    task: Task,
    train: Supply,
    validation: Supply | None,
    settings: TrainingSettings,
    *,
    seed: int,
    checkpoint: CheckpointFile | None = None,
    watcher: Watcher = SILENT,
) -> Fitted:
    """Train a network and return it with its best weights.

    Arguments:
        network: with fresh weights; it is not changed.
        train: what the gradient comes from.
        validation: what chooses the best weights and the moment to stop; without it, the last weights are the
            best.
        seed: decides order and noise.
        checkpoint: written in the background after every epoch, but for those that end within a tenth of a
            second of one that was, and when the user interrupts; nothing is written when left out.
        watcher: is told how the run goes.

    **Raises**

        InterruptedFit: the user pressed Ctrl-C and the checkpoint is on disk.
        ModelFolderError: the checkpoint to resume from is missing, damaged, or of other settings or data.
        UsageError: a checkpoint cannot be written; the one before it is as it was.

    A run that goes on from a checkpoint ends with the same weights, bit for bit, as one that never stopped.
    """
    batch_count = train.batch_count(settings.batch_size, settings.chunk_size)
    total_steps = settings.epochs * batch_count if settings.needs_the_end else 1
    key = key_for(seed, "noise")

    def begun(network: Network) -> Carried | None:
        """Return what is carried into the first batch of an epoch."""
        return (
            start_lanes(network, manner_of(settings).rule, settings.batch_size, key)
            if train.goes_on
            else None
        )

    run = Run(
        copied(network), start_optimizer(network, settings, total_steps), network, carried=begun(network)
    )
    if checkpoint is not None and checkpoint.resume:
        run = load_checkpoint(checkpoint.path, run, checkpoint.fingerprint)
    watcher.started(settings.epochs, run.position, len(train))
    ahead = batches_ahead(train, settings, seed, run.position, settings.epochs)
    diverged = False
    with _interruption() as interrupted, CheckpointWriter(checkpoint) as writer, prefetch(ahead) as ready:
        while not diverged and not _is_over(run.position, settings):
            started = time.perf_counter()
            run, diverged = run_epoch(
                run,
                batch_count,
                ready,
                task,
                settings,
                total_steps,
                key,
                interrupted,
                watcher,
                meanwhile=writer.write,
            )
            if not diverged and run.position.batch == batch_count:
                seconds = time.perf_counter() - started
                closed = close_epoch(run, task, validation, settings, seconds, train.unit, begun(run.network))
                if closed is None:
                    diverged = True
                else:
                    run = closed
                    watcher.epoch_done(run.position)
                    writer.take(run, at_once=_is_over(run.position, settings))
            if interrupted.is_set() and not diverged:
                raise _stop_here(run, writer)
    position = run.position
    stopped = "diverged" if diverged else "epochs" if position.epoch >= settings.epochs else "patience"
    return Fitted(run.best, position.history, position.best_epoch, stopped)


def _is_over(position: Position, settings: TrainingSettings) -> bool:
    waited = position.epoch - position.best_epoch
    return position.epoch >= settings.epochs or 0 < settings.patience <= waited


def _stop_here(run: Run, writer: CheckpointWriter) -> BaseException:
    if writer.file is None:
        return KeyboardInterrupt()
    writer.take(run, at_once=True)
    writer.finish()
    return InterruptedFit(
        f"interrupted in epoch {run.position.epoch + 1} after {run.position.batch} batches; everything so "
        f"far is in {writer.file.path}; run the same command with --resume to go on from there"
    )


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event that the loop looks at between steps; a second acts as ever."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        event.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)
