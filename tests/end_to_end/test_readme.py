"""What the README shows is what happens: every command runs, every line of Python prints what is written."""

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
SETUP = ("make ",)
"""What sets the environment up that these tests run in."""


def blocks(language: str) -> list[str]:
    """Return the blocks of a language; there have to be some."""
    found = [code for name, code in BLOCKS if name == language]
    assert found
    return found


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a clone has, to work in."""
    for folder in ("examples", "recipes"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_runs(shell: Shell, clone: Path) -> None:
    ran = 0
    for line in "".join(blocks("sh")).splitlines():
        if line and not line.startswith(SETUP):
            name, *arguments = shlex.split(line, comments=True)
            assert name == "throughtime", line
            outcome = shell(*arguments)
            assert outcome.status == 0, f"{line}\n{outcome.err}"
            ran += 1
    assert ran >= 4
    assert (clone / "runs" / "speaker.csv").read_text().count("\n") == 371


@pytest.mark.parametrize("code", blocks("python"))
def test_python_prints_what_is_written(code: str, clone: Path) -> None:
    promised = [line.removeprefix("# ") for line in code.splitlines() if line.startswith("# ")]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue().splitlines() == promised


def test_it_is_short() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 150
