"""Run the benchmarks, or those named, print what they found and keep it in `benchmarks/results/`.

`python -m benchmarks NAME ...`; a single name may be followed by options, where it has any.
"""

import importlib
import json
import sys
from itertools import takewhile
from pathlib import Path

from throughtime.training.provenance import provenance

NAMES = (
    "import_time",
    "padding",
    "kernels",
    "streaming",
    "training_loop",
    "kernels_in_training",
    "dilated",
    "large_file",
    "linear_recurrences",
    "curvature",
    "learning_rules",
    "endless_streams",
    "drifting_streams",
    "language_model",
    "reservoirs",
)
RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> int:
    """Run the benchmarks and return 0 if every bar was reached, else 1."""
    names = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
    options = arguments[len(names) :]
    unknown = sorted(set(names) - set(NAMES))
    if unknown or (options and names not in (["kernels"], ["reservoirs"])):
        wrong = (
            f"there is no benchmark {unknown[0]}"
            if unknown
            else f"{options[0]} is an option of kernels or reservoirs alone"
        )
        print(f"{wrong}; the benchmarks are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    everything_reached = True
    for name in names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        for row in module.measure(options) if options else module.measure():
            print(name, json.dumps(row), flush=True)
            everything_reached &= bool(row["reached"])
            with open(RESULTS / f"{name}.jsonl", "a", encoding="utf-8") as lines:
                lines.write(json.dumps(row | provenance(RESULTS)) + "\n")
    return 0 if everything_reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
