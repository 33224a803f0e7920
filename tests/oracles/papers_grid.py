"""Grid LSTM as its paper writes it, in NumPy: blocks one by one, in letters.

This file imports nothing of the library, and no line of it was taken from there.
"""

import numpy as np
from numpy import exp, tanh

Numbers = np.ndarray
Transform = dict[str, tuple[Numbers, Numbers]]
"""For each of u, f, o and c the matrix that multiplies all hidden vectors, and a bias."""
Pair = tuple[Numbers, Numbers]
"""A hidden vector h and a memory vector m."""


def logistic(a: Numbers) -> Numbers:
    return 1 / (1 + exp(-a))


def transform(H: Numbers, m: Numbers, W: Transform) -> Pair:
    """Kalchbrenner et al. 2016, section 2: the LSTM as a function of H and m."""
    g_u = logistic(W["u"][0] @ H + W["u"][1])
    g_f = logistic(W["f"][0] @ H + W["f"][1])
    g_o = logistic(W["o"][0] @ H + W["o"][1])
    g_c = tanh(W["c"][0] @ H + W["c"][1])
    m = g_f * m + g_u * g_c
    return tanh(g_o * m), m


def block(pairs: list[Pair], W: list[Transform], priority: list[int]) -> list[Pair]:
    """Sections 3.1 and 3.2: a transform for each dimension, those with priority in the second round."""
    h = [pair[0] for pair in pairs]
    result: dict[int, Pair] = {}
    for n, (_, m) in enumerate(pairs):
        if n not in priority:
            result[n] = transform(np.concatenate(h), m, W[n])
    updated = np.concatenate([h[n] if n in priority else result[n][0] for n in range(len(pairs))])
    for n in priority:
        result[n] = transform(updated, pairs[n][1], W[n])
    return [result[n] for n in range(len(pairs))]


def project(x: Numbers, P: Numbers, q: Numbers) -> Pair:
    """The input projected into the hidden and the memory vector of the depth."""
    half = len(q) // 2
    return P[:half] @ x + q[:half], P[half:] @ x + q[half:]


def one_dimension(x: Numbers, P: Numbers, q: Numbers, layers: list[list[Transform]]) -> Numbers:
    """1-LSTM: for each element of `[T, I]`, only upwards."""
    tops = []
    for x_t in x:
        pair = project(x_t, P, q)
        for W in layers:
            (pair,) = block([pair], W, [])
        tops.append(pair[0])
    return np.array(tops)


def two_dimensions(
    x: Numbers, P: Numbers, q: Numbers, layers: list[list[Transform]], priority: list[int], time: list[Pair]
) -> tuple[Numbers, list[Pair]]:
    """2-LSTM over `[T, I]`: `time` holds what each layer starts from along the time; time comes first."""
    tops = []
    for x_t in x:
        depth, next_time = project(x_t, P, q), []
        for W, before in zip(layers, time, strict=True):
            after, depth = block([before, depth], W, priority)
            next_time.append(after)
        time = next_time
        tops.append(depth[0])
    return np.array(tops), time


def four_dimensions(
    x: Numbers,
    P: Numbers,
    q: Numbers,
    layers: list[list[Transform]],
    priority: list[int],
    time: dict[tuple[int, int, int], Pair],
) -> tuple[Numbers, dict[tuple[int, int, int], Pair]]:
    """Time, rows, columns and depth over `[T, rows, columns, I]`; `time` by row, column and layer."""
    _, rows, columns, _ = x.shape
    nothing = np.zeros(len(q) // 2)
    tops = []
    for x_t in x:
        down: dict[tuple[int, int, int], Pair] = {}
        right: dict[tuple[int, int, int], Pair] = {}
        next_time = {}
        tops_t = np.zeros((rows, columns, len(q) // 2))
        for r in range(rows):
            for c in range(columns):
                depth = project(x_t[r, c], P, q)
                for layer, W in enumerate(layers):
                    from_above = down.get((r - 1, c, layer), (nothing, nothing))
                    from_the_left = right.get((r, c - 1, layer), (nothing, nothing))
                    pairs = [time[r, c, layer], from_above, from_the_left, depth]
                    leaving = block(pairs, W, priority)
                    next_time[r, c, layer], down[r, c, layer], right[r, c, layer], depth = leaving
                tops_t[r, c] = depth[0]
        time = next_time
        tops.append(tops_t)
    return np.array(tops), time
