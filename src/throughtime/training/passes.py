"""One pass after another over data that arrives in parts, with no last pass in sight."""

import threading
import time

from throughtime.core.errors import DivergedError, OptionError
from throughtime.core.randomness import key_for
from throughtime.core.sequence_map import Network
from throughtime.data.batching import prefetch
from throughtime.data.dataset import Encoded
from throughtime.learning.readout import SOLVERS
from throughtime.tasks import Task
from throughtime.training.arrays import copied
from throughtime.training.checkpoint import Position, Run
from throughtime.training.epochs import batches_ahead, close_epoch, run_epoch
from throughtime.training.progress import SILENT
from throughtime.training.settings import TrainingSettings
from throughtime.training.steps import start_optimizer


def open_run(network: Network, settings: TrainingSettings, position: Position | None = None) -> Run:
    """Return a run that begins with these weights and a fresh optimiser.

    **Raises**

        OptionError: the step size depends on how many steps the run will have.
    """
    _check_endless(settings)
    return Run(network, start_optimizer(network, settings, 1), network, position or Position())


def one_pass(run: Run, task: Task, data: Encoded, settings: TrainingSettings, *, seed: int) -> Run:
    """Return the run after one pass over the data, which may be other data than before.

    Arguments:
        run: it is not changed, so it is still there if the pass fails.
        seed: decides order and noise, together with how many passes there were before.

    **Raises**

        DivergedError: the loss became infinite or not a number.
        OptionError: the step size depends on how many steps the run will have.
    """
    _check_endless(settings)
    position = run.position
    batch_count = len(data.plan(settings.batch_size, seed=seed, epoch=position.epoch))
    ahead = batches_ahead(data, settings, seed, position, position.epoch + 1)
    started = time.perf_counter()
    fresh = Run(copied(run.network), copied(run.optimizer_state), run.network, position)
    key = key_for(seed, "noise")
    with prefetch(ahead) as ready:
        done, diverged = run_epoch(
            fresh, batch_count, ready, task, settings, 1, key, threading.Event(), SILENT
        )
    after = None
    if not diverged:
        after = close_epoch(done, task, None, settings, time.perf_counter() - started)
    if after is None:
        raise DivergedError(
            f"the loss became infinite or not a number in pass {run.position.epoch + 1}, with a learning "
            f"rate of {settings.learning_rate:g}; the weights are those before this pass. Try a smaller "
            "learning rate"
        )
    return after


def _check_endless(settings: TrainingSettings) -> None:
    if settings.optimizer in SOLVERS:
        raise OptionError(
            f"optimizer is {settings.optimizer!r}, which solves for the readout from all data at once, and "
            "here it arrives in parts; use fit, or another optimizer"
        )
    if settings.needs_the_end:
        raise OptionError(
            f"schedule is {settings.schedule!r} and warmup {settings.warmup:g}, which depend on the number "
            "of all steps, and nobody knows it when data arrives in parts; choose schedule='constant' and "
            "warmup=0"
        )
