"""A CSV ten times as large as the memory of the process that trains on it.

The limit is a memory control group where one can be made, and what the process used is read from the system
in any case. A file of a quarter of the size tells whether the memory grows with it.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

LIMIT_BYTES = 800 << 20
TIMES = 10
ROW_STEPS = 2000
POOL_ROWS = 500


def measure() -> list[dict[str, object]]:
    """Return the peak memory of training on a file of ten times the limit, and of a quarter of that."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in (LIMIT_BYTES * TIMES // 4, LIMIT_BYTES * TIMES):
            table = Path(folder) / "large.csv"
            _write(table, size)
            peak, enforced = _peak_of_training(table, Path(folder) / f"model-{size}")
            rows.append(
                {
                    "file_bytes": table.stat().st_size,
                    "peak_bytes": peak,
                    "limit_bytes": LIMIT_BYTES,
                    "limit_enforced": enforced,
                    "times": table.stat().st_size / peak,
                    "reached": peak <= LIMIT_BYTES,
                }
            )
    return rows


def _write(table: Path, size: int) -> None:
    """Write rows of numbers with a label, the drift of a random walk, drawn again and again from a pool."""
    generator = np.random.default_rng(0)
    pool = []
    for label in ("down", "up") * (POOL_ROWS // 2):
        steps = generator.normal(0.1 if label == "up" else -0.1, 1.0, ROW_STEPS)
        pool.append(" ".join(map(repr, steps.tolist())) + f",{label}\n")
    with open(table, "w", encoding="ascii") as file:
        file.write("sequence,label\n")
        while file.tell() < size:
            file.writelines(pool[number] for number in generator.permutation(POOL_ROWS))


def _peak_of_training(table: Path, out: Path) -> tuple[int, bool]:
    command = [sys.executable, "-m", "benchmarks.large_file", str(table), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, enforced = done.stdout.split()[-2:]
    return int(peak), enforced == "True"


def _train(table: str, out: str) -> None:
    from throughtime.cli import main

    options = ["--hidden-size", "4", "--epochs", "1", "--batch-size", "256", "--quiet"]
    enforced = _limit_memory()
    status = main(["fit", "classify", table, "--out", out, *options])
    assert status == 0, status
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, enforced)


def _limit_memory() -> bool:
    """Put this process into a memory control group of its own, and tell whether the system let it."""
    own = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if ":memory:" in line)
    group = Path("/sys/fs/cgroup/memory") / own.split(":")[2].lstrip("/") / f"throughtime-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        return False
    return True


if __name__ == "__main__":
    _train(*sys.argv[1:])
