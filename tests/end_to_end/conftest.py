"""The shell, run within the test process, and tiny data that a tiny network learns in a moment."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import jax
import pytest

from tests.end_to_end.tiny_data import TINY, classes_csv
from throughtime.cli import main

CACHE_SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)


class Outcome(NamedTuple):
    """What a command came to."""

    status: int
    out: str
    err: str


Shell = Callable[..., Outcome]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Run a command in this process: `shell("fit", "classify", ..., stdin="...")`."""
    monkeypatch.setenv("COLUMNS", "80")
    before = {name: getattr(jax.config, name) for name in CACHE_SETTINGS}

    def run(*arguments: object, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    yield run
    for name, value in before.items():
        jax.config.update(name, value)


def process(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    stdin: IO[str] | int = subprocess.DEVNULL,
) -> "subprocess.Popen[str]":
    """Start a command in a process of its own, with more or fewer environment variables."""
    code = "import sys; from throughtime.cli import main; sys.exit(main())"
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=inherited | {"COLUMNS": "80"} | dict(env or {}),
    )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny trained classifier of words, beside it `train.csv` that it was trained on."""
    folder = tmp_path_factory.mktemp("tiny")
    classes_csv(folder / "train.csv")
    status = main(["fit", "classify", str(folder / "train.csv"), "--out", str(folder / "model"), *TINY])
    assert status == 0
    return folder / "model"
