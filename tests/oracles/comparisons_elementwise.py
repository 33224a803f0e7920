"""Cells whose units remember each for itself, beside their papers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers_elementwise as papers
from tests.oracles.transcribed import by_gate, sequences, weights

Compared = tuple[np.ndarray, list[np.ndarray]]


def indrnn(s: Specimen) -> Compared:
    w = weights(s.cell)
    ran = [
        papers.indrnn(x, w["input_weight"], w["recurrent_weight"], w["bias"], h)
        for x, h in zip(sequences(s), np.asarray(s.state.hidden), strict=True)
    ]
    return np.stack(ran, 1), [np.stack([history[-1] for history in ran])]


def elstm(s: Specimen) -> Compared:
    w = weights(s.cell)
    gates = [
        by_gate(w["input_weight"], "fzo"),
        by_gate(w["recurrent_weight"], "fz"),
        by_gate(w["bias"], "fzo"),
    ]
    ran = [
        papers.elstm(x, *gates, w["output_weight"], c)
        for x, c in zip(sequences(s), np.asarray(s.state.cell), strict=True)
    ]
    return np.stack([outputs for outputs, _ in ran], 1), [np.stack([cells[-1] for _, cells in ran])]


def gated_by_input(paper: Callable[..., np.ndarray], gates: str) -> Callable[[Specimen], Compared]:
    """Return the comparison of a cell whose gates see the input alone."""

    def outputs(s: Specimen) -> Compared:
        w = weights(s.cell)
        given = [by_gate(w[name], gates) for name in ("input_weight", "bias")]
        ran = [paper(x, *given, h) for x, h in zip(sequences(s), np.asarray(s.state.hidden), strict=True)]
        return np.stack(ran, 1), [np.stack([history[-1] for history in ran])]

    return outputs


def lru(s: Specimen) -> Compared:
    w = weights(s.cell)
    B_real, B_imaginary = np.split(w["input_weight"], 2)
    C_real, C_imaginary = np.split(w["output_weight"], 2, axis=1)
    given = [w["nu"], w["theta"], w["gamma"], B_real + 1j * B_imaginary, C_real + 1j * C_imaginary]
    starts = np.asarray(s.state.real) + 1j * np.asarray(s.state.imaginary)
    ran = [
        papers.lru(x, *given, w["skip_weight"], start) for x, start in zip(sequences(s), starts, strict=True)
    ]
    end = np.stack([states[-1] for _, states in ran])
    return np.stack([outputs for outputs, _ in ran], 1), [end.real, end.imag]


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "indrnn": indrnn,
    "lstm_elementwise": elstm,
    "min_gru": gated_by_input(papers.min_gru, "zn"),
    "min_lstm": gated_by_input(papers.min_lstm, "fin"),
    "lru": lru,
}
