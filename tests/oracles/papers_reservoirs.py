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
