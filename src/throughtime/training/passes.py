"""One pass after another over data that arrives in parts, with no last pass in sight."""

import threading
import time

from throughtime.core.errors import DivergedError, OptionError
from throughtime.core.sequence_map import Network
from throughtime.data.dataset import Encoded
from throughtime.tasks import Task
from throughtime.training.checkpoint import Position, Run
from throughtime.training.epochs import close_epoch, copied, is_finite, run_epoch
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
    plan = data.plan(settings.batch_size, seed=seed, epoch=run.position.epoch)
    started = time.perf_counter()
    fresh = Run(copied(run.network), copied(run.optimizer_state), run.network, run.position)
    after, diverged = run_epoch(fresh, plan, task, data, settings, 1, seed, threading.Event(), SILENT)
    if not diverged:
        after = close_epoch(after, task, None, settings, time.perf_counter() - started)
        diverged = not is_finite(after)
    if diverged:
        raise DivergedError(
            f"the loss became infinite or not a number in pass {run.position.epoch + 1}, with a learning "
            f"rate of {settings.learning_rate:g}; the weights are those before this pass. Try a smaller "
            "learning rate"
        )
    return after


def _check_endless(settings: TrainingSettings) -> None:
    if settings.needs_the_end:
        raise OptionError(
            f"schedule is {settings.schedule!r} and warmup {settings.warmup:g}, which depend on the number "
            "of all steps, and nobody knows it when data arrives in parts; choose schedule='constant' and "
            "warmup=0"
        )
