"""Runs that are killed or interrupted, and go on as if nothing had been."""

import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.end_to_end.conftest import Shell, process
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.tiny_data import TINY, classes_csv
from throughtime.core.errors import InterruptedFit
from throughtime.training import runs

# Dropout and a schedule, so that noise and step size have to go on too; epochs enough to be killed in.
LONG = (*TINY, "--epochs", "400", "--dropout", "0.3", "--schedule", "cosine", "--patience", "0")


def start(folder: Path, out: Path, *options: str) -> "subprocess.Popen[str]":
    return process("fit", "classify", folder / "train.csv", "--out", out, *LONG, *options)


def finish(run: "subprocess.Popen[str]") -> str:
    """Wait for the end of a run that has to go well, and return what it printed."""
    out, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    return out


def weights(model: Path) -> bytes:
    return (model / "model.safetensors").read_bytes()


def wait_for_change(file: Path, before: int, run: "subprocess.Popen[str]") -> None:
    """Wait until a checkpoint is newer than `before`, in ns, or the run is over."""
    end = time.monotonic() + 120
    while run.poll() is None and not (file.exists() and file.stat().st_mtime_ns != before):
        assert time.monotonic() < end, f"no new {file} within two minutes"
        time.sleep(0.001)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, and `whole`: the model of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("resume")
    classes_csv(folder / "train.csv")
    finish(start(folder, folder / "whole"))
    return folder


def test_killed_at_random_moments(folder: Path, tmp_path: Path) -> None:
    out, checkpoint = tmp_path / "model", tmp_path / "model.checkpoint" / "seed-0.safetensors"
    moments = np.random.default_rng().uniform(0, 0.25, 2)
    for moment in moments:
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        run = start(folder, out, *(["--resume"] if checkpoint.exists() else []))
        wait_for_change(checkpoint, before, run)
        time.sleep(moment)
        run.kill()
        run.communicate()
        assert run.returncode == -signal.SIGKILL, "the run was over before it was killed"
        assert not out.exists()
    finish(start(folder, out, "--resume"))
    assert weights(out) == weights(folder / "whole"), f"killed {moments} s after a checkpoint"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_interrupted(folder: Path, tmp_path: Path) -> None:
    out, checkpoint = tmp_path / "model", tmp_path / "model.checkpoint" / "seed-0.safetensors"
    run = start(folder, out)
    wait_for_change(checkpoint, 0, run)
    run.send_signal(signal.SIGINT)
    printed, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert printed == ""
    assert "interrupted in epoch" in errors
    assert "run the same command with --resume" in errors
    assert errors.count("\n") == 1
    assert not out.exists()
    finish(start(folder, out, "--resume"))
    assert weights(out) == weights(folder / "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_interrupted_run_is_not_overwritten_by_mistake(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, train = tmp_path / "model", classes_csv(tmp_path / "train.csv")
    command = ("fit", "classify", train, "--out", out, *TINY)
    one_line(shell(*command, "--resume").err, r"model\.checkpoint: there is nothing to resume; start without")

    interrupt(monkeypatch, at_call=1)
    assert shell(*command).status == 130
    kept = tmp_path / "model.checkpoint" / "seed-0.safetensors"
    before = kept.read_bytes()
    again = shell(*command)
    one_line(
        again.err, r"model\.checkpoint: holds a run that was interrupted; go on with --resume, or start anew"
    )
    assert again.status == 2
    other = shell(*command, "--resume", "--learning-rate", "0.1")
    one_line(
        other.err, r"seed-0\.safetensors: the checkpoint belongs to other settings or other training data"
    )
    assert kept.read_bytes() == before
    kept.write_bytes(before[:-5])
    one_line(shell(*command, "--resume").err, r"seed-0\.safetensors: the checkpoint is damaged")
    assert shell(*command, "--overwrite").status == 0
    assert not kept.parent.exists()


def test_finished_seeds_are_not_trained_again(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, out = classes_csv(tmp_path / "train.csv"), tmp_path / "model"
    command = ("fit", "classify", train, "--test", train, "--seeds", "3", "--seed", "5", *TINY)
    whole = shell(*command, "--out", tmp_path / "whole")
    rows = [line.split() for line in whole.out.splitlines()[1:6]]
    assert [row[0] for row in rows] == ["5", "6", "7", "mean", "±"]
    losses = [float(row[3]) for row in rows[:3]]
    assert float(rows[3][1]) == pytest.approx(np.mean(losses), abs=1e-4)
    assert float(rows[4][2]) == pytest.approx(np.std(losses, ddof=1), abs=1e-4)
    assert f"kept: seed {5 + int(np.argmin(losses))}, the best by validation" in whole.out

    calls = interrupt(monkeypatch, at_call=2)
    stopped = shell(*command, "--out", out)
    assert stopped.status == 130
    assert calls == [5, 6]
    shutil.copytree(tmp_path / "model.checkpoint", tmp_path / "kept")
    changed = shell(*command, "--out", out, "--resume", "--hidden-size", "5")
    one_line(
        changed.err, r"seed-5-\w+: belongs to other settings or other training data; resume with the same"
    )
    calls.clear()
    resumed = shell(*command, "--out", out, "--resume")
    assert resumed.status == 0
    assert calls == [6, 7]
    assert resumed.out.replace(str(out), "") == whole.out.replace(str(tmp_path / "whole"), "")
    assert weights(out) == weights(tmp_path / "whole")
    assert not (tmp_path / "model.checkpoint").exists()


def interrupt(monkeypatch: pytest.MonkeyPatch, at_call: int) -> list[int]:
    """Interrupt one training, once, when its checkpoint is there; return the list of seeds trained."""
    calls: list[int] = []
    left = [at_call]

    def train(prepared: Any, settings: Any, **options: Any) -> Any:
        calls.append(settings.seed)
        model = runs.train(prepared, settings, **options)
        left[0] -= 1
        if left[0] == 0:
            raise InterruptedFit("interrupted")
        return model

    monkeypatch.setattr("throughtime.cli.trials.train", train)
    return calls
