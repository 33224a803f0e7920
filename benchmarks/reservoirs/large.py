"""Ten thousand units taught fifty thousand steps, in a process of its own, whose memory is watched."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

UNITS, STEPS, FAN_IN = 10_000, 50_000, 100
MOST_BYTES = 10**9


def measure() -> Iterator[dict[str, Any]]:
    """Yield the seconds and the most memory of the whole process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reservoirs.large"], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    yield json.loads(done.stdout.splitlines()[-1])


def teach(units: int, steps: int) -> dict[str, Any]:
    """Teach a reservoir the Mackey-Glass series, chunk by chunk, and say what it took."""
    import jax
    import numpy as np

    from throughtime import EchoState, Linear, Stack, fit_readout, unroll
    from throughtime.problems.mackey_glass import mackey_glass_series

    key = jax.random.key(0)
    series = mackey_glass_series(steps + 1001, 1, np.random.default_rng(0)).astype(np.float32)[..., None]
    started = time.perf_counter()
    network = Stack([EchoState(1, units, fan_in=FAN_IN, key=key), Linear(units, 1, key=key)])
    drawn = time.perf_counter()
    found = fit_readout(
        network, series[:steps], series[1 : steps + 1], washout=1000, regularisation=1e-4, chunk_size=200
    )
    solved = time.perf_counter()
    _, outputs = unroll(found.network, series[steps : steps + 200], found.state)
    error = np.sqrt(np.mean((np.asarray(outputs) - series[steps + 1 : steps + 201]) ** 2) / series.var())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "problem": f"{units} units, {steps} steps, {FAN_IN} connections a unit",
        "seconds_to_draw": drawn - started,
        "seconds_to_teach": solved - drawn,
        "most_bytes": memory,
        "nrmse_of_the_next_step": float(error),
        "reached": memory <= MOST_BYTES,
    }


if __name__ == "__main__":
    print(json.dumps(teach(UNITS, STEPS)))
