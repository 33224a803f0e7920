"""Run the benchmarks, or those named, print what they found and keep it in `benchmarks/results/`."""

import importlib
import json
import sys
from pathlib import Path

from throughtime.training.provenance import provenance

NAMES = ("import_time", "padding", "kernels", "training_loop", "large_file")
RESULTS = Path(__file__).parent / "results"


def main(names: list[str]) -> int:
    """Run the benchmarks and return 0 if every bar was reached, else 1."""
    RESULTS.mkdir(exist_ok=True)
    everything_reached = True
    for name in names or NAMES:
        for row in importlib.import_module(f"benchmarks.{name}").measure():
            print(name, json.dumps(row), flush=True)
            everything_reached &= bool(row["reached"])
            with open(RESULTS / f"{name}.jsonl", "a", encoding="utf-8") as lines:
                lines.write(json.dumps(row | provenance(RESULTS)) + "\n")
    return 0 if everything_reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
