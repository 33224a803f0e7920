"""`throughtime problem`: a network on sequences whose answers are known."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from throughtime.cli.application import DONE, FAILED
from throughtime.cli.compilations import keep_compilations
from throughtime.cli.contest import test_in_words
from throughtime.cli.problem_networks import build_for, what_cannot_be_chosen
from throughtime.cli.screen import plain_table, say, show
from throughtime.cli.setting_options import PROBLEM_GROUPS, given_settings, takes_settings
from throughtime.core.errors import DivergedError, OptionError, choose
from throughtime.networks.architecture import Architecture
from throughtime.problems import PROBLEMS, Problem
from throughtime.training.settings import SolvingSettings, what_cannot_be
from throughtime.training.solving import solve


@takes_settings(PROBLEM_GROUPS)
def problem(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Which problem; all are listed if none.", show_default=False),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="A size of the problem; can be repeated.", show_default=False
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="INTEGER", min=0, max=2**32 - 1, help="Decides weights and sequences.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the last test alone.")] = False,
    **settings: Any,
) -> int | None:
    """Train a network on sequences whose answers are known.

    Training ends when as many test sequences are right as the problem's paper asks for, or --enough, and
    the sequences seen until then are printed. Exit status 0 if it came to that, 1 if not.

    Example: throughtime problem adding --size length=100 --cell lstm --hidden-size 16 --enough 0.99
    """
    if name is None:
        _list()
        return DONE
    chosen = _made(name, size or [])
    given = given_settings(settings, PROBLEM_GROUPS)
    architecture = Architecture.parse(given.get("network", {}))
    training = SolvingSettings.parse(given.get("training", {}))
    if training.enough is None:
        training = training.model_copy(update={"enough": chosen.success})
    for reason in (what_cannot_be_chosen(chosen, architecture), what_cannot_be(architecture, training)):
        if reason is not None:
            raise OptionError(reason)
    keep_compilations()
    network = build_for(chosen, architecture, seed)
    told = None if quiet else lambda check: say(test_in_words(check))
    attempt = solve(chosen, network, training, seed=seed, watcher=told)
    if attempt.diverged:
        raise DivergedError(
            f"the loss became infinite or not a number within {attempt.last.iteration} steps, with a "
            f"learning rate of {training.learning_rate:g}; try a smaller one"
        )
    show(f"{test_in_words(attempt.last)}, in {attempt.seconds:.0f} s")
    asked = chosen.tested_on
    show(
        f"remembering nothing: loss {asked.trivial_loss:.3g}; guessing: {100 * asked.chance:.2g} % right; "
        f"at best: loss {asked.optimal_loss:.3g}"
    )
    solved = attempt.solved_after is not None
    show(f"solved after {attempt.solved_after:,} sequences" if solved else "not solved")
    return DONE if solved else FAILED


def _made(name: str, sizes: list[str]) -> Problem:
    kind = PROBLEMS[choose("problem", name, PROBLEMS)]
    given: dict[str, str] = {}
    for size in sizes:
        setting, equals, value = size.partition("=")
        if not equals:
            raise OptionError(f"--size is {size!r}; give a name and a value, such as --size length=100")
        given[setting] = value
    return kind.parse(given)


def _list() -> None:
    table = plain_table("problem", "guessed", "solved at", "loss: no memory", "best", "sizes")
    for name, kind in PROBLEMS.items():
        sizes = ", ".join(f"{size}={field.default}" for size, field in kind.model_fields.items())
        usual = kind()
        shares = [f"{100 * share:.2g} %" if share < 1 else "100 %" for share in (usual.chance, usual.success)]
        table.add_row(name, *shares, f"{usual.trivial_loss:.3g}", f"{usual.optimal_loss:.3g}", sizes)
    table.columns[0].no_wrap = True
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    show(table)
