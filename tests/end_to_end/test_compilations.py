"""The second run of a command compiles nothing; and where compilations cannot be kept, that is no error."""

import os
from pathlib import Path

from tests.end_to_end.conftest import process
from tests.end_to_end.tiny_data import TINY, classes_csv


def test_the_second_run_compiles_nothing_new(tmp_path: Path) -> None:
    train = classes_csv(tmp_path / "train.csv")
    counts = []
    for number in range(2):
        run = process(
            "fit", "classify", train, "--test", train, "--out", tmp_path / f"model-{number}", *TINY,
            env={"XDG_CACHE_HOME": str(tmp_path / "cache")}, without=("JAX_COMPILATION_CACHE_DIR",),
        )  # fmt: skip
        _, errors = run.communicate(timeout=300)
        assert run.returncode == 0, errors
        counts.append(len(list((tmp_path / "cache" / "throughtime" / "compilations").glob("*-cache"))))
    assert counts[0] > 5
    assert counts[1] == counts[0]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder would have to be")
    file = classes_csv(tmp_path / "new.csv", count=3)
    run = process(
        "predict", tiny, file,
        env={"XDG_CACHE_HOME": str(tmp_path / "cache")}, without=("JAX_COMPILATION_CACHE_DIR",),
    )  # fmt: skip
    out, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    assert errors == ""
    assert len(out.splitlines()) == 3


def test_help_and_version_do_not_import_jax(tmp_path: Path) -> None:
    (tmp_path / "jax.py").write_text("raise ImportError('jax was imported')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    for option, expected in (("--help", "reproduce"), ("--version", "throughtime 0.")):
        run = process(option, env={"PYTHONPATH": path})
        out, errors = run.communicate(timeout=60)
        assert run.returncode == 0, errors
        assert expected in out
