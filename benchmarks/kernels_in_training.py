"""What the kernels bring to a whole training run: epochs on the movie reviews with kernels on and off.

A child process each, in turn, since what is compiled with kernels stays so. A first run compiles and is not
timed.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from benchmarks.training_loop import train_file
from throughtime.core.fused import OFF, VARIABLE

BAR = 1.5
PAIRS = 5
EPOCHS = 3
CELLS = ("lstm", "gru")
CHOICES = ("", OFF)


def measure() -> list[dict[str, object]]:
    """Return, for each cell, the time of an epoch without kernels divided by that with them."""
    return [_measure(cell) for cell in CELLS]


def _measure(cell: str) -> dict[str, object]:
    seconds: dict[str, list[float]] = {choice: [] for choice in CHOICES}
    for pair in range(PAIRS):
        for choice in CHOICES if pair % 2 == 0 else reversed(CHOICES):
            seconds[choice].append(_epoch_seconds(cell, choice))
    ratios = [off / on for on, off in zip(seconds[""], seconds[OFF], strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return {
        "data": "movie_reviews",
        "cell": cell,
        "epoch_s": {"on": median(seconds[""]), "off": median(seconds[OFF])},
        "ratio": median(ratios),
        "ratio_quartiles": [low, high],
        "pairs": PAIRS,
        "bar": BAR,
        "reached": median(ratios) >= BAR,
    }


def _epoch_seconds(cell: str, choice: str) -> float:
    environment = os.environ | {VARIABLE: choice}
    command = [sys.executable, "-m", "benchmarks.kernels_in_training", cell]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return float(done.stdout.split()[-1])


def _train(cell: str) -> None:
    from throughtime.data.readers import open_source
    from throughtime.training.checkpoint_writer import CheckpointFile
    from throughtime.training.loop import fit
    from throughtime.training.model_folder import build_network
    from throughtime.training.preparation import prepare
    from throughtime.training.settings import Settings

    def run(epochs: int) -> float:
        training = {"epochs": epochs, "validation": 0, "patience": 0, "batch_size": 64}
        settings = Settings.parse({"task": "classify", "network": {"cell": cell}, "training": training})
        prepared = prepare(open_source(train_file("movie_reviews")), settings)
        network = build_network(settings, prepared.encoder, prepared.task)
        with tempfile.TemporaryDirectory() as folder:
            file = CheckpointFile(Path(folder) / "run.safetensors", "benchmark")
            started = time.perf_counter()
            fit(network, prepared.task, prepared.train, None, settings.training, seed=0, checkpoint=file)
            return time.perf_counter() - started

    run(EPOCHS)
    print(run(EPOCHS) / EPOCHS)


if __name__ == "__main__":
    _train(sys.argv[1])
