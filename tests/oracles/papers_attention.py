"""Attention as its papers have it, in NumPy, for one sequence: loops, letters, nothing shared.

This file imports nothing of the library, and no line of it was taken from there.
"""

from collections.abc import Callable

import numpy as np

Numbers = np.ndarray
Scores = Callable[[Numbers], list[float]]


def additive(s: Numbers, h: Numbers, W_a: Numbers, U_a: Numbers, v_a: Numbers) -> list[float]:
    """Bahdanau et al. 2015, A.1.2: e_ij = v_a^T tanh(W_a s_{i-1} + U_a h_j), for every row h_j of h."""
    return [float(v_a @ np.tanh(W_a @ s + U_a @ h_j)) for h_j in h]


def general(h_t: Numbers, h_s: Numbers, W_a: Numbers) -> list[float]:
    """Luong et al. 2015, Eq. 8, general: score = h_t^T W_a h_s, for every row of h_s."""
    return [float(h_t @ W_a @ one) for one in h_s]


def weights(e: list[float]) -> Numbers:
    """Bahdanau et al. 2015, Eq. 6; Luong et al. 2015, Eq. 7."""
    top = max(e)
    powers = [np.exp(one - top) for one in e]
    return np.array([one / sum(powers) for one in powers])


def context(a: Numbers, h: Numbers) -> Numbers:
    """Bahdanau et al. 2015, Eq. 5."""
    c = np.zeros(h.shape[1])
    for j in range(len(h)):
        c = c + a[j] * h[j]
    return c


def bahdanau(
    y: Numbers, s: Numbers, h: Numbers, f: Callable[[Numbers, Numbers], Numbers], e: Scores
) -> tuple[Numbers, Numbers, Numbers]:
    """Eqs. 4-6: s_i = f(s_{i-1}, y_{i-1}, c_i). Returns all s_i, c_i and weights."""
    states, contexts, alignments = [], [], []
    for y_i in y:
        a = weights(e(s))
        c = context(a, h)
        s = f(np.concatenate([y_i, c]), s)
        states.append(s)
        contexts.append(c)
        alignments.append(a)
    return np.array(states), np.array(contexts), np.array(alignments)


def luong(
    x: Numbers,
    h: Numbers,
    h_s: Numbers,
    W_c: Numbers,
    f: Callable[[Numbers, Numbers], Numbers],
    score: Scores,
    fed: Numbers | None,
) -> tuple[Numbers, Numbers, Numbers]:
    """Sections 3 and 3.3: h_t, then c_t, then h~_t = tanh(W_c [c_t; h_t]) (Eq. 5), fed back if `fed` is.

    Returns all h_t, h~_t and weights.
    """
    states, attentional, alignments = [], [], []
    for x_t in x:
        h = f(x_t if fed is None else np.concatenate([x_t, fed]), h)
        a = weights(score(h))
        tilde = np.tanh(W_c @ np.concatenate([context(a, h_s), h]))
        if fed is not None:
            fed = tilde
        states.append(h)
        attentional.append(tilde)
        alignments.append(a)
    return np.array(states), np.array(attentional), np.array(alignments)
