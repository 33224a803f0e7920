"""Write the last results of the recipes into the README, between its two marks."""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN = "<!-- results: written by `python recipes/table.py` -->\n"
END = "<!-- end of results -->"


def table() -> str:
    """Return the last result of each recipe as tables in Markdown."""
    results = [
        json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
        for file in sorted((HERE / "results").glob("*.jsonl"))
    ]
    machines = {f"{result['machine']['cores']} cores of an {result['machine']['cpu']}" for result in results}
    return "\n".join(
        [
            "| recipe | accuracy, mean ± deviation (seeds) | fixed window | bar | minutes | published |",
            "|---|---|---|---|---|---|",
            *(_alone(result) for result in results if "networks" not in result),
            "",
            "| comparison | what came out | bars | minutes in all | published |",
            "|---|---|---|---|---|",
            *(_beside_one_another(result) for result in results if "networks" in result),
            "",
            f"Measured on {', '.join(sorted(machines))}.\n",
        ]
    )


def _alone(result: dict[str, Any]) -> str:
    ours, window = result["ours"], result["baseline"]
    minutes = sum(ours["seconds"]) / len(ours["seconds"]) / 60
    beside = _figure(window) if window else "none"
    return (
        f"| `{result['recipe']}` | {_figure(ours)} ({len(ours['scores'])}) | {beside} | "
        f"{100 * result['bar']['value']:.1f} % | {minutes:.1f} | {result['published']['claim']} |"
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
    words = [f"{name.replace('_', ' ')} {_outcome(told_by, one)}" for name, one in networks.items()]
    reached = sum(bar["reached"] for bar in result["bars"])
    bars = f"{reached} of {len(result['bars'])}" if result["bars"] else "none"
    minutes = sum(sum(one["seconds"]) for one in networks.values()) / 60
    took = f"{minutes:.0f}" if minutes >= 1 else f"{minutes:.1f}"
    claim = result["comparison"]["published"]["claim"]
    unit = "solved after sequences, on average: " if told_by == "solved" else f"{told_by}: "
    return f"| `{result['recipe']}` | {unit}{', '.join(words)} | {bars} | {took} | {claim} |"


def _outcome(metric: str, network: dict[str, Any]) -> str:
    value = network["means"][metric]
    if metric == "solved":
        solved = [count for count in network["scores"]["sequences"] if count is not None]
        after = f" after {sum(solved) / len(solved):,.0f}" if solved else ""
        return f"{len(solved)} of {len(network['scores']['sequences'])}{after}"
    return f"{value:.2g}" if metric == "loss" else f"{100 * value:.1f} %"


def _figure(figures: dict[str, float]) -> str:
    deviation = f" ± {100 * figures['std']:.1f}" if figures["std"] is not None else ""
    return f"{100 * figures['mean']:.1f} %{deviation}"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    README.write_text(pattern.sub(lambda _: BEGIN + table() + END, text), encoding="utf-8")
