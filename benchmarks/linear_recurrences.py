"""Linear recurrences step after step and with an associative scan: minGRU, which is real, and LRU, complex.

`recomputed` takes the cell's own step in a loop, coefficients and all. The other two compute all coefficients
first; what `throughtime.unroll` takes on a CPU is `scan`, and its bar is that `associative` is nowhere faster
by more than what timing varies by.
"""

import functools
from collections.abc import Callable
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.comparing import in_turn
from throughtime import LRU, LinearCell, MinGRU, initial_states
from throughtime.core.elementwise import run_linear
from throughtime.core.linear_recurrence import by_associative_scan, by_scan, linear_recurrence
from throughtime.core.scanning import project_and_scan

GRID = [(steps, batch, hidden) for steps in (32, 784, 4096) for batch in (1, 32) for hidden in (64, 256)]
INPUT = 16
ROUNDS = 9
SLACK = 1.15
TOLERANCE = 1e-4
CELLS: tuple[type[MinGRU] | type[LRU], ...] = (MinGRU, LRU)


def measure() -> list[dict[str, object]]:
    """Return the medians for each cell, size and direction."""
    return [_measure(kind, sizes, backward) for kind in CELLS for sizes in GRID for backward in (False, True)]


def _measure(
    kind: type[MinGRU] | type[LRU], sizes: tuple[int, int, int], backward: bool
) -> dict[str, object]:
    steps, batch, hidden = sizes
    cell = kind(INPUT, hidden, memory_steps=100, key=jax.random.key(0))
    rng = np.random.default_rng(0)
    inputs = jnp.asarray(rng.normal(size=(steps, batch, INPUT)), jnp.float32)
    weights = jnp.asarray(rng.normal(size=(steps, batch, hidden)), jnp.float32)
    state = initial_states(cell, batch)
    ways = {
        "unroll": functools.partial(run_linear, execution=linear_recurrence),
        "scan": functools.partial(run_linear, execution=by_scan),
        "associative": functools.partial(run_linear, execution=by_associative_scan),
        "recomputed": project_and_scan,
    }
    compiled = {name: jax.jit(_task(way, backward)) for name, way in ways.items()}
    results = {name: function(cell, inputs, state, weights) for name, function in compiled.items()}
    for name, result in results.items():
        for given, expected in zip(*map(jax.tree.leaves, (result, results["unroll"])), strict=True):
            size = float(jnp.max(jnp.abs(expected)))
            np.testing.assert_allclose(given, expected, rtol=0, atol=TOLERANCE * size, err_msg=name)

    def calls(function: Callable[..., Any]) -> Callable[[], object]:
        return lambda: jax.block_until_ready(function(cell, inputs, state, weights))

    seconds = in_turn({name: calls(function) for name, function in compiled.items()}, rounds=ROUNDS)
    ms = {name: 1e3 * median(values) for name, values in seconds.items()}
    return {
        "cell": kind.kind,
        "steps": steps,
        "batch": batch,
        "hidden": hidden,
        "direction": "forward and backward" if backward else "forward",
        "ms": {name: round(value, 3) for name, value in ms.items()},
        "ratios": {name: round(value / ms["unroll"], 2) for name, value in ms.items() if name != "unroll"},
        "rounds": ROUNDS,
        "bar": 1 / SLACK,
        "reached": ms["associative"] / ms["unroll"] >= 1 / SLACK,
    }


def _task(way: Callable[..., Any], backward: bool) -> Callable[..., Any]:
    def forward(cell: LinearCell, inputs: Any, state: Any, weights: Any) -> Any:
        return way(cell, state, inputs, None, False)[1]

    def loss(cell: LinearCell, inputs: Any, state: Any, weights: Any) -> Any:
        return jnp.sum(forward(cell, inputs, state, weights) * weights)

    return jax.grad(loss, argnums=(0, 1)) if backward else forward
