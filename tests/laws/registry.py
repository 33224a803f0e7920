"""Every cell and every sequence map, one row each, and the specimen that the laws examine.

To put a new cell under all laws, add its row to `CELL_ROWS`.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from tests.laws import (
    rows_convolutional,
    rows_elementwise,
    rows_forecasts,
    rows_grid,
    rows_looking,
    rows_reservoirs,
    rows_simple,
    rows_wirings,
    rows_wrappers,
)
from tests.laws.compilation import quick_jit
from tests.laws.row import BATCH, HIDDEN, INPUT, OUTPUT, TIME, VOCABULARY, MapRow, Row
from throughtime import (
    GRU,
    LSTM,
    AttentionPooling,
    Bidirectional,
    Cell,
    Chain,
    CoupledLSTM,
    CoupledPeepholeLSTM,
    Dropout,
    Elman,
    Embedding,
    FixedWindow,
    Linear,
    MeanPooling,
    MinimalGatedUnit,
    PeepholeLSTM,
    ResetBeforeGRU,
    SequenceMap,
    Stack,
    WordDropout,
    apply,
    initial_states,
    unroll,
)
from throughtime.core.cell import State

LENGTHS = (4, 7)
CUT = 4
"""Where the chunks meet; also a length, so that fewer shapes are compiled."""


@dataclass(frozen=True)
class Specimen:
    """A cell with weights that are all different from zero, input, and a state that has seen something.

    `run` is `unroll`, or what a test puts in its place. Calling a specimen runs its cell, compiled.
    """

    row: Row
    cell: Cell
    inputs: Array
    state: State
    lengths: Array
    run: Callable[..., tuple[State, Array]] = unroll

    def __call__(
        self,
        inputs: Array,
        state: State,
        *,
        lengths: Array | None = None,
        reverse: bool = False,
        cell: Any = None,
    ) -> tuple[State, Array]:
        compiled = quick_jit(self.run, "reverse")
        return compiled(self.cell if cell is None else cell, inputs, state, lengths=lengths, reverse=reverse)


@dataclass(frozen=True)
class MapSpecimen:
    """A sequence map with lively weights, and input."""

    row: MapRow
    network: SequenceMap
    inputs: Array
    lengths: Array
    run: Callable[..., Array] = apply

    def __call__(
        self, inputs: Array, *, lengths: Array | None = None, key: PRNGKeyArray | None = None
    ) -> Array:
        return quick_jit(self.run)(self.network, inputs, lengths=lengths, key=key)


def shallow_stack(key: PRNGKeyArray) -> Stack:
    lower, upper = jax.random.split(key)
    return Stack([LSTM(INPUT, HIDDEN, key=lower), GRU(HIDDEN, OUTPUT, key=upper)])


def deep_stack(key: PRNGKeyArray) -> Stack:
    keys = jax.random.split(key, 3)
    return Stack(
        [
            Embedding(VOCABULARY, INPUT, key=keys[0]),
            Dropout(INPUT, 0.3),
            LSTM(INPUT, HIDDEN, key=keys[1]),
            MeanPooling(HIDDEN),
            Linear(HIDDEN, OUTPUT, key=keys[2]),
        ]
    )


CELL_ROWS = (
    Row("elman_tanh", lambda key: Elman(INPUT, HIDDEN, key=key), HIDDEN),
    Row("elman_relu", lambda key: Elman(INPUT, HIDDEN, activation="relu", key=key), HIDDEN),
    Row("lstm", lambda key: LSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_peephole", lambda key: PeepholeLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_coupled", lambda key: CoupledLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_coupled_peephole", lambda key: CoupledPeepholeLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("gru", lambda key: GRU(INPUT, HIDDEN, key=key), HIDDEN),
    Row("gru_reset_before", lambda key: ResetBeforeGRU(INPUT, HIDDEN, key=key), HIDDEN),
    Row("mgu", lambda key: MinimalGatedUnit(INPUT, HIDDEN, key=key), HIDDEN),
    *rows_elementwise.ROWS,
    *rows_simple.ROWS,
    Row("window", lambda key: FixedWindow(INPUT, HIDDEN, window=3, key=key), HIDDEN),
    Row("mean_pooling", lambda key: MeanPooling(INPUT), INPUT),
    Row("attention_pooling", lambda key: AttentionPooling(INPUT, attention_size=4, key=key), INPUT),
    Row("linear", lambda key: Linear(INPUT, OUTPUT, key=key), OUTPUT),
    Row("embedding", lambda key: Embedding(VOCABULARY, HIDDEN, key=key), HIDDEN, reads_symbols=True),
    Row("dropout", lambda key: Dropout(INPUT, 0.4), INPUT, draws_noise=True),
    Row("dropout_inference", lambda key: Dropout(INPUT, 0.4, inference=True), INPUT),
    Row("word_dropout", lambda key: WordDropout(INPUT, 0.4, word_size=2), INPUT, draws_noise=True),
    Row("stack_gated", shallow_stack, OUTPUT),
    Row("stack_deep", deep_stack, OUTPUT, reads_symbols=True, draws_noise=True),
    *rows_wrappers.ROWS,
    *rows_convolutional.ROWS,
    *rows_grid.ROWS,
    *rows_wirings.ROWS,
    *rows_reservoirs.ROWS,
    *rows_looking.ROWS,
    *rows_forecasts.ROWS,
)


def both_ways(key: PRNGKeyArray, **options: Any) -> Bidirectional:
    there, back = jax.random.split(key)
    return Bidirectional(LSTM(INPUT, HIDDEN, key=there), LSTM(INPUT, HIDDEN, key=back), **options)


def chain(key: PRNGKeyArray) -> Chain:
    keys = jax.random.split(key, 4)
    middle = Bidirectional(GRU(INPUT, HIDDEN, key=keys[1]), Elman(INPUT, HIDDEN, key=keys[2]), merge="mean")
    return Chain([Embedding(VOCABULARY, INPUT, key=keys[0]), middle, Linear(HIDDEN, OUTPUT, key=keys[3])])


def mirror(network: Any) -> Any:
    """Return the network that does to a reversed sequence what `network` does to the sequence."""
    if isinstance(network, Chain):
        return Chain([mirror(layer) for layer in network.layers])
    if isinstance(network, Bidirectional):
        return Bidirectional(
            network.backward, network.forward, merge=network.merge, to_the_end=network.to_the_end
        )
    return network


def swap_halves(outputs: Array) -> Array:
    return jnp.roll(outputs, outputs.shape[-1] // 2, axis=-1)


MAP_ROWS = (
    MapRow("concatenate", both_ways, 2 * HIDDEN, mirrored=mirror, swap=swap_halves),
    MapRow("sum", functools.partial(both_ways, merge="sum"), HIDDEN, mirrored=mirror),
    MapRow("mean", functools.partial(both_ways, merge="mean"), HIDDEN, mirrored=mirror),
    # Read to the end, the two directions have seen the same at the last step only.
    MapRow(
        "concatenate_to_the_end", functools.partial(both_ways, to_the_end=True), 2 * HIDDEN,
        mirrored=mirror, swap=swap_halves, agrees_at_the_end_only=True,
    ),
    MapRow(
        "sum_to_the_end", functools.partial(both_ways, merge="sum", to_the_end=True), HIDDEN,
        mirrored=mirror, agrees_at_the_end_only=True,
    ),
    MapRow("chain", chain, OUTPUT, reads_symbols=True, mirrored=mirror),
    MapRow(
        "chain_of_cells",
        lambda key: Chain([Dropout(INPUT, 0.4), *shallow_stack(key).cells]), OUTPUT, draws_noise=True,
    ),
    *rows_wirings.MAP_ROWS,
    *rows_reservoirs.MAP_ROWS,
)  # fmt: skip


def lively(network: Any, seed: int = 1) -> Any:
    """Return the network with every weight moved at random, so that no bias is zero and no matrix special.

    Whole numbers, such as the places of the entries of a sparse matrix, stay.
    """
    draw = np.random.default_rng(seed)

    def moved(leaf: Array) -> Array:
        if not jnp.issubdtype(leaf.dtype, jnp.inexact):
            return leaf
        return jnp.asarray(np.asarray(leaf) + draw.normal(0, 0.3, leaf.shape), leaf.dtype)

    return jax.tree.map(moved, network)


def draw_inputs(row: Row, steps: int = TIME, seed: int = 3) -> Array:
    """Return input that the row reads: numbers `[T, B, row.input_size]` or symbols `[T, B]`."""
    draw = np.random.default_rng(seed)
    if row.reads_symbols:
        shape = (steps, BATCH, row.input_size) if row.reads_words else (steps, BATCH)
        return jnp.asarray(draw.integers(VOCABULARY, size=shape))
    return jnp.asarray(draw.normal(size=(steps, BATCH, row.input_size)))


@functools.cache
def _build(row: Row, in_float64: bool) -> Any:
    return row.build(jax.random.key(0))


def fresh(row: Row) -> Any:
    """Return the row's network as its constructor leaves it."""
    return _build(row, jax.config.jax_enable_x64)


