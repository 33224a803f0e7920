"""Running a comparison, and what came of it: the figures of each network, and which bars were reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from throughtime.cli.comparison import Comparison
from throughtime.cli.screen import plain_table, say, show
from throughtime.core.randomness import key_for
from throughtime.networks.architecture import Architecture
from throughtime.problems import Problem
from throughtime.training.provenance import provenance
from throughtime.training.solving import Attempt, Check, solve


@dataclass(frozen=True)
class Contest:
    """The attempts of each network, one a seed."""

    name: str
    comparison: Comparison
    attempts: dict[str, list[Attempt]]

    @property
    def means(self) -> dict[str, dict[str, float]]:
        """The mean over the seeds of each metric, by network; the loss of a run that diverged is infinite."""
        return {
            name: {metric: float(np.mean(values)) for metric, values in self._values(name).items()}
            for name in self.attempts
        }

    @property
    def reached(self) -> bool:
        """Whether all bars were reached."""
        return all(bar.reached(self.means) for bar in self.comparison.bars)

    def show(self) -> None:
        """Print the networks beside one another, the bars, and the published result."""
        table = plain_table(self.name, "parameters", "loss", "± std", "right", "solved after", "seconds")
        for name, attempts in self.attempts.items():
            values = self._values(name)
            after = [attempt.solved_after for attempt in attempts]
            table.add_row(
                name,
                f"{_parameters(attempts[0]):,}",
                _figures(float(np.mean(values["loss"]))),
                _figures(float(np.std(values["loss"], ddof=1))) if len(attempts) > 1 else "",
                _percent(float(np.mean(values["right"]))),
                " ".join("never" if count is None else f"{count:,}" for count in after),
                f"{np.mean([attempt.seconds for attempt in attempts]):.0f}",
            )
        problem = self.comparison.made_problem()
        table.add_row(
            "remembering nothing", "", _figures(problem.trivial_loss), "", _percent(problem.chance), "", ""
        )
        show("", table, "")
        for bar in self.comparison.bars:
            show(f"bar: {bar}: {'reached' if bar.reached(self.means) else 'NOT reached'}")
        show(f"published: {self.comparison.published.claim} ({self.comparison.published.source})")

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return the figures and where they are from, as JSON has it."""
        comparison, problem = self.comparison, self.comparison.made_problem()
        return {
            "recipe": self.name,
            "reached": self.reached,
            "problem": {"name": problem.kind, **problem.model_dump()},
            "remembering_nothing": {"loss": problem.trivial_loss, "right": problem.chance},
            "bars": [{"bar": str(bar), "reached": bar.reached(self.means)} for bar in comparison.bars],
            "published": comparison.published.model_dump(),
            "networks": {
                name: {
                    "parameters": _parameters(attempts[0]),
                    "settings": comparison.networks[name].model_dump(
                        exclude_defaults=True, exclude={"training"}
                    ),
                    "training": comparison.training_of(name).model_dump(),
                    "attempts": [
                        {
                            "seed": comparison.seed + number,
                            "solved_after": attempt.solved_after,
                            "seconds": round(attempt.seconds, 2),
                            "checks": [[at.iteration, at.loss, at.right] for at in attempt.checks],
                        }
                        for number, attempt in enumerate(attempts)
                    ],
                }
                for name, attempts in self.attempts.items()
            },
            **provenance(folder),
        }

    def _values(self, name: str) -> dict[str, list[float]]:
        attempts = self.attempts[name]
        return {
            "loss": [float("inf") if attempt.diverged else attempt.last.loss for attempt in attempts],
            "right": [0.0 if attempt.diverged else attempt.last.right for attempt in attempts],
        }


def run_contest(name: str, comparison: Comparison, seeds: int, *, quiet: bool) -> Contest:
    """Return what became of every network, trained once for each seed."""
    problem = comparison.made_problem()
    attempts: dict[str, list[Attempt]] = {}
    for contestant in comparison.networks:
        settings = comparison.training_of(contestant)
        for seed in range(comparison.seed, comparison.seed + seeds):
            network = build_for(problem, comparison.networks[contestant], seed)
            told = _silent if quiet else _aloud(f"{contestant}, seed {seed}")
            attempts.setdefault(contestant, []).append(
                solve(problem, network, settings, seed=seed, watcher=told)
            )
    return Contest(name, comparison, attempts)


def build_for(problem: Problem, architecture: Architecture, seed: int) -> Any:
    """Return a network of that architecture for a problem, with fresh weights."""
    return architecture.build(
        feature_count=problem.feature_count, output_size=problem.output_size, key=key_for(seed, "weights")
    )


def test_in_words(check: Check) -> str:
    """Return how a test went, in a line."""
    return f"step {check.iteration:,}: loss {_figures(check.loss)}, {_percent(check.right)} right"


def _aloud(label: str) -> Callable[[Check], None]:
    return lambda check: say(f"{label}, {test_in_words(check)}")


def _silent(check: Check) -> None:
    pass


def _parameters(attempt: Attempt) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(attempt.network))


def _figures(loss: float) -> str:
    return f"{loss:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
