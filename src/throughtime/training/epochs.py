"""One pass over the data: the batches, and what is known of the network afterwards."""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray

from throughtime.core.noise import without_noise
from throughtime.core.sequence_map import Network
from throughtime.data.batching import Ready, Supply
from throughtime.data.dataset import Encoded
from throughtime.tasks import Task
from throughtime.training.arrays import copied
from throughtime.training.carried import Carried
from throughtime.training.checkpoint import Position, Run
from throughtime.training.judging import judge
from throughtime.training.progress import Watcher
from throughtime.training.settings import TrainingSettings
from throughtime.training.steps import training_step

STEPS_UNDER_WAY = 4
"""How many steps may be begun before the loss of the first is read."""


def batches_ahead(
    train: Supply, settings: TrainingSettings, seed: int, position: Position, epochs: int
) -> Iterator[Ready]:
    """Yield the batches from a position on, of one epoch after another, so that they can be made ahead.

    Arguments:
        epochs: after how many, counted from the run's start, there is nothing more.
    """
    for epoch in range(position.epoch, epochs):
        done = position.batch if epoch == position.epoch else 0
        yield from train.epoch(settings.batch_size, settings.chunk_size, seed=seed, number=epoch, first=done)


def run_epoch(
    run: Run,
    batch_count: int,
    ready: Iterator[Ready],
    task: Task,
    settings: TrainingSettings,
    total_steps: int,
    key: PRNGKeyArray,
    interrupted: threading.Event,
    watcher: Watcher,
    meanwhile: Callable[[], None] = lambda: None,
) -> tuple[Run, bool]:
    """Run the batches of an epoch that are left; stop when interrupted or at a loss that is no number.

    Arguments:
        batch_count: batches in the epoch, of which `run.position.batch` are done.
        ready: the batches that are left, whatever comes behind them.
        meanwhile: called once, when the first step is under way and there is time for other work.
    """
    network, optimizer_state, position, carried = (
        run.network,
        run.optimizer_state,
        run.position,
        run.carried,
    )
    # Losses are read some steps late, so that the next steps are under way while these are looked at.
    waiting: deque[tuple[jax.Array, int]] = deque()
    is_finite = True

    def settle(position: Position) -> Position:
        loss, weight = waiting.popleft()
        position = replace(
            position,
            loss_sum=position.loss_sum + float(loss) * weight,
            weight_sum=position.weight_sum + weight,
        )
        watcher.batch_done(replace(position, batch=position.batch - len(waiting)))
        return position

    for batch, weight in islice(ready, batch_count - position.batch):
        network, optimizer_state, loss, carried = training_step(
            network,
            optimizer_state,
            batch,
            key,
            position.step,
            task=type(task),
            settings=settings,
            total_steps=total_steps,
            carried=carried,
        )
        if position.batch == run.position.batch:
            meanwhile()
        position = replace(position, batch=position.batch + 1, step=position.step + 1)
        waiting.append((loss, weight))
        if len(waiting) > STEPS_UNDER_WAY:
            position = settle(position)
            is_finite = math.isfinite(position.loss_sum)
        if interrupted.is_set() or not is_finite:
            break
    while waiting:
        position = settle(position)
    return Run(network, optimizer_state, run.best, position, carried), not math.isfinite(position.loss_sum)


def close_epoch(
    run: Run,
    task: Task,
    validation: Supply | None,
    settings: TrainingSettings,
    seconds: float,
    unit: str = Encoded.unit,
    carried: Carried | None = None,
) -> Run | None:
    """Return the run at the start of the next epoch: scored, with the best weights so far and a row of
    history. If the weights or the validation loss are not finite, return None.

    Arguments:
        run: with all batches of its epoch done.
        seconds: how long that took.
        unit: of what the run goes over.
        carried: into the first batch of the next epoch.
    """
    kept, is_finite = _copied_and_checked(run.network)
    position = run.position
    row = {
        "epoch": position.epoch + 1,
        "train_loss": position.loss_sum / position.weight_sum,
        f"{unit}_per_second": position.weight_sum / seconds,
    }
    score, is_better = None, True
    if validation is not None:
        row |= judge(without_noise(run.network), task, validation, settings.batch_size, settings.chunk_size)
        score = row[settings.metric]
        is_better = _is_better(score, position.best_score, task.more_is_better(settings.metric))
    if not (is_finite and math.isfinite(row.get("loss", 0.0))):
        return None
    return Run(
        run.network,
        run.optimizer_state,
        kept if is_better else run.best,
        Position(
            epoch=position.epoch + 1,
            step=position.step,
            best_epoch=position.epoch + 1 if is_better else position.best_epoch,
            best_score=score if is_better else position.best_score,
            history=(*position.history, row),
        ),
        carried,
    )


def _is_better(score: float, best: float | None, more_is_better: bool) -> bool:
    if best is None:
        return True
    return score > best if more_is_better else score < best


@jax.jit
def _copied_and_checked(network: Network) -> tuple[Network, Bool[Array, ""]]:
    """Return a copy, and whether all of it is finite: one call, for an epoch may be as short as ten."""
    finite = [jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(network)]
    return copied(network), jnp.all(jnp.array(finite))
