"""Exit statuses, and the first line of every subcommand's help."""

import importlib

import pytest

from throughtime.cli import application, main
from throughtime.cli.application import COMMANDS, command
from throughtime.core.errors import DataError, DivergedError, InterruptedFit, Place


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (DataError("is odd", Place("a.csv", 3, "x")), 2, "error: a.csv, row 3, column 'x': is odd\n"),
        (DataError("two\nlines"), 2, "error: two lines\n"),
        (DivergedError("infinite"), 1, "error: infinite\n"),
        (InterruptedFit("go on with --resume"), 130, "go on with --resume\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_exit_status(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    said: str,
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(importlib.import_module("throughtime.cli.describe"), "describe", fail)
    assert main(["describe"]) == status
    out, printed = capsys.readouterr()
    # Typer itself answers a Ctrl-C by the status alone.
    assert printed in (said, "" if isinstance(error, KeyboardInterrupt) else said)
    assert out == ""


def test_an_error_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr(importlib.import_module("throughtime.cli.describe"), "describe", fail)
    with pytest.raises(AssertionError, match="a bug"):
        main(["describe"])


@pytest.mark.parametrize("name", COMMANDS)
def test_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([name, "--help"]) == 0
    assert COMMANDS[name] in capsys.readouterr().out
    function = command(name)
    assert (function.__doc__ or "").splitlines()[0] == COMMANDS[name]


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


def test_statuses_differ() -> None:
    statuses = application.DONE, application.FAILED, application.UNUSABLE, application.INTERRUPTED
    assert len(set(statuses)) == len(statuses)
