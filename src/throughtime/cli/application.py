"""The command as a whole: its subcommands, and what every kind of error becomes in a shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from throughtime.core.errors import DivergedError, InterruptedFit, UsageError, nearest

COMMANDS = {
    "fit": "Train a model on a file of labelled sequences.",
    "evaluate": "Score a model on a file of labelled sequences.",
    "predict": "Answer for each sequence of a file.",
    "stream": "Answer after each line of standard input, element by element.",
    "generate": "Write on, symbol by symbol, or compose, frame by frame.",
    "learn": "Answer each line of a stream, and learn from it.",
    "data": "List data sets that can be had by name, or fetch one.",
    "describe": "Show what a model is and how it was trained.",
    "alignments": "Show where a decoder with attention looks while it writes.",
    "gradient-flow": "Show what the gradient does on its way back through time.",
    "compare-rules": "Measure each learning rule against BPTT, on a model and its data.",
    "problem": "Train a network on sequences whose answers are known.",
    "reproduce": "Train what a recipe describes, beside the published result.",
}
"""Every subcommand and the first line of its help; `command` knows where it is."""

DONE, FAILED, UNUSABLE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141
"""Exit statuses: all well; it went wrong; what was given cannot be used; Ctrl-C; nobody reads the output."""

Misspelled: type[Exception] = typer.BadParameter.__mro__[1]
"""Typer's error for a command line that it cannot make sense of."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; never a traceback for what the user can mend.

    Arguments:
        arguments: without the name of the command; those of the process when left out.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _command().main(given or ["--help"], prog_name="throughtime", standalone_mode=False)
        sys.stdout.flush()
        return status or DONE
    except Misspelled as error:
        return _complain(_syntax(error, given), UNUSABLE)
    except UsageError as error:
        return _complain(str(error), UNUSABLE)
    except DivergedError as error:
        return _complain(str(error), FAILED)
    except InterruptedFit as stopped:
        return _say(str(stopped), INTERRUPTED)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", INTERRUPTED)
    except SystemExit as leaving:  # Typer's own answer to a pipe that nobody reads any more
        return _broken_pipe() if leaving.code == 1 else int(leaving.code or DONE)
    except BrokenPipeError:
        return _broken_pipe()


class _Lazily(TyperGroup):
    """Imports a subcommand when it is called, and knows the others by the first line of their help."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in COMMANDS:
            self.commands[args[0]] = _loaded(args[0])
        return super().resolve_command(ctx, args)


def _command() -> Any:
    app = typer.Typer(cls=_Lazily, add_completion=False, rich_markup_mode="rich")
    app.callback()(throughtime)
    for name, help_line in COMMANDS.items():
        app.command(name, help=help_line)(lambda: None)
    return typer.main.get_command(app)


def _loaded(name: str) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(name)(command(name))
    return typer.main.get_command(app)


def command(name: str) -> Callable[..., Any]:
    """Return the function of a subcommand, which stands in the module of that name."""
    name = name.replace("-", "_")
    function: Callable[..., Any] = getattr(import_module(f"throughtime.cli.{name}"), name)
    return function


def _show_version(wanted: bool | None) -> None:
    if wanted:
        print(f"throughtime {metadata.version('throughtime')}")
        raise typer.Exit


def throughtime(
    version: Annotated[
        bool | None,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = None,
) -> None:
    """Learn sequences with recurrent networks: train, evaluate, predict."""


def _syntax(error: Any, given: Sequence[str]) -> str:
    """Return in one line what is wrong with a command line, and the nearest thing that would be right."""
    called = next((argument for argument in given if argument in COMMANDS), None)
    path = "throughtime" if called is None else f"throughtime {called}"
    see = f"see `{path} --help`"
    unknown = getattr(error, "option_name", None)
    if unknown is not None and "o such option" in error.message:
        options = [
            name for parameter in error.ctx.command.params for name in parameter.opts if name.startswith("--")
        ]
        return f"{path} has no option {unknown}{nearest(unknown, options)}; {see}"
    message = error.format_message().rstrip(".")
    if message.startswith("No such command"):
        name = error.message.split("'")[1]
        return (
            f"throughtime has no command {name!r}{nearest(name, COMMANDS)}; there are {', '.join(COMMANDS)}"
        )
    return f"{message[:1].lower()}{message[1:]}; {see}"


def _complain(message: str, status: int) -> int:
    return _say(f"error: {message}", status)


def _say(message: str, status: int) -> int:
    print(" ".join(message.splitlines()), file=sys.stderr)
    return status


def _broken_pipe() -> int:
    # What is still buffered would raise once more when the process ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