def specimen(row: Row, cell: Cell | None = None) -> Specimen:
    """Return what the laws examine; `cell` in place of the row's own, to see a broken one fail."""
    if cell is None:
        return _own_specimen(row, jax.config.jax_enable_x64)
    return _specimen(row, cell)


@functools.cache
def _own_specimen(row: Row, in_float64: bool) -> Specimen:
    return _specimen(row, fresh(row))


def _specimen(row: Row, cell: Cell) -> Specimen:
    cell = lively(cell)
    inputs = draw_inputs(row)
    before = initial_states(cell, BATCH, jax.random.key(5))
    warm, _ = quick_jit(unroll, "reverse")(
        cell, draw_inputs(row, seed=4), before, lengths=None, reverse=False
    )
    return Specimen(row, cell, inputs, warm, jnp.array(LENGTHS))


def map_specimen(row: MapRow, network: SequenceMap | None = None) -> MapSpecimen:
    """Return what the laws of sequence maps examine."""
    network = lively(fresh(row) if network is None else network)
    return MapSpecimen(row, network, draw_inputs(row), jnp.array(LENGTHS))


def with_run(examined: Specimen, broken: Callable[..., tuple[State, Array]]) -> Specimen:
    """Return the specimen with another function in the place of `unroll`."""
    return replace(examined, run=broken)
