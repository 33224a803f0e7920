"""Chaotic series in closed loop: Mackey-Glass by Jaeger's recipe, and Lorenz beside reservoirpy."""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from throughtime import EchoState, Linear, NetNoise, OutputFeedback, Stack, Values, fit_readout, unroll
from throughtime.core.noise import without_noise
from throughtime.problems.lorenz import LYAPUNOV_EXPONENT, lorenz_series, valid_time
from throughtime.problems.mackey_glass import mackey_glass_series

SEEDS = 10
TAUGHT, WASHOUT = 3000, 1000
TESTS, FORCED, FREE = 50, 1000, 84


def mackey_glass() -> Iterator[dict[str, Any]]:
    """Yield the NRMSE84 of ten seeds, for both delays."""
    for delay, noise, median_bar, best_bar in ((17, 0.0, 3e-3, 5e-4), (30, 1e-5, 0.15, None)):
        with jax.enable_x64(True):
            errors = sorted(_nrmse84(delay, noise, seed) for seed in range(SEEDS))
        median = float(np.median(errors))
        yield {
            "problem": f"mackey_glass, delay {delay}",
            "median_nrmse84": median,
            "best_nrmse84": errors[0],
            "all": errors,
            "published": 2.8e-4 if delay == 17 else 0.11,
            "source": "Jaeger 2001, GMD report 148",
            "reached": median <= median_bar and (best_bar is None or errors[0] <= best_bar),
        }


def _nrmse84(delay: int, noise: float, seed: int) -> float:
    """Return the error 84 steps ahead, of 400 leaky units that were taught 2000 steps."""
    key = jax.random.key(seed)
    draw = np.random.default_rng(seed)
    cell = EchoState(
        1, 400, spectral_radius=0.79, leak=0.44 * 0.9, gain=0.44, fan_in=5, input_scaling=0.56, key=key
    )
    # A constant input of 0.2, through weights of which a half is 0 and the others are 0.14 or -0.14.
    constant = 0.2 * draw.choice([0, 0, 0.14, -0.14], size=400)
    cell = eqx.tree_at(lambda cell: cell.bias, cell, jnp.asarray(constant))
    below = NetNoise(cell, noise / np.sqrt(3)) if noise else cell
    series = mackey_glass_series(TAUGHT + TESTS * (FORCED + FREE), 1, draw, delay=delay)
    taught, rest = series[:TAUGHT], series[TAUGHT:].reshape(TESTS, FORCED + FREE).T[..., None]
    solved = fit_readout(
        Stack([below, Linear(400, 1, key=key)]), taught[:-1, :, None], taught[1:, :, None],
        washout=WASHOUT - 1, regularisation=1e-16, method="triangular", key=key,
    ).network  # fmt: skip
    answers = _goes_on(without_noise(solved), jnp.asarray(rest[:FORCED]), FREE)
    return float(np.sqrt(np.mean((answers[-1] - rest[-1]) ** 2) / series.var()))


def _goes_on(network: Any, forced: jax.Array, steps: int) -> np.ndarray:
    """Return what a network says in so many steps after it was forced, the first from the last truth."""
    inner, outputs = unroll(network, forced)
    first = outputs[-1]
    loop = OutputFeedback(network, Values(network.output_size))
    _, rest = unroll(loop, jnp.zeros((steps - 1, first.shape[0], 0)), loop.going_on(inner, first))
    return np.concatenate([np.asarray(first)[None], np.asarray(rest)])


def lorenz(units: int = 300, starts: int = 20, steps: int = 1500) -> Iterator[dict[str, Any]]:
    """Yield the valid prediction times of networks with the same weights, ours and reservoirpy's."""
    settings = {"spectral_radius": 0.9, "leak": 0.7, "fan_in": 10, "input_scaling": 0.3, "bias_scaling": 0.5}
    time_step, regularisation, washout = 0.02, 1e-7, 100
    times: dict[str, list[float]] = {"throughtime": [], "reservoirpy": []}
    for seed in range(3):
        draw = np.random.default_rng(seed)
        taught = lorenz_series(5000, 1, draw, time_step=time_step)
        tests = lorenz_series(washout + steps, starts, draw, time_step=time_step)
        with jax.enable_x64(True):
            cell = EchoState(3, units, **settings, key=jax.random.key(seed))
            network = Stack([cell, Linear(units, 3, key=jax.random.key(seed))])
            solved = fit_readout(
                network, taught[:-1], taught[1:], washout=washout, regularisation=regularisation
            ).network
            answers = {"throughtime": _goes_on(solved, jnp.asarray(tests[:washout]), steps)}
            answers["reservoirpy"] = _reservoirpy(cell, taught, tests, washout, regularisation, steps)
        for name, answer in answers.items():
            step_size = time_step * LYAPUNOV_EXPONENT
            times[name] += valid_time(answer, tests[washout:], step_size=step_size).tolist()
    ours, theirs = (float(np.mean(times[name])) for name in ("throughtime", "reservoirpy"))
    yield {
        "problem": f"lorenz, {units} units, {3 * starts} starts",
        "valid_lyapunov_times": ours,
        "valid_lyapunov_times_reservoirpy": theirs,
        "standard_error": float(np.std(times["throughtime"]) / np.sqrt(3 * starts)),
        "reached": ours > 0.9 * theirs,
    }


def _reservoirpy(
    cell: EchoState, taught: np.ndarray, tests: np.ndarray, washout: int, regularisation: float, steps: int
) -> np.ndarray:
    """Return the answers of reservoirpy's network with the same weights."""
    from reservoirpy.nodes import Reservoir, Ridge

    U: Any = cell.recurrent_weight
    reservoir = Reservoir(
        W=np.asarray(U.dense()), Win=np.asarray(cell.input_weight), bias=np.asarray(cell.bias), lr=cell.leak
    )
    model = reservoir >> Ridge(ridge=regularisation)
    model.fit(taught[:-1, 0], taught[1:, 0], warmup=washout)
    answers = []
    for start in range(tests.shape[1]):
        reservoir.reset()
        said = model.run(tests[:washout, start])[-1]
        answer = [said]
        for _ in range(steps - 1):
            said = model.step(said)
            answer.append(said)
        answers.append(answer)
    return np.moveaxis(np.array(answers), 0, 1)
