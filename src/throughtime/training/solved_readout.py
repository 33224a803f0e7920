"""A run without steps: one pass over the data, and the readout is solved for; all else stays as it was."""

import math
import time
from dataclasses import replace

import numpy as np

from throughtime.core.errors import OptionError
from throughtime.core.noise import without_noise
from throughtime.core.randomness import key_for
from throughtime.core.sequence_map import Network
from throughtime.data.batching import Supply, batches, prefetch
from throughtime.data.dataset import Encoded
from throughtime.learning.readout import FOLDS, Method, ReadoutSolver
from throughtime.tasks import Task
from throughtime.training.checkpoint import Position, Run
from throughtime.training.epochs import close_epoch
from throughtime.training.judging import judge
from throughtime.training.loop import Fitted
from throughtime.training.progress import SILENT, Watcher
from throughtime.training.settings import StepSettings, TrainingSettings
from throughtime.training.steps import unfolded


def solve_readout(
    network: Network,
    task: Task,
    train: Supply,
    validation: Supply | None,
    settings: TrainingSettings,
    *,
    seed: int,
    watcher: Watcher = SILENT,
) -> Fitted:
    """Return the network with its readout solved for, as a run of one epoch.

    Arguments are those of `fit`. What the network's last layer reads at the steps that count is regressed on
    the task's targets, a class being 1 among 0.

    **Raises**

        OptionError: on top of the network is no linear readout, or no single readout is the best.
        DivergedError: the states of the network are infinite or no numbers.
    """
    if not isinstance(train, Encoded):
        raise OptionError(
            f"optimizer is {settings.optimizer!r}, which solves for answers to sequences, and a text "
            "is learned without; choose another optimizer"
        )
    started = time.perf_counter()
    solver = readout_solver(network, settings)
    watcher.started(1, Position(), len(train))
    plan = train.plan(settings.batch_size)
    done = 0.0
    with prefetch(batches(train, plan, settings.batch_size)) as ready:
        for number, (part, batch) in enumerate(zip(plan, ready, strict=True)):
            targets, mask = unfolded(
                batch.targets, batch.lengths, batch.weights, batch.inputs.shape[0], task=type(task)
            )
            solver.add(
                batch.inputs,
                np.asarray(targets),
                mask=np.asarray(mask),
                lengths=batch.lengths,
                washout=settings.washout,
                key=key_for(seed, "noise", number),
            )
            done += len(part.indices)
            watcher.batch_done(Position(batch=number + 1, loss_sum=math.nan, weight_sum=done))
    solved, weights = solver.solve(settings.regularisation, at_last=True)
    count = float(len(train))
    judged = judge(without_noise(solved), task, train, settings.batch_size, settings.chunk_size)
    position = Position(batch=len(plan), step=len(plan), loss_sum=judged["loss"] * count, weight_sum=count)
    run = Run(solved, None, solved, position)
    closed = close_epoch(run, task, validation, settings, time.perf_counter() - started)
    if closed is None:
        raise OptionError(
            f"with a regularisation of {weights.regularisation:g} the weights of the readout are no finite "
            "numbers; choose a larger one"
        )
    row = closed.position.history[0] | {"regularisation": weights.regularisation}
    position = replace(closed.position, history=(row,))
    watcher.epoch_done(position)
    return Fitted(solved, position.history, 1, "epochs")


def readout_solver(network: Network, settings: StepSettings) -> ReadoutSolver:
    """Return the solver that the settings of a step name in the place of an optimiser."""
    method: Method = "logistic" if settings.optimizer == "logistic" else "ridge"
    folds = FOLDS if settings.regularisation is None else 1
    return ReadoutSolver(network, method=method, folds=folds)
