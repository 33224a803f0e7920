"""Closed loops: sines that a chaotic network is taught by FORCE, and steps a second beside reservoirpy."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from throughtime import EchoState, Linear, OutputFeedback, Stack, Values, fit_readout, force, unroll

REPEATS = 7

PARITY = 20
"""Steps in closed loop that both have to answer alike."""


def force_sines(units: int = 500, taught: int = 12_000, free: int = 10_000) -> Iterator[dict[str, Any]]:
    """Yield the error of a sum of four sines in closed loop after training has stopped, and its bounds."""
    steps = np.arange(taught + free)
    wave = sum(
        np.sin(2 * np.pi * steps / period) / part for period, part in ((600, 1), (300, 2), (200, 6), (150, 3))
    )
    wave = jnp.asarray(wave / 1.5, jnp.float32)[:, None]
    errors, sizes = [], []
    for seed in range(5):
        keys = jax.random.split(jax.random.key(seed))
        cell = EchoState(
            1, units, spectral_radius=1.5, leak=0.1, fan_in=units // 10, input_scaling=1.0, key=keys[0]
        )
        network = OutputFeedback(Stack([cell, Linear(units, 1, key=keys[1])]), Values(1))
        learned = force(network, jnp.zeros((taught, 0)), wave[:taught])
        _, outputs = unroll(learned.network, jnp.zeros((free, 1, 0)), learned.state)
        errors.append(
            float(jnp.sqrt(jnp.mean((outputs[:1200, 0] - wave[taught : taught + 1200]) ** 2)) / wave.std())
        )
        sizes.append(float(jnp.abs(outputs).max()))
    yield {
        "problem": f"four sines by FORCE, {units} units, {taught} steps taught, {free} steps free",
        "nrmse_of_two_periods": errors,
        "median_nrmse": float(np.median(errors)),
        "largest_output": max(sizes),
        "largest_target": float(jnp.abs(wave).max()),
        "reached": bool(max(sizes) < 2 * float(jnp.abs(wave).max())),
    }


def speed(units: int = 1000, steps: int = 20_000, theirs: int = 2000) -> Iterator[dict[str, Any]]:
    """Yield the steps a second in closed loop, of networks with the same weights in one process, by turns."""
    from reservoirpy.nodes import Reservoir, Ridge

    key = jax.random.key(0)
    cell = EchoState(1, units, fan_in=units // 100, bias_scaling=0.1, key=key)
    wave = np.sin(np.arange(1200) / 10).astype(np.float32)[:, None, None]
    solved = fit_readout(
        Stack([cell, Linear(units, 1, key=key)]), wave[:-1], wave[1:], washout=100, regularisation=1e-2
    ).network
    inner, outputs = unroll(solved, jnp.asarray(wave))
    loop = OutputFeedback(solved, Values(1))
    state = loop.going_on(inner, outputs[-1])
    nothing = jnp.zeros((steps, 1, 0))
    compiled = jax.jit(lambda loop, state: unroll(loop, nothing, state)[1])

    U: Any = cell.recurrent_weight
    from scipy.sparse import csr_matrix

    reservoir = Reservoir(
        W=csr_matrix(np.asarray(U.dense())),
        Win=np.asarray(cell.input_weight),
        bias=np.asarray(cell.bias),
        lr=1.0,
    )
    model = reservoir >> Ridge(ridge=1e-2)
    model.fit(wave[:-1, 0], wave[1:, 0], warmup=100)
    heard = model.run(wave[:, 0])[-1]

    def ours() -> Any:
        return compiled(loop, state).block_until_ready()

    def peer() -> Any:
        said = heard
        for _ in range(theirs):
            said = model.step(said)
        return said

    same_steps = np.asarray(ours())[:PARITY, 0, 0]
    said, answered = heard, []
    for _ in range(PARITY):
        said = model.step(said)
        answered.append(float(np.ravel(said)[0]))
    pairs = [(_seconds(ours) / steps, _seconds(peer) / theirs) for _ in range(REPEATS)]
    fast, slow = (float(np.median(part)) for part in zip(*pairs, strict=True))
    yield {
        "problem": f"closed loop, {units} units, 1 % of the connections",
        "steps_per_second": 1 / fast,
        "steps_per_second_reservoirpy": 1 / slow,
        "ratio": float(np.median([theirs / ours for ours, theirs in pairs])),
        "largest_difference": float(np.abs(same_steps - answered).max()),
        "reached": bool(np.median([theirs / ours for ours, theirs in pairs]) >= 10),
    }


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
