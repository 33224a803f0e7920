"""What a learning rule costs: the time of a step, and the memory it works in."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from throughtime.core.sequence_map import Network
from throughtime.learning import LearningRule


def interleaved_seconds(work: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Return the median time of each piece of work, done in turns, so that a busy moment is shared by all.

    Arguments:
        repeats: timed runs of each, after one that is not timed.
    """
    for run in work.values():
        _wait_for(run())
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, run in work.items():
            started = time.perf_counter()
            _wait_for(run())
            times[name].append(time.perf_counter() - started)
    return {name: float(np.median(taken)) for name, taken in times.items()}


def _wait_for(results: Any) -> None:
    for leaf in jax.tree.leaves(results):
        leaf.block_until_ready()


def compiled_bytes(compiled: Any) -> int:
    """Return how many bytes a compiled function works in, besides its arguments and results."""
    return int(compiled.memory_analysis().temp_size_in_bytes)


def trace_bytes(rule: LearningRule, network: Network, batch_size: int, key: PRNGKeyArray) -> int:
    """Return how many bytes a rule carries from chunk to chunk, besides the state of the network."""
    trace = jax.eval_shape(lambda network, key: rule.start(network, batch_size, key), network, key)
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(trace))
