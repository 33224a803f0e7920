"""A disk that is full: the old model, the old predictions are as they were."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.tiny_data import TINY, classes_csv
from throughtime.training.model_folder import save_model

LIMIT_BYTES = 1200
"""Less than the weights of the tiny model."""

FULL = r"cannot be written: File too large; what was there before is unchanged. Free some space"


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond a limit."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_while_the_model_is_saved(
    shell: Shell, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, train = tmp_path / "model", classes_csv(tmp_path / "train.csv")
    shutil.copytree(tiny, model)
    before = contents(model)
    command = ("fit", "classify", train, "--out", model, "--overwrite", "--seed", "9", *TINY)

    def write_to_full_disk(*arguments: Any, **options: Any) -> None:
        with full_disk():
            save_model(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr("throughtime.cli.fit.save_model", write_to_full_disk)
        outcome = shell(*command)
    one_line(outcome.err, rf"model: {FULL}")
    assert outcome.status == 2
    assert contents(model) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.checkpoint", "train.csv"]

    # The training is not lost.
    monkeypatch.setattr(
        "throughtime.training.epochs.training_step", lambda *_, **__: pytest.fail("trained again")
    )
    assert shell(*command, "--resume").status == 0
    assert contents(model)["model.safetensors"] != before["model.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "train.csv"]


def test_while_a_checkpoint_is_written(
    shell: Shell, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, train = tmp_path / "model", classes_csv(tmp_path / "train.csv")
    shutil.copytree(tiny, model)
    before = contents(model)

    from throughtime.training import checkpoint_writer

    def write_to_full_disk(*arguments: Any, **options: Any) -> None:
        with full_disk():
            write_file(*arguments, **options)

    write_file = checkpoint_writer.write_file
    monkeypatch.setattr(checkpoint_writer, "write_file", write_to_full_disk)
    outcome = shell("fit", "classify", train, "--out", model, "--overwrite", *TINY)
    one_line(outcome.err, rf"seed-0\.safetensors: {FULL}")
    assert outcome.status == 2
    assert contents(model) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "train.csv"]


def test_while_predictions_are_written(
    shell: Shell, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = classes_csv(tmp_path / "new.csv", count=3000), tmp_path / "out.txt"
    out.write_text("what was there before")
    from throughtime.cli import answers

    @contextmanager
    def opened(path: Path | None) -> Iterator[Any]:
        with real(path) as stream, full_disk():
            yield stream

    real = answers.opened
    monkeypatch.setattr(answers, "opened", opened)
    outcome = shell("predict", tiny, file, "--out", out)
    one_line(outcome.err, rf"out\.txt: {FULL}")
    assert out.read_text() == "what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "out.txt"]
