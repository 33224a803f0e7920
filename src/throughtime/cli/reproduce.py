"""`throughtime reproduce`: a published result beside what this library reaches, by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def reproduce(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="Path of a recipe, or the name of one in the folder recipes.",
            show_default=False,
        ),
    ],
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER", min=1, show_default=False, help="Models to train; as the recipe says if none."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the results alone.")] = False,
) -> int:
    """Train what a recipe describes, beside the published result.

    A recipe with one network trains a model for each seed, and for each the fixed-window network with the
    same settings, unless the task writes sequences or texts. A recipe that compares networks trains each of
    them once for each seed. Exit status 0 if the bars are reached, 1 if not. The result is appended to
    results/NAME.jsonl beside the recipe.
    """
    from throughtime.cli.application import DONE, FAILED
    from throughtime.cli.comparison import is_comparison
    from throughtime.cli.compilations import keep_compilations
    from throughtime.cli.results import append_result, find_recipe
    from throughtime.cli.screen import say

    path = find_recipe(recipe)
    keep_compilations()
    result = (_compared if is_comparison(path) else _trained)(path, seeds, quiet)
    result.show()
    file = append_result(result.as_json(path.parent), path)
    if not quiet:
        say(f"appended to {file}")
    return DONE if result.reached else FAILED


def _compared(path: Path, seeds: int | None, quiet: bool) -> Any:
    from throughtime.cli.comparison import read_comparison
    from throughtime.cli.contest import run_contest

    comparison = read_comparison(path)
    return run_contest(path.stem, comparison, seeds or comparison.published.seeds, quiet=quiet)


def _trained(path: Path, seeds: int | None, quiet: bool) -> Any:
    from throughtime.cli.recipe import read_recipe
    from throughtime.cli.results import Result, to_reproduce
    from throughtime.cli.sources import open_for
    from throughtime.cli.trials import train_trials
    from throughtime.networks.window import FixedWindow
    from throughtime.tasks import TASKS, AnsweringTask

    chosen = read_recipe(path)
    published, train_file, test_file = to_reproduce(chosen, path)
    skip = chosen.data.skip_bad_rows
    source, test, held_out = (
        None if file is None else open_for(chosen.data, file, task=chosen.task, skip_bad_rows=skip)
        for file in (train_file, test_file, chosen.files.validation)
    )
    assert source is not None

    def trials(cell: str) -> Any:
        network = chosen.network.model_copy(update={"cell": cell})
        settings = chosen.settings.model_copy(update={"network": network})
        if cell == FixedWindow.kind:  # which has no layers in common with a recurrent network
            scratch = settings.training.model_copy(update={"start_from": None})
            settings = settings.model_copy(update={"training": scratch})
        return train_trials(settings, seeds or published.seeds, source, test, quiet=quiet, held_out=held_out)

    ours = trials(chosen.network.cell)
    asked = TASKS[chosen.task]
    # What is counted is the floor of a text, and a window has no state for a decoder to start from.
    has_window = issubclass(asked, AnsweringTask) and not asked.sees_whole
    window = trials(FixedWindow.kind) if has_window else ()
    return Result(path.stem, published, chosen.network.cell, ours, window)
