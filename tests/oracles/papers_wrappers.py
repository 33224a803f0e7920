"""Wrappers as their papers write them, around cells written out, in NumPy, for one sequence `[T, I]`.

This file imports nothing of the library, and no line of it was taken from there.
"""

import numpy as np
from numpy import exp, sqrt, tanh

Numbers = np.ndarray
ByGate = dict[str, Numbers]


def logistic(a: Numbers) -> Numbers:
    return 1 / (1 + exp(-a))


def layer_norm(a: Numbers, g: Numbers, b: Numbers, epsilon: float) -> Numbers:
    """Ba, Kiros & Hinton 2016, Eqs. 3 and 4: mean and deviation over the units of one layer."""
    H = len(a)
    mu = sum(a) / H
    variance = sum((a_i - mu) ** 2 for a_i in a) / H
    return np.array([g[i] / sqrt(variance + epsilon) * (a[i] - mu) + b[i] for i in range(H)])


def normalised_gru(
    x: Numbers, W: Numbers, U: Numbers, b: Numbers, d: Numbers, h: Numbers,
    g_p: Numbers, g_s: Numbers, b_s: Numbers, epsilon: float,
) -> Numbers:  # fmt: skip
    """A GRU (reset after the product, rows r, z, n) of normalised input sums and a normalised past."""
    H = len(h)
    history = []
    for x_t in x:
        p = layer_norm(W @ x_t, g_p, b, epsilon)
        s = layer_norm(h, g_s, b_s, epsilon)
        r = logistic(p[:H] + U[:H] @ s)
        z = logistic(p[H : 2 * H] + U[H : 2 * H] @ s)
        n = tanh(p[2 * H :] + r * (U[2 * H :] @ s + d))
        h = z * h + (1 - z) * n
        history.append(h)
    return np.array(history)


def normalised_lstm(
    x: Numbers, W: Numbers, U: Numbers, b: Numbers, h: Numbers, c: Numbers,
    g_x: Numbers, g_h: Numbers, b_h: Numbers, epsilon: float,
) -> tuple[Numbers, Numbers]:  # fmt: skip
    """Ba et al. 2016, Eqs. 20 and 21 (rows i, f, g, o), and Eq. 22 without its normalisation of c."""
    H = len(h)
    hiddens, cells = [], []
    for x_t in x:
        a = layer_norm(U @ h, g_h, b_h, epsilon) + layer_norm(W @ x_t, g_x, b, epsilon)  # Eq. 20
        i, f, g, o = (a[k * H : (k + 1) * H] for k in range(4))
        c = logistic(f) * c + logistic(i) * tanh(g)  # Eq. 21
        h = logistic(o) * tanh(c)
        hiddens.append(h)
        cells.append(c)
    return np.array(hiddens), np.array(cells)


def zoned_out_lstm(
    x: Numbers, W: ByGate, U: ByGate, b: ByGate, h: Numbers, c: Numbers, d_h: float, d_c: float
) -> tuple[Numbers, Numbers]:
    """Krueger et al. 2017, section 3, with the masks at their means; h is made from the new c."""
    hiddens, cells = [], []
    for x_t in x:
        i, f, o = (logistic(W[k] @ x_t + U[k] @ h + b[k]) for k in "ifo")
        fresh = f * c + i * tanh(W["g"] @ x_t + U["g"] @ h + b["g"])
        c, h = d_c * c + (1 - d_c) * fresh, d_h * h + (1 - d_h) * (o * tanh(fresh))
        hiddens.append(h)
        cells.append(c)
    return np.array(hiddens), np.array(cells)


def fast_rnn(x: Numbers, W: Numbers, U: Numbers, b: Numbers, h: Numbers, a: float, c: float) -> Numbers:
    """Kusupati et al. 2018, section 3.1: two scalars for all units, between 0 and 1 by the logistic."""
    alpha, beta = logistic(a), logistic(c)
    history = []
    for x_t in x:
        candidate = tanh(W @ x_t + U @ h + b)
        h = alpha * candidate + beta * h
        history.append(h)
    return np.array(history)


def closed_loop(
    x: Numbers, W: Numbers, U: Numbers, b: Numbers, V: Numbers, c: Numbers,
    h: Numbers, y: Numbers, targets: Numbers | None = None,
) -> tuple[Numbers, Numbers]:  # fmt: skip
    """An Elman network with a readout, which reads tanh of its own last output, or else a target.

    `targets[t]` is what the step t is told, which is what the output of the step before should have been.
    """
    ys, hs = [], []
    for t in range(len(x)):
        v = tanh(y) if targets is None else targets[t]
        h = tanh(W @ np.concatenate([x[t], v]) + U @ h + b)
        y = V @ h + c
        ys.append(y)
        hs.append(h)
    return np.array(ys), np.array(hs)
