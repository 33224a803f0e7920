"""The bar that tells how a training run goes."""

from __future__ import annotations

from types import TracebackType

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from throughtime.cli.screen import console, metric_name, score
from throughtime.training.checkpoint import Position


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", justify="right")


class ProgressBar:
    """A `Watcher` with epoch, loss, metric, sequences a second and the time left if no epoch is saved.

    Shows nothing when standard error is not a terminal.

    Arguments:
        metric: name of the metric to show beside the loss.
        label: what is trained, when there is more than one run.
    """

    def __init__(self, metric: str, label: str = "", *, quiet: bool = False):
        screen = console(error=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[scores]}"),
            _Speed(),
            TimeRemainingColumn(compact=True),
            console=screen,
            transient=True,
            expand=True,
            disable=quiet or not screen.is_terminal,
        )
        self._task = self._progress.add_task(label, total=None, scores="")
        self._metric = metric
        self._label = f"{label} " if label else ""
        self._epochs = self._size = 0

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, epochs: int, position: Position, size: int) -> None:
        """Set the length of the bar, and where it begins when a run goes on."""
        self._epochs, self._size = epochs, size
        self._progress.reset(self._task, total=epochs * size, completed=int(self._done(position)))
        self._show(position)

    def batch_done(self, position: Position) -> None:
        """Move the bar, and show the mean loss of this epoch so far."""
        self._show(position)

    def epoch_done(self, position: Position) -> None:
        """Move the bar, and show the epoch's scores."""
        self._show(position)

    def _done(self, position: Position) -> float:
        return position.epoch * self._size + position.weight_sum

    def _show(self, position: Position) -> None:
        last = position.history[-1] if position.history else {}
        loss = position.loss_sum / position.weight_sum if position.weight_sum else last.get("train_loss")
        parts = [] if loss is None else [f"loss {score(loss)}"]
        if self._metric in last:
            parts.append(f"{metric_name(self._metric)} {score(last[self._metric])}")
        self._progress.update(
            self._task,
            completed=self._done(position),
            description=f"{self._label}epoch {min(position.epoch + 1, self._epochs)}/{self._epochs}",
            scores=" ".join(parts),
        )
