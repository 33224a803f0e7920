"""Each cell as its paper writes it, in NumPy, for one sequence `[T, I]`: loops, letters, nothing shared.

This file imports nothing of the library, and no line of it was taken from there.
"""

import numpy as np
from numpy import exp, tanh

Numbers = np.ndarray
ByGate = dict[str, Numbers]


def logistic(a: Numbers) -> Numbers:
    return 1 / (1 + exp(-a))


def elman(x: Numbers, W: Numbers, U: Numbers, b: Numbers, h: Numbers, activation: str = "tanh") -> Numbers:
    """Elman 1990, Fig. 2: hidden units see the input and a copy of their own last values."""
    f = tanh if activation == "tanh" else lambda a: np.maximum(a, 0)
    history = []
    for x_t in x:
        h = f(W @ x_t + U @ h + b)
        history.append(h)
    return np.array(history)


def lstm(x: Numbers, W: ByGate, U: ByGate, b: ByGate, h: Numbers, c: Numbers) -> tuple[Numbers, Numbers]:
    """Gers, Schmidhuber & Cummins 2000: input, forget and output gate, and the memory cell; gates by name."""
    hiddens, cells = [], []
    for x_t in x:
        i = logistic(W["i"] @ x_t + U["i"] @ h + b["i"])
        f = logistic(W["f"] @ x_t + U["f"] @ h + b["f"])
        o = logistic(W["o"] @ x_t + U["o"] @ h + b["o"])
        g = tanh(W["g"] @ x_t + U["g"] @ h + b["g"])
        c = f * c + i * g
        h = o * tanh(c)
        hiddens.append(h)
        cells.append(c)
    return np.array(hiddens), np.array(cells)


def lstm_peephole(
    x: Numbers, W: ByGate, U: ByGate, b: ByGate, p: ByGate, y: Numbers, c: Numbers
) -> tuple[Numbers, Numbers]:
    """Greff et al. 2015, the vanilla LSTM, in their order and letters, but g for the block input z."""
    ys, cs = [], []
    for x_t in x:
        y_last, c_last = y, c
        g = tanh(W["g"] @ x_t + U["g"] @ y_last + b["g"])
        i = logistic(W["i"] @ x_t + U["i"] @ y_last + p["i"] * c_last + b["i"])
        f = logistic(W["f"] @ x_t + U["f"] @ y_last + p["f"] * c_last + b["f"])
        c = g * i + c_last * f
        o = logistic(W["o"] @ x_t + U["o"] @ y_last + p["o"] * c + b["o"])
        y = tanh(c) * o
        ys.append(y)
        cs.append(c)
    return np.array(ys), np.array(cs)


def lstm_coupled(
    x: Numbers, W: ByGate, U: ByGate, b: ByGate, p: ByGate, y: Numbers, c: Numbers
) -> tuple[Numbers, Numbers]:
    """Greff et al. 2015, variant CIFG; a gate that `p` does not name has no peephole."""
    ys, cs = [], []
    for x_t in x:
        i = logistic(W["i"] @ x_t + U["i"] @ y + p.get("i", 0) * c + b["i"])
        f = 1 - i
        c = tanh(W["g"] @ x_t + U["g"] @ y + b["g"]) * i + c * f
        o = logistic(W["o"] @ x_t + U["o"] @ y + p.get("o", 0) * c + b["o"])
        y = tanh(c) * o
        ys.append(y)
        cs.append(c)
    return np.array(ys), np.array(cs)


def gru(x: Numbers, W: ByGate, U: ByGate, b: ByGate, d: Numbers, h: Numbers) -> Numbers:
    """Cho et al. 2014, Eqs. 5-8, with the reset gate after the recurrent product and a bias `d` inside it."""
    history = []
    for x_t in x:
        r = logistic(W["r"] @ x_t + U["r"] @ h + b["r"])
        z = logistic(W["z"] @ x_t + U["z"] @ h + b["z"])
        candidate = tanh(W["n"] @ x_t + b["n"] + r * (U["n"] @ h + d))
        h = z * h + (1 - z) * candidate
        history.append(h)
    return np.array(history)


def gru_reset_before(x: Numbers, W: ByGate, U: ByGate, b: ByGate, h: Numbers) -> Numbers:
    """Cho et al. 2014, Eqs. 5-8 as they stand, unit by unit in Eq. 7, with the biases that they leave out."""
    history = []
    for x_t in x:
        r = logistic(W["r"] @ x_t + U["r"] @ h + b["r"])  # Eq. 5
        z = logistic(W["z"] @ x_t + U["z"] @ h + b["z"])  # Eq. 6
        candidate = tanh(W["n"] @ x_t + U["n"] @ (r * h) + b["n"])  # Eq. 8
        h = np.array([z[j] * h[j] + (1 - z[j]) * candidate[j] for j in range(len(h))])  # Eq. 7
        history.append(h)
    return np.array(history)


def minimal_gated_unit(x: Numbers, W: ByGate, U: ByGate, b: ByGate, h: Numbers) -> Numbers:
    """Zhou et al. 2016: each matrix, its recurrent block in front, times two vectors laid end to end."""
    history = []
    for x_t in x:
        f = logistic(np.hstack([U["f"], W["f"]]) @ np.concatenate([h, x_t]) + b["f"])
        candidate = tanh(np.hstack([U["n"], W["n"]]) @ np.concatenate([f * h, x_t]) + b["n"])
        h = (1 - f) * h + f * candidate
        history.append(h)
    return np.array(history)


def window(x: Numbers, A: Numbers, b: Numbers) -> Numbers:
    """Sejnowski & Rosenberg 1987: one layer over the last `len(A)` elements, `A[k]` for k steps back."""
    outputs = []
    for t in range(len(x)):
        total = b.copy()
        for k in range(len(A)):
            if t - k >= 0:
                total += A[k] @ x[t - k]
        outputs.append(tanh(total))
    return np.array(outputs)


def means(x: Numbers) -> Numbers:
    """The arithmetic mean of the first t elements, for each t."""
    return np.array([np.mean(x[: t + 1], axis=0) for t in range(len(x))])


def attention(x: Numbers, W: Numbers, b: Numbers, v: Numbers) -> Numbers:
    """Yang et al. 2016, Eqs. 5-7, over the finished sequence of the first t elements, for each t."""
    outputs = []
    for t in range(1, len(x) + 1):
        u = tanh(x[:t] @ W.T + b)
        weight = exp(u @ v) / np.sum(exp(u @ v))
        outputs.append(weight @ x[:t])
    return np.array(outputs)


def linear(x: Numbers, W: Numbers, b: Numbers) -> Numbers:
    """An affine map of each element."""
    return np.array([W @ x_t + b for x_t in x])


def embedding(symbols: Numbers, E: Numbers) -> Numbers:
    """One-hot vectors times a matrix, with the one-hot vectors made."""
    return np.eye(len(E))[symbols] @ E
