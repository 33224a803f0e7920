"""A CSV ten times as large as the memory of the process that trains on it.

The process runs in a memory control group from its first instruction on, where one can be made: whatever it
allocates beyond the limit gets it killed, which a process that does nothing else shows first. What it used is
also read from the system, and that counts more: pages of shared libraries that other processes have read
before are charged to them, not to the group. A file of a quarter of the size tells whether the memory grows
with it.
"""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

LIMIT_BYTES = 600 << 20
TIMES = 10
MOST_GROWTH = 1.05
"""What the larger file may take of the smaller one's memory: two runs on one file differ by about as much."""

ROW_STEPS = 2000
POOL_ROWS = 500

_GROUPS = Path("/sys/fs/cgroup")


def measure() -> Iterator[dict[str, object]]:
    """Yield the peak memory of training on a file of a quarter of ten times the limit, and of all of it."""
    first_peak = None
    with tempfile.TemporaryDirectory() as folder, _memory_group() as group:
        for size in (LIMIT_BYTES * TIMES // 4, LIMIT_BYTES * TIMES):
            table = Path(folder) / "large.csv"
            _write(table, size)
            started = time.perf_counter()
            peak = _peak_of_training(table, Path(folder) / f"model-{size}", group)
            first_peak = first_peak or peak
            yield {
                "file_bytes": table.stat().st_size,
                "peak_bytes": peak,
                "limit_bytes": LIMIT_BYTES,
                "limit_enforced_by": None if group is None else "memory control group",
                "times": table.stat().st_size / LIMIT_BYTES,
                "growth": peak / first_peak,
                "seconds": time.perf_counter() - started,
                "reached": peak <= LIMIT_BYTES and peak / first_peak <= MOST_GROWTH,
            }


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


def _peak_of_training(table: Path, out: Path, group: Path | None) -> int:
    done = _run_in(group, sys.executable, "-m", "benchmarks.large_file", str(table), str(out))
    assert done.returncode == 0, f"status {done.returncode}: {done.stderr}"
    return int(done.stdout.split()[-1])


def _train(table: str, out: str) -> None:
    from throughtime.cli import main

    options = ["--hidden-size", "4", "--epochs", "1", "--batch-size", "32", "--quiet"]
    status = main(["fit", "classify", table, "--out", out, *options])
    assert status == 0, status
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


@contextlib.contextmanager
def _memory_group() -> Iterator[Path | None]:
    """Make a control group with the limit, and remove it afterwards; None where the system does not let us.

    **Raises** `AssertionError` if a process in it may take more than the limit all the same.
    """
    try:
        group = _made_group()
    except OSError as error:
        print(f"the limit is not enforced, only measured: {error}", file=sys.stderr)
        yield None
        return
    try:
        greedy = f"held = bytearray({LIMIT_BYTES} * 3 // 2); held[::4096] = bytes(len(held[::4096]))"
        assert _run_in(group, sys.executable, "-c", greedy).returncode == -9, f"{group} does not bind"
        yield group
    finally:
        group.rmdir()


def _made_group() -> Path:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = {kinds: path.lstrip("/") for _, kinds, path in (line.split(":", 2) for line in lines)}
    second_version = "memory" not in own
    parent = _GROUPS / own[""] if second_version else _GROUPS / "memory" / own["memory"]
    group = parent / f"throughtime-{os.getpid()}"
    group.mkdir()
    try:
        limit = "memory.max" if second_version else "memory.limit_in_bytes"
        (group / limit).write_text(str(LIMIT_BYTES))
    except OSError:
        group.rmdir()
        raise
    return group


def _run_in(group: Path | None, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that is in the group before it begins, so that all it allocates is charged."""
    if group is not None:
        enter = f'echo $$ > "{group}/cgroup.procs" && exec "$@"'
        command = ("sh", "-c", enter, "sh", *command)
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    _train(*sys.argv[1:])
