"""Heads that label elements, and the embedding of words with their letters, beside their papers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers, papers_heads
from tests.oracles.transcribed import by_gate, hidden_only, sequences, weights, with_memory

gru = hidden_only(papers.gru, "rzn", "candidate_bias")
lstm = with_memory(papers.lstm, "ifgo")


def log_softmax(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    outputs, ends = gru(Specimen(s.row, s.cell.cells[0], s.inputs, s.state.layers[0], s.lengths))
    return papers_heads.log_softmax(outputs), ends


def random_field(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    below, linear, field = s.cell.cells
    hidden, ends = lstm(Specimen(s.row, below, s.inputs, s.state.layers[0], s.lengths))
    w = weights(linear)
    scores = np.stack([papers.linear(x, w["weight"], w["bias"]) for x in np.moveaxis(hidden, 1, 0)])
    starts = np.asarray(s.state.layers[2].forward)
    ran = [
        papers_heads.random_field(x, np.asarray(field.transition), start)
        for x, start in zip(scores, starts, strict=True)
    ]
    # What cannot be is -10,000 in the library, so that it has a gradient.
    forwards = np.maximum([forward for _, forward in ran], -1e4)
    return np.stack([terms for terms, _ in ran], 1), [*ends, forwards]


def token_embedding(s: Specimen) -> tuple[np.ndarray, None]:
    def reader(cell: Any) -> Callable[[np.ndarray], np.ndarray]:
        w = weights(cell)
        given = [by_gate(w[name], "ifgo") for name in ("input_weight", "recurrent_weight", "bias")]
        rest = np.zeros(cell.output_size)
        return lambda x: papers.lstm(x, *given, rest, rest)[0]

    both = reader(s.cell.spelling.forward), reader(s.cell.spelling.backward)
    vectors = np.asarray(s.cell.words.weight), np.asarray(s.cell.letters.weight)
    return np.stack([papers_heads.token(x, *vectors, *both) for x in sequences(s)], 1), None


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "log_softmax": log_softmax,
    "conditional_random_field": random_field,
    "token_embedding": token_embedding,
}
