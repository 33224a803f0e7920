"""Running a comparison, and what came of it: the figures of each network, and which bars were reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.cli.comparison import Comparison, OnFiles, OnProblem
from throughtime.cli.problem_networks import build_for
from throughtime.cli.screen import metric_name, plain_table, say, show
from throughtime.training.arrays import parameter_count
from throughtime.training.provenance import provenance
from throughtime.training.solving import Attempt, Check, solve


@dataclass(frozen=True)
class Figures:
    """What came of a network: each metric and the seconds of training, seed by seed.

    `details` say more of each seed, as JSON has it.
    """

    parameters: int
    values: dict[str, list[float]]
    seconds: list[float]
    details: list[dict[str, Any]]

    def mean(self, metric: str) -> float:
        """Return the mean over the seeds."""
        return float(np.mean(self.values[metric]))

    def in_words(self, metric: str) -> str:
        """Return the mean over the seeds and, of several, their standard deviation."""
        values, mean = self.values[metric], self.mean(metric)
        if metric == "sequences":
            return f"{mean:,.0f}" if np.isfinite(mean) else ""
        if metric == "solved":
            return f"{sum(values):.0f} of {len(values)}"
        if not np.isfinite(mean) or len(values) == 1:
            return f"{mean:.3g}"
        return f"{mean:.3g} ± {np.std(values, ddof=1):.1g}"


@dataclass(frozen=True)
class Contest:
    """The figures of each network."""

    name: str
    comparison: Comparison
    figures: dict[str, Figures]

    @property
    def means(self) -> dict[str, dict[str, float]]:
        """The mean over the seeds of each metric, by network."""
        return {
            name: {metric: figures.mean(metric) for metric in self.comparison.metrics}
            for name, figures in self.figures.items()
        }

    @property
    def reached(self) -> bool:
        """Whether all bars were reached."""
        return all(bar.reached(self.means) for bar in self.comparison.bars)

    def show(self) -> None:
        """Print the networks beside one another, the bars, and the published result."""
        metrics = self.comparison.metrics
        table = plain_table(self.name, "parameters", *map(metric_name, metrics), "seconds")
        for name, figures in self.figures.items():
            scores = [figures.in_words(metric) for metric in metrics]
            table.add_row(name, f"{figures.parameters:,}", *scores, f"{np.mean(figures.seconds):.0f}")
        if isinstance(self.comparison, OnProblem):
            asked = self.comparison.made_problem().tested_on
            table.add_row("nothing learned", "", f"{asked.trivial_loss:.3g}", f"{asked.chance:.3g}")
        show("", table, "")
        for bar in self.comparison.bars:
            show(f"bar: {bar}: {'reached' if bar.reached(self.means) else 'NOT reached'}")
        show(f"published: {self.comparison.published.claim} ({self.comparison.published.source})")

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return the figures and where they are from, as JSON has it."""
        comparison, means = self.comparison, self.means
        return {
            "recipe": self.name,
            "reached": self.reached,
            "comparison": comparison.model_dump(exclude_defaults=True, exclude={"networks", "bars"}),
            "bars": [{"bar": str(bar), "reached": bar.reached(means)} for bar in comparison.bars],
            "networks": {
                name: {
                    "settings": comparison.networks[name].model_dump(exclude_defaults=True),
                    "parameters": figures.parameters,
                    "means": {metric: _json_number(mean) for metric, mean in means[name].items()},
                    "scores": {
                        metric: [_json_number(value) for value in values]
                        for metric, values in figures.values.items()
                    },
                    "seconds": [round(seconds, 2) for seconds in figures.seconds],
                    "details": figures.details,
                }
                for name, figures in self.figures.items()
            },
            **provenance(folder),
        }


def run_contest(name: str, comparison: Comparison, seeds: int, *, quiet: bool) -> Contest:
    """Return what became of every network, trained once for each seed."""
    if isinstance(comparison, OnProblem):
        return Contest(name, comparison, _on_problem(comparison, seeds, quiet))
    assert isinstance(comparison, OnFiles)
    return Contest(name, comparison, _on_files(comparison, seeds, quiet))


def test_in_words(check: Check) -> str:
    """Return how a test went, in a line."""
    return f"step {check.iteration:,}: loss {check.loss:.3g}, {100 * check.right:.1f} % right"


def _on_problem(comparison: OnProblem, seeds: int, quiet: bool) -> dict[str, Figures]:
    figures = {}
    for name, network in comparison.networks.items():
        problem = comparison.made_problem(name)
        settings = comparison.training_of(name)
        attempts = []
        for seed in range(comparison.seed, comparison.seed + seeds):
            fresh = build_for(problem, network, seed)
            told = None if quiet else _aloud(f"{name}, seed {seed}")
            attempts.append(solve(problem, fresh, settings, seed=seed, watcher=told))
        values = {
            # A run that diverged is infinitely wrong.
            "loss": [np.inf if attempt.diverged else attempt.last.loss for attempt in attempts],
            "right": [0.0 if attempt.diverged else attempt.last.right for attempt in attempts],
            "solved": [float(attempt.solved_after is not None) for attempt in attempts],
            "sequences": [
                np.inf if attempt.solved_after is None else float(attempt.solved_after)
                for attempt in attempts
            ],
        }
        figures[name] = Figures(
            parameter_count(attempts[0].network),
            {metric: values[metric] for metric in comparison.metrics},
            [attempt.seconds for attempt in attempts],
            [_details(attempt, comparison.seed + number) for number, attempt in enumerate(attempts)],
        )
    return figures


def _on_files(comparison: OnFiles, seeds: int, quiet: bool) -> dict[str, Figures]:
    from throughtime.cli.sources import open_for
    from throughtime.cli.trials import train_trials

    assert comparison.files.train is not None
    assert comparison.files.test is not None
    skip = comparison.data.skip_bad_rows
    source = open_for(comparison.data, comparison.files.train, task=comparison.task, skip_bad_rows=skip)
    test = open_for(comparison.data, comparison.files.test, task=comparison.task, skip_bad_rows=skip)
    figures = {}
    for name in comparison.networks:
        if not quiet:
            say(f"{name}:")
        trials = train_trials(comparison.settings_of(name), seeds, source, test, quiet=quiet)
        scores = [trial.test.scores for trial in trials if trial.test is not None]
        figures[name] = Figures(
            trials[0].model.parameter_count,
            {metric: [score[metric] for score in scores] for metric in comparison.metrics},
            [trial.seconds for trial in trials],
            [{"seed": trial.seed, "epochs": trial.model.report["epochs"]} for trial in trials],
        )
    return figures


def _details(attempt: Attempt, seed: int) -> dict[str, Any]:
    checks = [[check.iteration, check.loss, check.right] for check in attempt.checks]
    return {"seed": seed, "solved_after": attempt.solved_after, "checks": checks}


def _json_number(value: float) -> float | None:
    """Return the number, or nothing for infinity, which JSON does not have."""
    return value if np.isfinite(value) else None


def _aloud(label: str) -> Callable[[Check], None]:
    return lambda check: say(f"{label}, {test_in_words(check)}")
