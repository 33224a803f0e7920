"""Reservoirs as their papers write them, in NumPy, for one sequence `[T, I]`.

This file imports nothing of the library, and no line of it was taken from there.
"""

from collections.abc import Callable

import numpy as np

Numbers = np.ndarray


def leaky_reservoir(
    u: Numbers,
    W_in: Numbers,
    W: Numbers,
    bias: Numbers,
    C: float,
    a: float,
    f: Callable[[float], float],
    x: Numbers,
) -> Numbers:
    """Jaeger 2001, GMD report 148: leaky integrators of time constant 1/C and decay a, unit by unit."""
    history = []
    for u_n in u:
        new = np.empty_like(x)
        for i in range(len(x)):
            net = sum(W_in[i, j] * u_n[j] for j in range(len(u_n)))
            net += sum(W[i, j] * x[j] for j in range(len(x)))
            new[i] = (1 - C * a) * x[i] + C * f(net + bias[i])
        x = new
        history.append(x)
    return np.array(history)


def liquid(
    x: Numbers,
    W_in: Numbers,
    synapses: list[list[tuple[float, float, float, float, int, int]]],
    inhibits: Numbers,
    pause: Numbers,
    constants: dict[str, float],
    start: dict[str, Numbers],
) -> tuple[Numbers, dict[str, Numbers]]:
    """Maass, Natschlaeger & Markram 2002, appendix B, neuron by neuron and spike by spike.

    A synapse is (A, U, D, F, receiver, delay in steps); pulses under way are in `start["pulses"][step ahead,
    of an inhibitory sender or not, receiver]`.
    """
    c, count, steps = constants, len(inhibits), len(x)
    v, last = start["v"].copy(), start["since"].astype(int)
    rest = start["rest"].astype(int)
    currents = start["currents"].copy()
    u, r = start["u"].copy(), start["r"].copy()
    ahead = len(start["pulses"])
    pulses = np.zeros((steps + ahead, 2, count))
    pulses[:ahead] = start["pulses"]
    spikes = np.zeros((steps, count))
    for t in range(steps):
        fired = []
        for i in range(count):
            for kind, tau in enumerate((c["tau_e"], c["tau_i"])):
                currents[kind, i] = currents[kind, i] * np.exp(-c["dt"] / tau) + pulses[t, kind, i]
            currents[0, i] += sum(W_in[i, j] * x[t, j] for j in range(x.shape[1]))
            last[i] = min(last[i] + 1, 2**30)
            if rest[i] > 0:
                rest[i] -= 1
                v[i] = c["reset"]
                continue
            towards = c["resistance"] * (currents[0, i] + currents[1, i] + c["background"])
            v[i] = v[i] * np.exp(-c["dt"] / c["tau"]) + towards * (1 - np.exp(-c["dt"] / c["tau"]))
            if v[i] >= c["threshold"]:
                fired.append(i)
        for i in fired:
            spikes[t, i] = 1
            v[i] = c["reset"]
            rest[i] = pause[i]
            for s, (A, U, D, F, receiver, delay) in enumerate(synapses[i]):
                old_u, old_r, elapsed = u[i, s], r[i, s], last[i] * c["dt"]
                u[i, s] = U + old_u * (1 - U) * np.exp(-elapsed / F)
                r[i, s] = 1 + (old_r - old_u * old_r - 1) * np.exp(-elapsed / D)
                pulses[t + delay, int(inhibits[i]), receiver] += A * u[i, s] * r[i, s]
            last[i] = 0
    end = {
        "v": v,
        "currents": currents,
        "u": u,
        "r": r,
        "pulses": pulses[steps:],
        "rest": rest,
        "since": last,
    }
    return spikes, end


def filtered(x: Numbers, tau: float, dt: float, y: Numbers) -> Numbers:
    """Spikes seen through exp(-t / tau), each from its own time on."""
    steps = len(x)
    return np.array(
        [
            y * np.exp(-(t + 1) * dt / tau) + sum(x[s] * np.exp(-(t - s) * dt / tau) for s in range(t + 1))
            for t in range(steps)
        ]
    )
