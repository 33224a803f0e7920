"""Cells over images as their papers write them, in NumPy, for one sequence `[T, C, height, width]`: loops.

This file imports nothing of the library, and no line of it was taken from there.
"""

import numpy as np
from numpy import exp, tanh

Numbers = np.ndarray
ByGate = dict[str, Numbers]


def logistic(a: Numbers) -> Numbers:
    return 1 / (1 + exp(-a))


def star(K: Numbers, x: Numbers) -> Numbers:
    """Slide the kernel over the image and multiply what it covers; outside of the image are zeros."""
    kernels, channels, tall, wide = K.shape
    _, height, width = x.shape
    y = np.zeros((kernels, height, width))
    for k in range(kernels):
        for row in range(height):
            for column in range(width):
                for c in range(channels):
                    for i in range(tall):
                        for j in range(wide):
                            r, s = row + i - (tall - 1) // 2, column + j - (wide - 1) // 2
                            if 0 <= r < height and 0 <= s < width:
                                y[k, row, column] += K[k, c, i, j] * x[c, r, s]
    return y


def per_channel(values: Numbers, like: Numbers) -> Numbers:
    """Repeat one number for each channel at all places."""
    return np.stack([np.full(like.shape[1:], value) for value in values])


def convolutional_lstm(
    X: Numbers, W: ByGate, U: ByGate, b: ByGate, p: ByGate, H: Numbers, C: Numbers
) -> tuple[Numbers, Numbers]:
    """Shi et al. 2015, Eq. 3, with the candidate g in place of c."""
    Hs, Cs = [], []
    for X_t in X:
        before = {gate: star(W[gate], X_t) + star(U[gate], H) + per_channel(b[gate], H) for gate in W}
        i = logistic(before["i"] + per_channel(p["i"], C) * C)
        f = logistic(before["f"] + per_channel(p["f"], C) * C)
        C = f * C + i * tanh(before["g"])
        o = logistic(before["o"] + per_channel(p["o"], C) * C)
        H = o * tanh(C)
        Hs.append(H)
        Cs.append(C)
    return np.array(Hs), np.array(Cs)


def convolutional_gru(X: Numbers, W: ByGate, U: ByGate, b: ByGate, h: Numbers) -> Numbers:
    """Ballas et al. 2016, section 3.1, with biases, n for the candidate, and 1 - z for their z."""
    history = []
    for X_t in X:
        z = logistic(star(W["z"], X_t) + star(U["z"], h) + per_channel(b["z"], h))
        r = logistic(star(W["r"], X_t) + star(U["r"], h) + per_channel(b["r"], h))
        n = tanh(star(W["n"], X_t) + star(U["n"], r * h) + per_channel(b["n"], h))
        h = z * h + (1 - z) * n
        history.append(h)
    return np.array(history)


def convolution(X: Numbers, W: Numbers, b: Numbers) -> Numbers:
    """Each image by itself."""
    return np.array([star(W, X_t) + per_channel(b, star(W, X_t)) for X_t in X])
