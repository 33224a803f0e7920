"""Simple networks and variants of the LSTM as their papers write them, in NumPy, for one sequence `[T, I]`.

This file imports nothing of the library, and no line of it was taken from there.
"""

import numpy as np
from numpy import exp, tanh

Numbers = np.ndarray
ByGate = dict[str, Numbers]


def logistic(a: Numbers) -> Numbers:
    return 1 / (1 + exp(-a))


def rectified(x: Numbers, W: Numbers, U: Numbers, b: Numbers, h: Numbers) -> Numbers:
    """Le, Jaitly & Hinton 2015: rectified units, one by one, from the input and their own last values."""
    history = []
    for x_t in x:
        h = np.array([max(0.0, W[j] @ x_t + U[j] @ h + b[j]) for j in range(len(b))])
        history.append(h)
    return np.array(history)


def leaky(x: Numbers, W: Numbers, U: Numbers, b: Numbers, tau: float, h: Numbers) -> Numbers:
    """Murray 2019, Eq. 1: rates that relax, unit by unit; `W` is his w_in, `U` his w, and `b` is added."""
    rates = []
    for x_t in x:
        drive = [sum(U[i] * h) + sum(W[i] * x_t) + b[i] for i in range(len(h))]
        h = np.array([h[i] + (-h[i] + tanh(drive[i])) / tau for i in range(len(h))])
        rates.append(h)
    return np.array(rates)


def higher_order(x: Numbers, W: Numbers, U: list[Numbers], b: Numbers, past: list[Numbers]) -> Numbers:
    """Soltani & Jiang 2016, without pooling: `U[n - 1]` is for n steps back; `past` ends with the latest."""
    history = list(past)
    for x_t in x:
        total = W @ x_t + b
        for n in range(1, len(U) + 1):
            total = total + U[n - 1] @ history[-n]
        history.append(tanh(total))
    return np.array(history)


def jordan(
    x: Numbers, W: Numbers, U: Numbers, b: Numbers, V: Numbers, d: Numbers, mu: float, s: Numbers
) -> tuple[Numbers, Numbers]:
    """Jordan 1986: state units get the last output and mu times themselves; they and the plan feed the rest.

    `s` is what the state units will hold at the first step.
    """
    outputs = []
    for x_t in x:
        hidden = tanh(W @ x_t + U @ s + b)
        out = tanh(V @ hidden + d)
        s = np.array([out[k] + mu * s[k] for k in range(len(s))])
        outputs.append(out)
    return np.array(outputs), s


def lstm_1997(x: Numbers, W: ByGate, U: ByGate, b: ByGate, y: Numbers, s: Numbers) -> tuple[Numbers, Numbers]:
    """Hochreiter & Schmidhuber 1997, section 4, cell by cell, with the squashings of appendix A.1."""
    ys, states = [], []
    for x_t in x:
        y_new, s_new = np.empty_like(y), np.empty_like(s)
        for j in range(len(y)):
            net = {unit: W[unit][j] @ x_t + U[unit][j] @ y + b[unit][j] for unit in ("i", "g", "o")}
            y_in, y_out = 1 / (1 + exp(-net["i"])), 1 / (1 + exp(-net["o"]))
            s_new[j] = s[j] + y_in * (4 / (1 + exp(-net["g"])) - 2)
            y_new[j] = y_out * (2 / (1 + exp(-s_new[j])) - 1)
        y, s = y_new, s_new
        ys.append(y)
        states.append(s)
    return np.array(ys), np.array(states)


def odyssey(
    variant: str, x: Numbers, W: ByGate, R: ByGate, b: ByGate, p: ByGate, y: Numbers, c: Numbers
) -> tuple[Numbers, Numbers]:
    """Greff et al. 2015, the forward pass of the vanilla LSTM, and the one change of the variant named.

    The block input z is called g here. A gate that `p` does not name has no peephole.
    """
    ys, cs = [], []
    for x_t in x:

        def net(k: str, x_t: Numbers = x_t, y: Numbers = y) -> Numbers:
            return W[k] @ x_t + R[k] @ y + b[k]

        z = net("g") if variant == "NIAF" else tanh(net("g"))
        i = 1.0 if variant == "NIG" else logistic(net("i") + p.get("i", 0) * c)
        f = 1.0 if variant == "NFG" else logistic(net("f") + p.get("f", 0) * c)
        c = z * i + c * f
        o = 1.0 if variant == "NOG" else logistic(net("o") + p.get("o", 0) * c)
        y = c * o if variant == "NOAF" else tanh(c) * o
        ys.append(y)
        cs.append(c)
    return np.array(ys), np.array(cs)


def full_gate_recurrence(
    x: Numbers,
    W: ByGate,
    R: ByGate,
    b: ByGate,
    p: ByGate,
    between: dict[tuple[str, str], Numbers],
    y: Numbers,
    c: Numbers,
    last: ByGate,
) -> tuple[Numbers, Numbers, ByGate]:
    """Greff et al. 2015, variant FGR: `between[a, b]` goes from gate a, a step ago, to gate b."""
    ys = []
    for x_t in x:
        net = {k: W[k] @ x_t + R[k] @ y + b[k] for k in "gifo"}
        for to in "ifo":
            for source in "ifo":
                net[to] = net[to] + between[source, to] @ last[source]
        i = logistic(net["i"] + p["i"] * c)
        f = logistic(net["f"] + p["f"] * c)
        c = tanh(net["g"]) * i + c * f
        o = logistic(net["o"] + p["o"] * c)
        y = tanh(c) * o
        last = {"i": i, "f": f, "o": o}
        ys.append(y)
    return np.array(ys), c, last
