"""Whole encoder-decoders beside their papers: from the symbols of a source to the scores of a target."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from tests.oracles import papers, papers_attention
from tests.oracles.comparisons_wirings import one_step
from tests.oracles.transcribed import by_gate, weights
from throughtime import (
    GRU,
    LSTM,
    AdditiveAttention,
    Bidirectional,
    Chain,
    Elman,
    Embedding,
    EncoderDecoder,
    Linear,
    LookThenStep,
    MultiplicativeAttention,
    Stack,
    StepThenLook,
    TeacherForcing,
    bridge_between,
)
from throughtime.networks.feedback import LikeliestSymbol

SOURCE, TARGET, SOURCES, TARGETS, EMBEDDED, HIDDEN, SCORED = 6, 5, 7, 4, 3, 5, 4
EXACT = 1e-12
pytestmark = pytest.mark.usefixtures("float64")


def sides() -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return sources, targets one step late, and lengths, of three examples."""
    draw = np.random.default_rng(2)
    source, previous = draw.integers(SOURCES, size=(SOURCE, 3)), draw.integers(TARGETS, size=(TARGET, 3))
    previous[0] = -1
    return source, previous, [6, 2, 1]


def taught(layers: list[Any], key: jax.Array) -> TeacherForcing:
    return TeacherForcing(Stack(layers), LikeliestSymbol(Embedding(TARGETS, EMBEDDED, key=key)))


def finished(encoder: Any, decoder: TeacherForcing, key: jax.Array, **options: Any) -> EncoderDecoder:
    """Return the network with weights that are all different from what they start at."""
    bridge = bridge_between(encoder, decoder.cell, reads_symbols=True, key=key)
    return lively(EncoderDecoder(encoder, decoder, bridge, **options))


def bahdanau(keys: Any) -> EncoderDecoder:
    there, back = (Elman(EMBEDDED, HIDDEN, key=next(keys)) for _ in range(2))
    encoder = Chain([Embedding(SOURCES, EMBEDDED, key=next(keys)), Bidirectional(there, back)])
    attention = AdditiveAttention(HIDDEN, 2 * HIDDEN, 6, key=next(keys))
    looking = LookThenStep(GRU(EMBEDDED + 2 * HIDDEN, HIDDEN, key=next(keys)), attention)
    readout = Linear(3 * HIDDEN, SCORED, key=next(keys))
    return finished(encoder, taught([looking, readout], next(keys)), next(keys))


def luong(keys: Any, *, feeding: bool) -> EncoderDecoder:
    encoder = Stack([Embedding(SOURCES, EMBEDDED, key=next(keys)), GRU(EMBEDDED, 3, key=next(keys))])
    attention = MultiplicativeAttention(HIDDEN, 3, key=next(keys))
    cell = Elman(EMBEDDED + (HIDDEN if feeding else 0), HIDDEN, key=next(keys))
    looking = StepThenLook(cell, attention, input_feeding=feeding, key=next(keys))
    readout = Linear(HIDDEN, SCORED, key=next(keys))
    return finished(encoder, taught([looking, readout], next(keys)), next(keys))


def sutskever(keys: Any) -> EncoderDecoder:
    encoder = Stack([Embedding(SOURCES, EMBEDDED, key=next(keys)), LSTM(EMBEDDED, HIDDEN, key=next(keys))])
    decoder = [LSTM(EMBEDDED, HIDDEN, key=next(keys)), Linear(HIDDEN, SCORED, key=next(keys))]
    network = finished(encoder, taught(decoder, next(keys)), next(keys), reverse_source=True)
    assert network.bridge is None
    return network


def embedded(network: EncoderDecoder, previous: np.ndarray) -> np.ndarray:
    """Return the vectors of target symbols; nothing before the first one is a vector of zeros."""
    vectors = np.asarray(network.decoder.feedback.embedding.weight)
    return np.array([vectors[s] if s >= 0 else np.zeros(EMBEDDED) for s in previous])


def read_out(network: EncoderDecoder, features: np.ndarray) -> np.ndarray:
    w = weights(network.decoder.cell.cells[-1])
    return np.array([w["weight"] @ one + w["bias"] for one in features])


