"""Wirings as their papers draw them, in NumPy, for one sequence `[T, I]`: loops, letters, nothing shared.

This file imports nothing of the library, and no line of it was taken from there.
"""

from collections.abc import Callable

import numpy as np

Numbers = np.ndarray


def dilated(x: Numbers, f: Callable[[Numbers, Numbers], Numbers], past: Numbers) -> Numbers:
    """Chang et al. 2017, section 2.1: c_t = f(x_t, c_{t-s}); `past` is c_{1-s} ... c_0, and s how many."""
    s = len(past)
    c = {1 - s + k: past[k] for k in range(s)}
    for t in range(1, len(x) + 1):
        c[t] = f(x[t - 1], c[t - s])
    return np.array([c[t] for t in range(1, len(x) + 1)])


def fusing_convolution(h: Numbers, A: Numbers, b: Numbers) -> Numbers:
    """Chang et al. 2017, section 2.2: a filter over the last `len(A)` steps, `A[k]` for k steps back."""
    outputs = []
    for t in range(len(h)):
        y = b.copy()
        for k in range(min(t + 1, len(A))):
            y += A[k] @ h[t - k]
        outputs.append(y)
    return np.array(outputs)


def residual(x: Numbers, r: Numbers) -> Numbers:
    """He et al. 2016, Eq. 1: y = F(x) + x, feature by feature."""
    y = np.zeros_like(x)
    for t in range(len(x)):
        for i in range(len(x[t])):
            y[t, i] = r[t, i] + x[t, i]
    return y


def shortcut(x: Numbers, r: Numbers) -> Numbers:
    """What a layer above sees: the input first, then what the layer below made of it."""
    return np.array([[*x[t], *r[t]] for t in range(len(x))])


def looked_up(x: Numbers, L: Numbers) -> Numbers:
    """Inan et al. 2017, section 2: x_t = L y*_t, `L[v]` for the symbol v."""
    return np.array([L[symbol] for symbol in x])


def tied(h: Numbers, L: Numbers, b: Numbers) -> Numbers:
    """Inan et al. 2017, Eq. 4.2: the scores W h_t + b, with W = L^T as both matrices are written there."""
    return np.array([[L[v] @ h[t] + b[v] for v in range(len(L))] for t in range(len(h))])


def graves(
    x: Numbers,
    from_input: list[Numbers],
    from_below: list[Numbers],
    U: list[Numbers],
    b: list[Numbers],
    to_output: list[Numbers],
    b_y: Numbers,
) -> Numbers:
    """Graves 2013, Eqs. 1-3, with tanh for H: layer n sees the input and layer n - 1, the output all layers.

    `from_below[n]` is between layer n and n + 1.
    """
    N = len(U)
    h = [np.zeros(len(bias)) for bias in b]
    outputs = []
    for x_t in x:
        h[0] = np.tanh(from_input[0] @ x_t + U[0] @ h[0] + b[0])  # Eq. 1
        for n in range(1, N):
            h[n] = np.tanh(from_input[n] @ x_t + from_below[n - 1] @ h[n - 1] + U[n] @ h[n] + b[n])  # Eq. 2
        outputs.append(b_y + sum(to_output[n] @ h[n] for n in range(N)))  # Eq. 3
    return np.array(outputs)
