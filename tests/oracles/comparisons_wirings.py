"""Wirings of the library beside their papers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers, papers_wirings
from tests.oracles.transcribed import by_gate, hidden_only, sequences, weights, with_memory
from throughtime import Elman

Step = Callable[[np.ndarray, np.ndarray], np.ndarray]


def one_step(cell: Any) -> Step:
    """Return a cell that remembers its hidden layer as its paper's `h_t = f(x_t, h_{t-1})`."""
    w = weights(cell)
    if isinstance(cell, Elman):
        matrices = w["input_weight"], w["recurrent_weight"], w["bias"]
        return lambda x, h: papers.elman(x[None], *matrices, h)[-1]
    gates = [by_gate(w[name], "rzn") for name in ("input_weight", "recurrent_weight", "bias")]
    return lambda x, h: papers.gru(x[None], *gates, w["candidate_bias"], h)[-1]


def dilated(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    step, pasts = one_step(s.cell.cell), np.asarray(s.state.pending.hidden)
    ran = [papers_wirings.dilated(x, step, past) for x, past in zip(sequences(s), pasts, strict=True)]
    ends = [np.concatenate([past, one])[-len(past) :] for past, one in zip(pasts, ran, strict=True)]
    return np.stack(ran, 1), [np.stack(ends)]


def dilated_stack(s: Specimen) -> tuple[np.ndarray, None]:
    """From the initial state: dilations 2 and 4, and the convolution."""
    *layers, last = s.cell.cells
    ran = []
    for h in sequences(s):
        for layer, dilation in zip(layers, (2, 4), strict=True):
            h = papers_wirings.dilated(h, one_step(layer.cell), np.zeros((dilation, layer.output_size)))
        w = weights(last)
        ran.append(papers_wirings.fusing_convolution(h, w["weight"], w["bias"]))
    return np.stack(ran, 1), None


def connected(
    inside: Callable[[Specimen], Any], join: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Callable[[Specimen], Any]:
    """Return the comparison of a cell with a connection around it."""

    def outputs(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
        ran, ends = inside(Specimen(s.row, s.cell.cell, s.inputs, s.state, s.lengths))
        pairs = zip(sequences(s), np.moveaxis(ran, 1, 0), strict=True)
        return np.stack([join(x, r) for x, r in pairs], 1), ends

    return outputs


def tied(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    """One matrix below and above a GRU."""
    embedding, gru = s.cell.cells
    E, w = weights(embedding)["weight"], weights(gru)
    gates = [by_gate(w[name], "rzn") for name in ("input_weight", "recurrent_weight", "bias")]
    ran = [
        papers.gru(papers_wirings.looked_up(x, E), *gates, w["candidate_bias"], h)
        for x, h in zip(sequences(s), np.asarray(s.state.layers[1].hidden), strict=True)
    ]
    outputs = [papers_wirings.tied(h, E, np.asarray(s.cell.bias)) for h in ran]
    return np.stack(outputs, 1), [np.stack([h[-1] for h in ran])]


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "dilated": dilated,
    "dilated_beyond": dilated,
    "dilated_stack": dilated_stack,
    "residual": connected(with_memory(papers.lstm, "ifgo"), papers_wirings.residual),
    "stack_tied": tied,
    "shortcut": connected(hidden_only(papers.gru, "rzn", "candidate_bias"), papers_wirings.shortcut),
}
