"""Cells whose units remember each for itself, as their papers write them, for one sequence `[T, I]`.

This file imports nothing of the library, and no line of it was taken from there.
"""

import numpy as np
from numpy import exp, tanh

Numbers = np.ndarray
ByGate = dict[str, Numbers]


def logistic(a: Numbers) -> Numbers:
    return 1 / (1 + exp(-a))


def g(a: Numbers) -> Numbers:
    """Feng et al. 2024: the activation that keeps candidates above zero, number by number."""
    return np.array([a_k + 0.5 if a_k >= 0 else logistic(a_k) for a_k in a])


def indrnn(x: Numbers, W: Numbers, u: Numbers, b: Numbers, h: Numbers) -> Numbers:
    """Li et al. 2018, Eq. 2, neuron by neuron, rectified."""
    history = []
    for x_t in x:
        h = np.array([max(0.0, W[n] @ x_t + u[n] * h[n] + b[n]) for n in range(len(h))])
        history.append(h)
    return np.array(history)


def elstm(x: Numbers, W: ByGate, w: ByGate, b: ByGate, Q: Numbers, c: Numbers) -> tuple[Numbers, Numbers]:
    """Irie et al. 2023: outputs and cells; the output gate sees the input and the new cells side by side."""
    outputs, cells = [], []
    for x_t in x:
        z = tanh(W["z"] @ x_t + w["z"] * c + b["z"])
        f = logistic(W["f"] @ x_t + w["f"] * c + b["f"])
        c = c * f + (1 - f) * z
        o = logistic(np.hstack([W["o"], Q]) @ np.concatenate([x_t, c]) + b["o"])
        outputs.append(c * o)
        cells.append(c)
    return np.array(outputs), np.array(cells)


def elstm_sensitivity(x_t: Numbers, W: ByGate, w: ByGate, b: ByGate, c: Numbers) -> Numbers:
    """Irie et al. 2023: the diagonal of dc_t / dc_{t-1}, by hand."""
    z = tanh(W["z"] @ x_t + w["z"] * c + b["z"])
    f = logistic(W["f"] @ x_t + w["f"] * c + b["f"])
    return f + (1 - f) * (1 - z**2) * w["z"] + (c - z) * f * (1 - f) * w["f"]


def min_gru(x: Numbers, W: ByGate, b: ByGate, h: Numbers) -> Numbers:
    """Feng et al. 2024, minGRU with g, its sequential mode."""
    history = []
    for x_t in x:
        z = logistic(W["z"] @ x_t + b["z"])
        h = (1 - z) * h + z * g(W["n"] @ x_t + b["n"])
        history.append(h)
    return np.array(history)


def min_lstm(x: Numbers, W: ByGate, b: ByGate, h: Numbers) -> Numbers:
    """Feng et al. 2024, minLSTM without g, its sequential mode."""
    history = []
    for x_t in x:
        f = logistic(W["f"] @ x_t + b["f"])
        i = logistic(W["i"] @ x_t + b["i"])
        f, i = f / (f + i), i / (f + i)
        h = f * h + i * (W["n"] @ x_t + b["n"])
        history.append(h)
    return np.array(history)


def lru(
    x: Numbers, nu: Numbers, theta: Numbers, gamma: Numbers, B: Numbers, C: Numbers, D: Numbers, s: Numbers
) -> tuple[Numbers, Numbers]:
    """Orvieto et al. 2023, in complex numbers: outputs and states; B, C and s are complex."""
    eigenvalues = exp(-exp(nu) + 1j * exp(theta))
    outputs, states = [], []
    for x_t in x:
        s = eigenvalues * s + exp(gamma) * (B @ x_t)
        outputs.append((C @ s).real + D @ x_t)
        states.append(s)
    return np.array(outputs), np.array(states)
