"""Cells that look at a memory beside their papers. The laws move all arrays, so keys are what they are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.laws.registry import Specimen
from tests.oracles import papers_attention
from tests.oracles.comparisons_wirings import one_step
from tests.oracles.transcribed import sequences, weights


def scores_of(cell: Any) -> Callable[[np.ndarray], list[float]]:
    """Return the scores of a query, from the keys of the cell's memory."""
    keys, w = np.asarray(cell.memory.keys), weights(cell.attention)
    one = np.eye(keys.shape[1])
    if "direction" in w:
        return lambda s: papers_attention.additive(s, keys, w["query_weight"], one, w["direction"])
    return lambda h: papers_attention.general(h, keys, one)


def look_then_step(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    step, values, scores = one_step(s.cell.cell), np.asarray(s.cell.memory.values), scores_of(s.cell)
    outputs, inner, last = [], [], []
    for x, hidden, asks in zip(sequences(s), s.state.inner.hidden, s.state.last, strict=True):
        # The library's state has the last output beside the hidden layer, which may start from elsewhere.
        first = papers_attention.weights(scores(np.asarray(asks)))
        seen = papers_attention.context(first, values)
        start = step(np.concatenate([x[0], seen]), np.asarray(hidden))
        states, contexts, _ = papers_attention.bahdanau(x[1:], start, values, step, scores)
        hiddens = np.concatenate([start[None], states])
        outputs.append(np.concatenate([hiddens, np.concatenate([seen[None], contexts])], axis=1))
        inner.append(hiddens[-1])
        last.append(hiddens[-1])
    return np.stack(outputs, 1), [np.stack(inner), np.stack(last)]


def step_then_look(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    step, values, scores = one_step(s.cell.cell), np.asarray(s.cell.memory.values), scores_of(s.cell)
    outputs, ends = [], []
    for row, x in enumerate(sequences(s)):
        fed = None if s.state.last is None else np.asarray(s.state.last[row])
        hidden = np.asarray(s.state.inner.hidden[row])
        states, attentional, _ = papers_attention.luong(
            x, hidden, values, np.asarray(s.cell.weight), step, scores, fed
        )
        outputs.append(attentional)
        ends.append((states[-1],) if fed is None else (states[-1], attentional[-1]))
    return np.stack(outputs, 1), [np.stack(part) for part in zip(*ends, strict=True)]


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "look_then_step": look_then_step,
    "step_then_look": step_then_look,
}
