"""What a recipe came to: the figures, the machine they are from, and whether the bar was reached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.cli.recipe import Published, Recipe
from throughtime.cli.screen import metric_name, plain_table, score, show
from throughtime.cli.trials import Trial
from throughtime.core.errors import OptionError, UsageError, choose, nearest
from throughtime.networks.window import FixedWindow
from throughtime.training.provenance import provenance

RECIPES = Path("recipes")


def find_recipe(name: str) -> Path:
    """Return the path of a recipe that is given by path or by name.

    **Raises**

        OptionError: there is none.
    """
    for path in (Path(name), RECIPES / f"{name}.toml"):
        if path.is_file():
            return path
    known = sorted(path.stem for path in RECIPES.glob("*.toml"))
    there = f"the folder {RECIPES} has {', '.join(known)}" if known else f"there is no folder {RECIPES} here"
    raise OptionError(
        f"there is no recipe {name!r}{nearest(name, known)}; {there}; give one of those, or a path"
    )


def to_reproduce(recipe: Recipe, path: Path) -> tuple[Published, str, str]:
    """Return what a recipe must have to be reproduced: the published result, and the two files.

    **Raises**

        OptionError: one of them is missing, or the bar is in a metric that the task does not have.
    """
    published, train, test = recipe.published, recipe.files.train, recipe.files.test
    if published is None or train is None or test is None:
        missing = "[published]" if published is None else "[files] train" if train is None else "[files] test"
        raise OptionError(
            f"{path}: has no {missing}, which a recipe to reproduce needs; add it, or use throughtime fit"
        )
    from throughtime.tasks import TASKS

    choose(f"{path}: published.bar.metric", published.bar.metric, TASKS[recipe.task].metrics)
    return published, train, test


@dataclass(frozen=True)
class Result:
    """The trials of a recipe and those of the fixed-window network with the same settings.

    Where a task writes a sequence or a text, `window` is empty, and the trivial answer is the baseline.
    """

    name: str
    published: Published
    cell: str
    trials: Sequence[Trial]
    window: Sequence[Trial]

    @property
    def reached(self) -> bool:
        """Whether the mean over the seeds is at least as good as the bar."""
        bar, mean = self.published.bar, float(np.mean(self._scores(self.trials)))
        more_is_better = self.trials[0].model.task.more_is_better(bar.metric)
        return mean >= bar.value if more_is_better else mean <= bar.value

    def show(self) -> None:
        """Print ours beside the bar and the published result."""
        metric = metric_name(self.published.bar.metric)
        table = plain_table(f"{self.name}: test {metric}", "mean", "± std", "seconds a model", "each seed")
        rows = [(self.cell, self.trials), (f"{FixedWindow.kind} (baseline)", self.window)]
        for name, trials in (row for row in rows if row[1]):
            scores = self._scores(trials)
            deviation = score(float(np.std(scores, ddof=1))) if len(scores) > 1 else ""
            each = " ".join(map(score, scores))
            seconds = f"{np.mean([trial.seconds for trial in trials]):.1f}"
            table.add_row(name, score(float(np.mean(scores))), deviation, seconds, each)
        table.columns[-1].no_wrap = False
        test = self.trials[0].test
        if test is not None and (test.further or not self.window):
            for answer, scores_of_it in {test.trivial: test.trivial_scores, **test.further}.items():
                trivial = score(scores_of_it[self.published.bar.metric])
                table.add_row(f"{answer} (baseline)", trivial, "", "", "")
        verdict = "reached" if self.reached else "NOT reached"
        show("", table, "")
        show(f"bar: {metric} {score(self.published.bar.value)}, {verdict}")
        show(f"published: {self.published.claim} ({self.published.source})")

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return the figures and where they are from, as JSON has it."""
        return {
            "recipe": self.name,
            "reached": self.reached,
            "bar": self.published.bar.model_dump(),
            "metric": self.published.bar.metric,
            "published": {"claim": self.published.claim, "source": self.published.source},
            "ours": self._figures(self.trials),
            "baseline": self._figures(self.window) if self.window else None,
            "settings": self.trials[0].model.settings.model_dump(),
            **provenance(folder),
        }

    def _scores(self, trials: Sequence[Trial]) -> list[float]:
        return [trial.test.scores[self.published.bar.metric] for trial in trials if trial.test is not None]

    def _figures(self, trials: Sequence[Trial]) -> dict[str, Any]:
        scores = self._scores(trials)
        return {
            "mean": float(np.mean(scores)),
            "std": float(np.std(scores, ddof=1)) if len(scores) > 1 else None,
            "seeds": [trial.seed for trial in trials],
            "scores": scores,
            "seconds": [round(trial.seconds, 2) for trial in trials],
            "parameters": trials[0].model.parameter_count,
        }


def append_result(figures: dict[str, Any], recipe: Path) -> Path:
    """Add a line to `results/NAME.jsonl` beside the recipe, and return that file.

    **Raises**

        UsageError: it cannot be written to.
    """
    file = recipe.parent / "results" / f"{recipe.stem}.jsonl"
    try:
        file.parent.mkdir(exist_ok=True)
        with open(file, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(figures) + "\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}; make it writable") from None
    return file
