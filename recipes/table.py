"""Write the last results of the recipes into the README, between its two marks."""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN = "<!-- results: written by `python recipes/table.py` -->\n"
END = "<!-- end of results -->"


def table() -> str:
    """Return the last result of each recipe as a table in Markdown."""
    lines = [
        "| recipe | accuracy, mean ± deviation (seeds) | fixed window | bar | minutes a model | published |",
        "|---|---|---|---|---|---|",
    ]
    machines = set()
    for file in sorted((HERE / "results").glob("*.jsonl")):
        result = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
        ours, window = result["ours"], result["baseline"]
        minutes = sum(ours["seconds"]) / len(ours["seconds"]) / 60
        lines.append(
            f"| `{file.stem}` | {_figure(ours)} ({len(ours['scores'])}) | {_figure(window)} | "
            f"{100 * result['bar']['value']:.1f} % | {minutes:.1f} | {result['published']['claim']} |"
        )
        machines.add(f"{result['machine']['cores']} cores of an {result['machine']['cpu']}")
    return "\n".join([*lines, "", f"Measured on {', '.join(sorted(machines))}."]) + "\n"


def _figure(figures: dict[str, float]) -> str:
    deviation = f" ± {100 * figures['std']:.1f}" if figures["std"] is not None else ""
    return f"{100 * figures['mean']:.1f} %{deviation}"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    README.write_text(pattern.sub(lambda _: BEGIN + table() + END, text), encoding="utf-8")
