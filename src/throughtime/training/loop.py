"""The training loop: passes over the data until the epochs are over or nothing improves any more."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import jax
import jax.numpy as jnp
import numpy as np

from throughtime.core.errors import InterruptedFit
from throughtime.core.randomness import key_for
from throughtime.core.sequence_map import Network
from throughtime.data.batching import Plan, batches, prefetch
from throughtime.data.dataset import Encoded
from throughtime.networks.dropout import without_noise
from throughtime.tasks import Task
from throughtime.training.checkpoint import Position, Run, load_checkpoint, save_checkpoint
from throughtime.training.progress import SILENT, Watcher
from throughtime.training.settings import TrainingSettings
from throughtime.training.steps import answer_all, mean_loss, start_optimizer, training_step


@dataclass(frozen=True)
class Fitted:
    """What a run came to.

    `network` has the best weights, `best_epoch` says of which epoch (counted from 1), `history` has a row for
    each epoch, and `stopped` tells why the run ended: `"epochs"`, `"patience"` or `"diverged"`.
    """

    network: Network
    history: tuple[dict[str, float], ...]
    best_epoch: int
    stopped: str


@dataclass(frozen=True)
class CheckpointFile:
    """Where a run keeps its checkpoint, whether to go on from it, and what has to be the same for that."""

    path: Path
    fingerprint: str
    resume: bool = False


def fit(
    network: Network,
    task: Task,
    train: Encoded,
    validation: Encoded | None,
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
        checkpoint: written after every epoch and when the user interrupts; nothing is written when left out.
        watcher: is told how the run goes.

    **Raises**

        InterruptedFit: the user pressed Ctrl-C and the checkpoint is on disk.
        ModelFolderError: the checkpoint to resume from is missing, damaged, or of other settings or data.

    A run that goes on from a checkpoint ends with the same weights, bit for bit, as one that never stopped.
    """
    steps_per_epoch = len(train.plan(settings.batch_size, seed=seed, epoch=0))
    total_steps = steps_per_epoch * settings.epochs
    run = Run(_copy(network), start_optimizer(network, settings, total_steps), _copy(network))
    if checkpoint is not None and checkpoint.resume:
        run = load_checkpoint(checkpoint.path, run, checkpoint.fingerprint)
    watcher.started(settings.epochs, run.position, len(train.store))
    diverged = False
    with _interruption() as interrupted:
        while not diverged and not _is_over(run.position, settings):
            plan = train.plan(settings.batch_size, seed=seed, epoch=run.position.epoch)
            started = time.perf_counter()
            run, diverged = _epoch(run, plan, task, train, settings, total_steps, seed, interrupted, watcher)
            if not diverged and run.position.batch == len(plan):
                closed = _close_epoch(run, task, validation, settings, time.perf_counter() - started)
                diverged = not _is_finite(closed)
                if not diverged:
                    run = closed
                    watcher.epoch_done(run.position)
                    _save(run, checkpoint)
            if interrupted.is_set() and not diverged:
                raise _stop_here(run, checkpoint)
    position = run.position
    stopped = "diverged" if diverged else "epochs" if position.epoch >= settings.epochs else "patience"
    return Fitted(run.best, position.history, position.best_epoch, stopped)


def _epoch(
    run: Run,
    plan: list[Plan],
    task: Task,
    train: Encoded,
    settings: TrainingSettings,
    total_steps: int,
    seed: int,
    interrupted: threading.Event,
    watcher: Watcher,
) -> tuple[Run, bool]:
    """Run the batches of an epoch that are left; stop early when interrupted or at a loss that is no
    number."""
    network, optimizer_state, position = run.network, run.optimizer_state, run.position
    key = key_for(seed, "noise")
    waiting: tuple[jax.Array, float] | None = None
    is_finite = True

    def settle(position: Position, waiting: tuple[jax.Array, float]) -> Position:
        loss, weight = float(waiting[0]), waiting[1]
        return replace(
            position,
            loss_sum=position.loss_sum + loss * weight,
            weight_sum=position.weight_sum + weight,
        )

    remaining = batches(train, plan[position.batch :], settings.batch_size)
    with prefetch(remaining) as ready:
        for batch in ready:
            network, optimizer_state, loss = training_step(
                network, optimizer_state, batch.inputs, batch.lengths, batch.targets, batch.weights,
                key, np.int32(position.step), task=task, settings=settings, total_steps=total_steps,
            )  # fmt: skip
            position = replace(position, batch=position.batch + 1, step=position.step + 1)
            # The loss is read one step late, so that the next step is under way while this one is looked at.
            if waiting is not None:
                position = settle(position, waiting)
                watcher.batch_done(position)
            waiting = (loss, float(batch.weights.sum()))
            is_finite = math.isfinite(position.loss_sum)
            if interrupted.is_set() or not is_finite:
                break
    if waiting is not None:
        position = settle(position, waiting)
        watcher.batch_done(position)
        is_finite = math.isfinite(position.loss_sum)
    return Run(network, optimizer_state, run.best, position), not is_finite


def _close_epoch(
    run: Run, task: Task, validation: Encoded | None, settings: TrainingSettings, seconds: float
) -> Run:
    position = run.position
    row = {
        "epoch": position.epoch + 1,
        "train_loss": position.loss_sum / position.weight_sum,
        "sequences_per_second": position.weight_sum / seconds,
    }
    score, is_better = None, True
    if validation is not None:
        outputs = answer_all(without_noise(run.network), task, validation, settings.batch_size)
        row["loss"] = float(mean_loss(outputs, validation.targets, task=task))
        row |= task.scores(outputs, validation.targets)
        score = row[settings.metric]
        is_better = _is_better(score, position.best_score, task.more_is_better(settings.metric))
    best = _copy(run.network) if is_better else run.best
    return Run(
        run.network,
        run.optimizer_state,
        best,
        Position(
            epoch=position.epoch + 1,
            step=position.step,
            best_epoch=position.epoch + 1 if is_better else position.best_epoch,
            best_score=score if is_better else position.best_score,
            history=(*position.history, row),
        ),
    )


def _is_better(score: float, best: float | None, more_is_better: bool) -> bool:
    if best is None:
        return True
    return score > best if more_is_better else score < best


def _is_over(position: Position, settings: TrainingSettings) -> bool:
    waited = position.epoch - position.best_epoch
    return position.epoch >= settings.epochs or 0 < settings.patience <= waited


def _is_finite(run: Run) -> bool:
    loss = run.position.history[-1].get("loss", 0.0)
    return math.isfinite(loss) and all(
        bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(run.network)
    )


def _save(run: Run, checkpoint: CheckpointFile | None) -> None:
    if checkpoint is not None:
        save_checkpoint(checkpoint.path, run, checkpoint.fingerprint)


def _stop_here(run: Run, checkpoint: CheckpointFile | None) -> BaseException:
    if checkpoint is None:
        return KeyboardInterrupt()
    _save(run, checkpoint)
    return InterruptedFit(
        f"interrupted in epoch {run.position.epoch + 1} after {run.position.batch} batches; everything so "
        "far is in "
        f"{checkpoint.path}; run the same command with --resume to go on from there"
    )


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event that the loop looks at between two steps; the second acts as
    ever."""
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


def _copy(network: Network) -> Network:
    """Return the weights in buffers of their own, since a training step reuses those it is given."""
    return jax.tree.map(jnp.copy, network)
