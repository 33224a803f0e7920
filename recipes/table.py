"""Write the last results of the recipes: of models into the README, of comparisons into the docs."""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README, COMPARISONS = HERE.parent / "README.md", HERE.parent / "docs" / "results.md"
BEGIN = "<!-- results: written by `python recipes/table.py` -->\n"
END = "<!-- end of results -->"

NAMES = {"exact_match": "exact", "span_f1": "F1 of names", "mase": "MASE", "loss": "nats"}
"""What metrics are called in the table, where that is not their name."""

ERRORS = ("loss", "mase")
"""The metrics that are no shares, of which less is better."""


def last_results() -> list[dict[str, Any]]:
    """Return the last result of each recipe, in the order of their names."""
    files = sorted((HERE / "results").glob("*.jsonl"))
    return [json.loads(file.read_text(encoding="utf-8").splitlines()[-1]) for file in files]


def models(results: list[dict[str, Any]]) -> str:
    """Return what trained models reached as a table in Markdown, and how many comparisons came out."""
    alone = [result for result in results if "networks" not in result]
    bars = [bar["reached"] for result in results if "networks" in result for bar in result["bars"]]
    return "\n".join(
        [
            "| recipe | score, mean ± deviation (seeds) | fixed window | bar | minutes | published |",
            "|---|---|---|---|---|---|",
            *map(_alone, alone),
            "",
            f"{_measured(alone)} {len(results) - len(alone)} comparisons of networks, rules and optimisers "
            f"reached {sum(bars)} of {len(bars)} bars: [docs/results.md](docs/results.md).\n",
        ]
    )


def comparisons(results: list[dict[str, Any]]) -> str:
    """Return what came of comparisons as a table in Markdown."""
    compared = [result for result in results if "networks" in result]
    return "\n".join(
        [
            "# What networks, rules and optimisers reach beside one another",
            "",
            "Each row is a recipe in `recipes/`, trained anew by `throughtime reproduce NAME`; figures seed",
            "by seed are in `recipes/results/`. This page is written by `python recipes/table.py`.",
            "",
            "| comparison | what came out | bars | minutes in all | published |",
            "|---|---|---|---|---|",
            *map(_beside_one_another, compared),
            "",
            f"{_measured(compared)}\n",
        ]
    )


def _measured(results: list[dict[str, Any]]) -> str:
    machines = {f"{result['machine']['cores']} cores of an {result['machine']['cpu']}" for result in results}
    return f"Measured on {', '.join(sorted(machines))}."


def _alone(result: dict[str, Any]) -> str:
    ours, window, metric = result["ours"], result["baseline"], result["bar"]["metric"]
    minutes = sum(ours["seconds"]) / len(ours["seconds"]) / 60
    beside = _figure(metric, window["mean"], window["std"]) if window else "none"
    figure = _figure(metric, ours["mean"], ours["std"])
    bar = _figure(metric, result["bar"]["value"], None)
    missed = "" if result["reached"] else ", missed"
    return (
        f"| `{result['recipe']}` | {NAMES.get(metric, metric)} {figure} ({len(ours['scores'])}) | {beside} | "
        f"{bar}{missed} | {minutes:.1f} | {result['published']['claim']} |"
    )


def _beside_one_another(result: dict[str, Any]) -> str:
    networks = result["networks"]
    # Where all networks answer right alike, the loss tells them apart.
    right = "right" in next(iter(networks.values()))["means"]
    told_by = "right" if right and any(one["means"]["right"] > 0.1 for one in networks.values()) else "loss"
    if "solved" in next(iter(networks.values()))["means"]:
        told_by = "solved"
    elif not right:
        told_by = next(iter(next(iter(networks.values()))["means"]))
    words = _swept(networks) or [
        f"{name.replace('_', ' ')} {_outcome(told_by, one)}" for name, one in networks.items()
    ]
    reached = sum(bar["reached"] for bar in result["bars"])
    bars = f"{reached} of {len(result['bars'])}" if result["bars"] else "none"
    minutes = sum(sum(one["seconds"]) for one in networks.values()) / 60
    took = f"{minutes:.0f}" if minutes >= 1 else f"{minutes:.1f}"
    claim = result["comparison"]["published"]["claim"]
    unit = "solved after sequences, on average: " if told_by == "solved" else f"{told_by}: "
    unit = "solved: " if _swept(networks) else unit
    return f"| `{result['recipe']}` | {unit}{', '.join(words)} | {bars} | {took} | {claim} |"


def _swept(networks: dict[str, Any]) -> list[str]:
    """Return how many runs were solved at each value of a size that was swept over, if one was."""
    solved: dict[str, dict[Any, str]] = {}
    size = None
    for name, one in networks.items():
        sizes = one["settings"].get("problem", {})
        if len(sizes) != 1:
            return []
        ((size, value),) = sizes.items()
        runs = one["scores"]["sequences"]
        count = f"{sum(run is not None for run in runs)} of {len(runs)}"
        solved.setdefault(name.removesuffix(f"_{value}").replace("_", " "), {})[value] = count
    values = next(iter(solved.values()))
    at = f" at {size} {', '.join(str(value) for value in values)}"
    return [f"{name} {', '.join(counts.values())}" for name, counts in solved.items()][:-1] + [
        f"{name} {', '.join(counts.values())}{at}" for name, counts in list(solved.items())[-1:]
    ]


def _outcome(metric: str, network: dict[str, Any]) -> str:
    value = network["means"][metric]
    if metric == "solved":
        solved = [count for count in network["scores"]["sequences"] if count is not None]
        after = f" after {sum(solved) / len(solved):,.0f}" if solved else ""
        return f"{len(solved)} of {len(network['scores']['sequences'])}{after}"
    return f"{value:.2g}" if metric == "loss" else f"{100 * value:.1f} %"


def _figure(metric: str, mean: float, deviation: float | None) -> str:
    if metric in ERRORS:
        return f"{mean:.3g}" + (f" ± {deviation:.1g}" if deviation is not None else "")
    return f"{100 * mean:.1f} %" + (f" ± {100 * deviation:.1f}" if deviation is not None else "")


if __name__ == "__main__":
    found = last_results()
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    README.write_text(pattern.sub(lambda _: BEGIN + models(found) + END, text), encoding="utf-8")
    COMPARISONS.write_text(comparisons(found), encoding="utf-8")
