"""Liquids: simulated seconds a second, and how far apart the states are that two inputs leave behind."""

import time
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from throughtime import (
    Liquid,
    SpikeFilter,
    Stack,
    initial_states,
    poisson_spikes,
    spike_distance,
    state_distances,
    state_rank,
    unroll,
)

REPEATS = 7
INPUT_HZ = 20.0
JITTER_MS = 4.0


def speed(neurons: int = 1000, step_ms: float = 0.1, channels: int = 4) -> Iterator[dict[str, Any]]:
    """Yield how much faster than real time a liquid is, over one second of its own."""
    steps = round(1000 / step_ms)
    cell = Liquid(channels, neurons, step_ms=step_ms, lattice_width=10, key=jax.random.key(0))
    rates = np.full((steps, channels), INPUT_HZ)
    spikes = poisson_spikes(rates, step_ms=step_ms, generator=np.random.default_rng(0))
    run = jax.jit(lambda cell, inputs: unroll(cell, inputs)[1])
    inputs = jnp.asarray(spikes)[:, None]
    fired = float(jnp.sum(run(cell, inputs)))
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run(cell, inputs).block_until_ready()
        seconds.append(time.perf_counter() - started)
    yield {
        "problem": f"{neurons} neurons, one second in steps of {step_ms:g} ms",
        "seconds": float(np.median(seconds)),
        "times_real_time": 1 / float(np.median(seconds)),
        "synapses": int(jnp.sum(cell.synapses.amplitude_na != 0)),
        "rate_hz": fired / neurons,
        "reached": bool(np.median(seconds) < 1),
    }


def separation(neurons: int = 135, pairs: int = 200, duration_ms: int = 500) -> Iterator[dict[str, Any]]:
    """Yield, for pairs of inputs that are more and more apart, how far apart the states are.

    A pair is a Poisson train and the same with a part of its spikes put elsewhere; both runs start from
    potentials of their own, so that the first row is what noise at the start alone does.
    """
    network = Stack([Liquid(1, neurons, key=jax.random.key(0)), SpikeFilter(neurons)])
    states = tuple(_started_at_random(network, pairs, jax.random.key(seed)) for seed in (1, 2))
    apart = []
    for moved in (0.0, 0.125, 0.25, 0.5, 1.0):
        draw = np.random.default_rng(0)
        one, other = (np.zeros((duration_ms, pairs, 1), np.float32) for _ in range(2))
        for pair in range(pairs):
            times = draw.integers(duration_ms, size=round(INPUT_HZ * duration_ms / 1000))
            again = np.where(
                draw.random(len(times)) < moved, draw.integers(duration_ms, size=len(times)), times
            )
            one[times, pair, 0] = other[again, pair, 0] = 1
        inputs = float(np.mean([spike_distance(one[:, pair], other[:, pair]) for pair in range(pairs)]))
        distances = np.asarray(state_distances(network, one, other, states=(states[0], states[1])))
        apart.append(float(distances[duration_ms // 2 :].mean()))
        yield {
            "problem": f"{neurons} neurons, {pairs} pairs of inputs, {moved:.1%} of the spikes elsewhere",
            "distance_of_inputs": inputs,
            "distance_of_states": apart[-1],
            "reached": bool(len(apart) == 1 or apart[-1] > apart[-2]),
        }
    yield _ranks(neurons, duration_ms)


def _ranks(neurons: int, duration_ms: int, channels: int = 4, count: int = 100) -> dict[str, Any]:
    network = Stack([Liquid(channels, neurons, key=jax.random.key(0)), SpikeFilter(neurons)])
    draw = np.random.default_rng(1)
    different = poisson_spikes(np.full((duration_ms, count * channels), INPUT_HZ), generator=draw)
    different = different.reshape(duration_ms, count, channels)
    times, channel = np.nonzero(different[:, 0])
    alike = np.zeros_like(different)
    for row in range(count):
        moved = np.rint(times + draw.normal(0, JITTER_MS, len(times))).astype(int)
        alike[np.clip(moved, 0, duration_ms - 1), row, channel] = 1
    quality, generalisation = (state_rank(network, inputs) for inputs in (different, alike))
    return {
        "problem": f"{count} inputs, different and jittered by {JITTER_MS:g} ms: directions of the states",
        "kernel_quality": quality,
        "generalisation_rank": generalisation,
        "reached": quality > generalisation,
    }


def _started_at_random(network: Stack, count: int, key: Any) -> Any:
    state = initial_states(network, count)
    liquid, trace = state.layers
    membrane = jax.random.uniform(key, liquid.membrane_mv.shape, minval=13.5, maxval=15.0)
    return state._replace(layers=(liquid._replace(membrane_mv=membrane), trace))
