"""The bar on a terminal, and nothing without one."""

import pytest

from throughtime.cli.progress import ProgressBar
from throughtime.training.checkpoint import Position
from throughtime.training.progress import Watcher


def run(bar: ProgressBar) -> None:
    with bar:
        bar.started(3, Position(), 40)
        bar.batch_done(Position(batch=1, step=1, loss_sum=20.0, weight_sum=8.0))
        history = ({"epoch": 1, "train_loss": 1.25, "loss": 1.0, "accuracy": 0.75},)
        bar.epoch_done(Position(epoch=1, step=5, best_epoch=1, history=history))
        bar._progress.refresh()


def test_nothing_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    bar = ProgressBar("accuracy")
    assert isinstance(bar, Watcher)
    run(bar)
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    run(ProgressBar("accuracy", "seed 7"))
    out, error = capsys.readouterr()
    assert out == ""
    assert "seed 7 epoch 2/3" in error
    assert "loss 1.2500 accuracy 0.7500" in error
    run(ProgressBar("accuracy", quiet=True))
    assert capsys.readouterr() == ("", "")


def test_a_run_that_goes_on_begins_where_it_was() -> None:
    bar = ProgressBar("accuracy")
    bar.started(3, Position(epoch=1, batch=1, weight_sum=8.0, loss_sum=4.0), 40)
    [task] = bar._progress.tasks
    assert (task.completed, task.total) == (48, 120)
    assert task.fields["scores"] == "loss 0.5000"
