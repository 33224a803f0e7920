"""Simple networks, variants of the LSTM and learned starts, beside their papers."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers, papers_simple
from tests.oracles.transcribed import by_gate, sequences, weights, with_memory

PLAIN = ("input_weight", "recurrent_weight", "bias")


def rectified(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    w = weights(s.cell)
    ran = [
        papers_simple.rectified(x, *(w[name] for name in PLAIN), h)
        for x, h in zip(sequences(s), np.asarray(s.state.hidden), strict=True)
    ]
    return np.stack(ran, 1), [np.stack([history[-1] for history in ran])]


def leaky(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    w = weights(s.cell)
    ran = [
        papers_simple.leaky(x, *(w[name] for name in PLAIN), s.cell.time_constant, h)
        for x, h in zip(sequences(s), np.asarray(s.state.hidden), strict=True)
    ]
    return np.stack(ran, 1), [np.stack([rates[-1] for rates in ran])]


def higher_order(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    """The cell keeps the newest state first, the transcription last."""
    w, order = weights(s.cell), s.cell.order
    U = np.split(w["recurrent_weight"], order)
    ran = [
        papers_simple.higher_order(x, w["input_weight"], U, w["bias"], list(hidden[::-1]))
        for x, hidden in zip(sequences(s), np.asarray(s.state.hidden), strict=True)
    ]
    return np.stack([history[order:] for history in ran], 1), [
        np.stack([history[: -order - 1 : -1] for history in ran])
    ]


def jordan(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    w = weights(s.cell)
    given = [w[name] for name in (*PLAIN, "output_weight", "output_bias")]
    ran = [
        papers_simple.jordan(x, *given, s.cell.decay, context)
        for x, context in zip(sequences(s), np.asarray(s.state.context), strict=True)
    ]
    return np.stack([outputs for outputs, _ in ran], 1), [np.stack([context for _, context in ran])]


def full_gate_recurrence(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    w = weights(s.cell)
    given = [by_gate(w[name], "ifgo") for name in PLAIN]
    between = {
        (source, to): block
        for to, rows in by_gate(w["gate_weight"], "ifo").items()
        for source, block in zip("ifo", np.split(rows, 3, axis=1), strict=True)
    }
    peepholes = dict(zip("ifo", w["peephole_weight"], strict=True))
    outputs, ends = [], []
    for x, hidden, cell, gates in zip(sequences(s), *map(np.asarray, s.state), strict=True):
        last = dict(zip("ifo", gates, strict=True))
        history, *end = papers_simple.full_gate_recurrence(x, *given, peepholes, between, hidden, cell, last)
        outputs.append(history)
        ends.append((history[-1], end[0], np.stack([end[1][gate] for gate in "ifo"])))
    return np.stack(outputs, 1), [np.stack(part) for part in zip(*ends, strict=True)]


def learned_start(s: Specimen) -> tuple[np.ndarray, None]:
    """An LSTM whose first state is the one that was learned, for every sequence."""
    w = weights(s.cell.cell)
    given = [by_gate(w[name], "ifgo") for name in PLAIN]
    start = [np.asarray(part) for part in s.cell.start]
    return np.stack([papers.lstm(x, *given, *start)[0] for x in sequences(s)], 1), None


def odyssey(variant: str, gates: str, peepholes: str) -> Callable[[Specimen], Any]:
    return with_memory(functools.partial(papers_simple.odyssey, variant), gates, peepholes)


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "irnn": rectified,
    "leaky_elman": leaky,
    "elman_higher_order": higher_order,
    "jordan": jordan,
    "lstm_1997": with_memory(papers_simple.lstm_1997, "igo"),
    "lstm_no_input_gate": odyssey("NIG", "fgo", "fo"),
    "lstm_no_forget_gate": odyssey("NFG", "igo", "io"),
    "lstm_no_output_gate": odyssey("NOG", "ifg", "if"),
    "lstm_no_input_activation": odyssey("NIAF", "ifgo", "ifo"),
    "lstm_no_output_activation": odyssey("NOAF", "ifgo", "ifo"),
    "lstm_full_gate_recurrence": full_gate_recurrence,
    "lstm_partial_peephole": odyssey("V", "ifgo", "fo"),
    "learned_start": learned_start,
}
