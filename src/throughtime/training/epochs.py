"""One pass over the data: the batches, and what is known of the network afterwards."""

import math
import threading
from dataclasses import replace
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PyTree

from throughtime.core.randomness import key_for
from throughtime.data.batching import Plan, batches, prefetch
from throughtime.data.dataset import Encoded
from throughtime.networks.dropout import without_noise
from throughtime.tasks import Task
from throughtime.training.checkpoint import Position, Run
from throughtime.training.progress import Watcher
from throughtime.training.settings import TrainingSettings
from throughtime.training.steps import answer_all, mean_loss, training_step

Tree = TypeVar("Tree")


def run_epoch(
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
    """Run the batches of an epoch that are left; stop when interrupted or at a loss that is no number."""
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
                network,
                optimizer_state,
                batch,
                key,
                position.step,
                task=type(task),
                settings=settings,
                total_steps=total_steps,
            )
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


def close_epoch(
    run: Run, task: Task, validation: Encoded | None, settings: TrainingSettings, seconds: float
) -> Run:
    """Return the run at the start of the next epoch: scored, with the best weights so far and a row of
    history.

    Arguments:
        run: with all batches of its epoch done.
        seconds: how long that took.
    """
    position = run.position
    row = {
        "epoch": position.epoch + 1,
        "train_loss": position.loss_sum / position.weight_sum,
        "sequences_per_second": position.weight_sum / seconds,
    }
    score, is_better = None, True
    if validation is not None:
        outputs = answer_all(without_noise(run.network), task, validation, settings.batch_size)
        row["loss"] = float(mean_loss(outputs, validation.targets, task=type(task)))
        row |= task.scores(outputs, validation.targets)
        score = row[settings.metric]
        is_better = _is_better(score, position.best_score, task.more_is_better(settings.metric))
    best = copied(run.network) if is_better else run.best
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


def is_finite(run: Run) -> bool:
    """Tell whether the weights, and the last validation loss, are finite numbers."""
    loss = run.position.history[-1].get("loss", 0.0)
    return math.isfinite(loss) and bool(_all_finite(run.network))


@jax.jit
def _all_finite(tree: PyTree) -> Bool[Array, ""]:
    return jnp.all(jnp.array([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]))


@jax.jit
def copied(tree: Tree) -> Tree:
    """Return the arrays of a tree in buffers of their own, since a training step reuses those it is given."""
    return jax.tree.map(jnp.copy, tree)
