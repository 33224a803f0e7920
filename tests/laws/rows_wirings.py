"""Dilated cells, connections around layers, and stacks of unlike layers."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from tests.laws.row import HIDDEN, INPUT, OUTPUT, TIME, VOCABULARY, MapRow, Row
from throughtime import (
    GRU,
    LSTM,
    Bidirectional,
    ConditionalRandomField,
    Dilated,
    Dropout,
    Elman,
    Embedding,
    Linear,
    LogSoftmax,
    Residual,
    SequenceMap,
    Shortcut,
    Stack,
    TiedStack,
    TokenEmbedding,
    connect,
    dilated_stack,
)


def noisy_symbols(key: PRNGKeyArray) -> Dilated:
    """A dilated cell that reads symbols and has a random key in its state."""
    lower, upper = jax.random.split(key)
    inside = [Embedding(VOCABULARY, INPUT, key=lower), Dropout(INPUT, 0.3), LSTM(INPUT, HIDDEN, key=upper)]
    return Dilated(Stack(inside), 2)


def fused_stack(key: PRNGKeyArray) -> Stack:
    """Dilations 2 and 4, and the convolution over two steps that brings odd and even together."""
    return dilated_stack(Elman, INPUT, HIDDEN, layers=2, base=2, start=2, output_size=OUTPUT, key=key)


def labelling(key: PRNGKeyArray) -> Stack:
    """An LSTM under a conditional random field with transitions that have been learned."""
    keys = jax.random.split(key, 3)
    field = ConditionalRandomField(OUTPUT)
    field = eqx.tree_at(
        lambda field: field.transition, field, jax.random.normal(keys[2], (OUTPUT + 1, OUTPUT))
    )
    return Stack([LSTM(INPUT, HIDDEN, key=keys[0]), Linear(HIDDEN, OUTPUT, key=keys[1]), field])


def words(key: PRNGKeyArray) -> TokenEmbedding:
    """Words with up to four letters."""
    return TokenEmbedding(VOCABULARY, 2, letter_count=VOCABULARY, word_length=4, letter_size=3, key=key)


def mixed_stack(key: PRNGKeyArray) -> Stack:
    """An LSTM over a GRU over a dilated network."""
    keys = jax.random.split(key, 3)
    dilated = Dilated(Elman(INPUT, HIDDEN, key=keys[0]), 2)
    return Stack([dilated, GRU(HIDDEN, 4, key=keys[1]), LSTM(4, OUTPUT, key=keys[2])])


def tied_stack(key: PRNGKeyArray) -> TiedStack:
    """A GRU between an embedding and a readout of the same weights, with a bias that is not zero."""
    keys = jax.random.split(key, 3)
    cells = [Embedding(VOCABULARY, INPUT, scale=1.0, key=keys[0]), GRU(INPUT, INPUT, key=keys[1])]
    return eqx.tree_at(lambda stack: stack.bias, TiedStack(cells), jax.random.normal(keys[2], VOCABULARY))


ROWS = (
    Row("dilated", lambda key: Dilated(GRU(INPUT, HIDDEN, key=key), 3), HIDDEN),
    Row("dilated_beyond", lambda key: Dilated(Elman(INPUT, HIDDEN, key=key), TIME + 2), HIDDEN),
    Row("dilated_noisy_symbols", noisy_symbols, HIDDEN, reads_symbols=True, draws_noise=True),
    Row("dilated_stack", fused_stack, OUTPUT),
    Row("conditional_random_field", labelling, (OUTPUT + 1) * OUTPUT),
    Row("token_embedding", words, 2 + 2 * 3, input_size=1 + 4, reads_symbols=True, reads_words=True),
    Row("log_softmax", lambda key: Stack([GRU(INPUT, OUTPUT, key=key), LogSoftmax(OUTPUT)]), OUTPUT),
    Row("residual", lambda key: Residual(LSTM(INPUT, INPUT, key=key)), INPUT),
    Row("shortcut", lambda key: Shortcut(GRU(INPUT, HIDDEN, key=key)), INPUT + HIDDEN),
    Row("stack_mixed", mixed_stack, OUTPUT),
    Row("stack_tied", tied_stack, VOCABULARY, reads_symbols=True),
)


def both_ways(key: PRNGKeyArray) -> Bidirectional:
    """Two directions, each a stack with a dilated layer."""

    def direction(key: PRNGKeyArray) -> Stack:
        lower, upper = jax.random.split(key)
        return Stack([Dilated(Elman(INPUT, HIDDEN, key=lower), 3), GRU(HIDDEN, INPUT, key=upper)])

    there, back = jax.random.split(key)
    return Bidirectional(direction(there), direction(back), merge="mean")


def exchanged(network: Any) -> SequenceMap:
    """Return the network with its two directions exchanged."""
    return eqx.tree_at(
        lambda network: (network.network.forward, network.network.backward),
        network,
        (network.network.backward, network.network.forward),
    )


MAP_ROWS = tuple(
    MapRow(
        f"{connection}_both_ways",
        lambda key, connection=connection: connect(both_ways(key), connection),
        size,
        mirrored=exchanged,
    )
    for connection, size in (("residual", INPUT), ("shortcut", 2 * INPUT))
)
