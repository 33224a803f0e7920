"""A cell of the library beside its paper: weights are taken out by name and given to the transcription."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.laws.compilation import quick_jit
from tests.laws.registry import BATCH, Specimen
from tests.oracles import (
    comparisons_attention,
    comparisons_convolutional,
    comparisons_elementwise,
    comparisons_forecasts,
    comparisons_grid,
    comparisons_heads,
    comparisons_reservoirs,
    comparisons_simple,
    comparisons_wirings,
    comparisons_wrappers,
    papers,
)
from tests.oracles.transcribed import from_rest, hidden_only, sequences, weights, with_memory
from throughtime import Dropout, initial_states, unroll

EXACT = 1e-12


def elman(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    w = weights(s.cell)
    outputs = [
        papers.elman(x, w["input_weight"], w["recurrent_weight"], w["bias"], h, s.cell.activation)
        for x, h in zip(sequences(s), np.asarray(s.state.hidden), strict=True)
    ]
    return np.stack(outputs, 1), [np.stack([one[-1] for one in outputs])]


lstm = with_memory(papers.lstm, "ifgo")
gru = hidden_only(papers.gru, "rzn", "candidate_bias")


def stack(s: Specimen) -> tuple[np.ndarray, list[np.ndarray]]:
    """An LSTM with a GRU on top: the outputs of the one are the input of the other."""
    below, above = s.cell.cells
    outputs, lower = lstm(Specimen(s.row, below, s.inputs, s.state.layers[0], s.lengths))
    outputs, upper = gru(Specimen(s.row, above, outputs, s.state.layers[1], s.lengths))
    return outputs, lower + upper


ORACLES: dict[str, Callable[[Specimen], Any]] = {
    "elman_tanh": elman,
    "elman_relu": elman,
    "lstm": lstm,
    "lstm_peephole": with_memory(papers.lstm_peephole, "ifgo", "ifo"),
    "lstm_coupled": with_memory(papers.lstm_coupled, "igo", ""),
    "lstm_coupled_peephole": with_memory(papers.lstm_coupled, "igo", "io"),
    "gru": gru,
    "gru_reset_before": hidden_only(papers.gru_reset_before, "rzn"),
    "mgu": hidden_only(papers.minimal_gated_unit, "fn"),
    **comparisons_simple.ORACLES,
    "stack_gated": stack,
    "window": from_rest(papers.window, "weight", "bias"),
    "mean_pooling": from_rest(papers.means),
    "attention_pooling": from_rest(papers.attention, "weight", "bias", "direction"),
    "linear": from_rest(papers.linear, "weight", "bias"),
    "embedding": from_rest(papers.embedding, "weight"),
    **comparisons_wrappers.ORACLES,
    **comparisons_elementwise.ORACLES,
    **comparisons_convolutional.ORACLES,
    **comparisons_grid.ORACLES,
    **comparisons_wirings.ORACLES,
    **comparisons_reservoirs.ORACLES,
    **comparisons_attention.ORACLES,
    **comparisons_heads.ORACLES,
    **comparisons_forecasts.ORACLES,
}
"""The transcription of each row of the registry."""


def agrees_with_paper(s: Specimen) -> None:
    """Outputs and, where the paper has one, the final state are those of the transcription."""
    outputs, ends = ORACLES[s.row.name](s)
    state = initial_states(s.cell, BATCH) if ends is None else s.state
    after, given = s(s.inputs, state)
    np.testing.assert_allclose(given, outputs, rtol=0, atol=EXACT, err_msg="outputs")
    if ends is not None:
        for leaf, end in zip(jax.tree.leaves(after), ends, strict=True):
            np.testing.assert_allclose(leaf, end, rtol=0, atol=EXACT, err_msg="final state")


def thins_as_it_should(cell: Dropout) -> None:
    """A feature is dropped at its rate, by itself, and scaled when it stays, so that the mean is kept."""
    steps, examples = 400, 10
    before = initial_states(cell, examples, jax.random.key(0))
    _, outputs = quick_jit(unroll)(cell, jnp.ones((steps, examples, cell.input_size)), before)
    kept = np.asarray(outputs) != 0
    np.testing.assert_allclose(np.asarray(outputs)[kept], 1 / (1 - cell.rate), rtol=1e-6)
    # Five standard errors of a share; of a product of two independent shares it is about the same.
    margin = 5 * np.sqrt(cell.rate * (1 - cell.rate) / kept.size)
    assert abs(kept.mean() - (1 - cell.rate)) < margin, f"{kept.mean():.3f} of the features stay"
    for axis, name in enumerate(("steps", "examples", "features")):
        both = (kept & np.roll(kept, 1, axis=axis)).mean()
        assert abs(both - (1 - cell.rate) ** 2) < 2 * margin, f"neighbouring {name} are dropped together"