def by_bahdanau(network: EncoderDecoder, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    embedding, both = network.encoder.layers
    e = np.asarray(embedding.weight)[x]
    zero = np.zeros(HIDDEN)
    there, back = ([], [])
    for cell, elements, states in ((both.forward, e, there), (both.backward, e[::-1], back)):
        h = zero
        for element in elements:
            h = one_step(cell)(element, h)
            states.append(h)
    h = np.concatenate([there, back[::-1]], axis=1)
    w, a = weights(network.bridge), weights(network.decoder.cell.cells[0].attention)
    start = np.tanh(w["weight"] @ np.concatenate([there[-1], back[-1]]) + w["bias"])
    hidden, asks = start[:HIDDEN], start[HIDDEN:]
    step = one_step(network.decoder.cell.cells[0].cell)

    def scores(s: np.ndarray) -> list[float]:
        return papers_attention.additive(s, h, a["query_weight"], a["memory_weight"], a["direction"])

    vectors = embedded(network, y)
    first = papers_attention.weights(scores(asks))
    seen = papers_attention.context(first, h)
    s = step(np.concatenate([vectors[0], seen]), hidden)
    states, contexts, looks = papers_attention.bahdanau(vectors[1:], s, h, step, scores)
    features = np.concatenate([np.vstack([s, states]), np.vstack([seen, contexts])], axis=1)
    return read_out(network, features), np.vstack([first, looks])


def by_luong(network: EncoderDecoder, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    embedding, cell = network.encoder.cells
    h, states = np.zeros(3), []
    for element in np.asarray(embedding.weight)[x]:
        h = one_step(cell)(element, h)
        states.append(h)
    looking, w = network.decoder.cell.cells[0], weights(network.bridge)
    start = np.tanh(w["weight"] @ h + w["bias"])
    general = np.asarray(looking.attention.weight)
    _, attentional, looks = papers_attention.luong(
        embedded(network, y),
        start[:HIDDEN],
        np.array(states),
        np.asarray(looking.weight),
        one_step(looking.cell),
        lambda q: papers_attention.general(q, np.array(states), general),
        start[HIDDEN:] if looking.input_feeding else None,
    )
    return read_out(network, attentional), looks


def by_sutskever(network: EncoderDecoder, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, None]:
    def run(cell: Any, elements: np.ndarray, h: np.ndarray, c: np.ndarray) -> Any:
        w = weights(cell)
        gates = [by_gate(w[name], "ifgo") for name in ("input_weight", "recurrent_weight", "bias")]
        return papers.lstm(elements, *gates, h, c)

    embedding, cell = network.encoder.cells
    zero = np.zeros(HIDDEN)
    h, c = run(cell, np.asarray(embedding.weight)[x[::-1]], zero, zero)
    hidden, _ = run(network.decoder.cell.cells[0], embedded(network, y), h[-1], c[-1])
    return read_out(network, hidden), None


CASES = {
    "bahdanau": (bahdanau, by_bahdanau),
    "luong": (lambda keys: luong(keys, feeding=False), by_luong),
    "luong_feeding": (lambda keys: luong(keys, feeding=True), by_luong),
    "sutskever": (sutskever, by_sutskever),
}


def run(network: EncoderDecoder, source: Any, previous: Any, lengths: Any) -> tuple[Any, Any, Any]:
    """Return scores, the same step by step, and where there are some alignments."""
    reading = network.read(source, lengths=lengths)
    state, steps = reading.state.inner, []
    for symbols in previous:
        state, scores = network.step(reading.memory, state, symbols)
        steps.append(scores)
    alignments = None if reading.memory is None else network.alignments(reading, previous)
    return network.teach(reading, previous), jnp.stack(steps), alignments


@pytest.mark.parametrize("name", CASES)
def test_encoder_decoder_agrees_with_its_paper(name: str) -> None:
    """In a padded batch, taught and step by step, scores and alignments are those of each example alone."""
    build, paper = CASES[name]
    network = build(iter(jax.random.split(jax.random.key(0), 12)))
    source, previous, lengths = sides()
    taught, steps, alignments = quick_jit(run)(
        network, jnp.asarray(source), jnp.asarray(previous), jnp.array(lengths)
    )
    for row, length in enumerate(lengths):
        scores, looks = paper(network, source[:length, row], previous[:, row])
        np.testing.assert_allclose(taught[:, row], scores, atol=EXACT, err_msg=f"taught, example {row}")
        np.testing.assert_allclose(steps[:, row], scores, atol=EXACT, err_msg=f"steps, example {row}")
        if looks is not None:
            assert alignments is not None
            np.testing.assert_allclose(alignments[:, row, :length], looks, atol=EXACT)
            assert not np.any(alignments[:, row, length:]), "the padding was looked at"
