"""Flax: `nnx.RNN` over `SimpleCell`, `OptimizedLSTMCell` and `GRUCell`.

`OptimizedLSTMCell` computes what `LSTMCell` does with one product for all gates instead of four. Kernels are
`[I, G]`, gates i, f, g, o and r, z, n; the LSTM's bias belongs to the hidden layer's product, the others' to
the input's. The GRU has no bias within the reset, so it is compared at zero.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from benchmarks.kernels.gate_order import repack
from benchmarks.kernels.grid import What
from benchmarks.kernels.jax_functions import compiled
from benchmarks.kernels.ways import Builders, Result, Way
from benchmarks.kernels.work import Work, fields, with_fields
from throughtime import to_flax

CELLS: dict[str, tuple[Any, str, str]] = {
    "elman": (nnx.SimpleCell, "h", "dense_i"),
    "lstm": (nnx.OptimizedLSTMCell, "ifgo", "dense_h"),
    "gru": (nnx.GRUCell, "rzn", "dense_i"),
}
"""Class, order of gates, and the product that has the bias, for each of our cells."""

WITHOUT = {"gru": ("candidate_bias",)}


def refusal(work: Work, what: What) -> str | None:
    """Refuse cells that Flax lacks; lengths save it no step, so both ways are not compared."""
    if work.point.cell not in CELLS:
        return "no such cell"
    return "runs padded steps too" if work.point.wiring == "both_ways" else None


def builders(work: Work, what: What) -> Builders:
    """Return the layers, jitted."""
    return {"flax": partial(_way, work, what)}


def _way(work: Work, what: What) -> Way:
    parts = [nnx.split(twin(work, cell), nnx.Param, ...) for cell in work.cells]
    graphs, weights, rest = zip(*parts, strict=True)

    # Given, since Flax would otherwise draw random numbers for it, zeros or not.
    zeros = jnp.zeros((work.point.batch, work.point.hidden_size))
    carry = (zeros, zeros) if work.point.cell == "lstm" else zeros

    def outputs(weights: Any, x: jax.Array) -> jax.Array:
        for graph, own, other in zip(graphs, weights, rest, strict=True):
            x = nnx.merge(graph, own, other)(x, initial_carry=carry)
        return x

    call, seconds = compiled(outputs, weights, jnp.asarray(work.x), what)
    return Way(
        run=partial(call, weights),
        read=partial(_read, work, what),
        compile_s=seconds,
        without=WITHOUT.get(work.point.cell, ()),
    )


def twin(work: Work, cell: Any) -> nnx.RNN:
    """Return Flax's layer with the weights of one of our cells."""
    zeros = {name: np.zeros_like(fields(cell)[name]) for name in WITHOUT.get(work.point.cell, ())}
    theirs = CELLS[work.point.cell][0](cell.input_size, cell.output_size, rngs=nnx.Rngs(0))
    layer = nnx.RNN(theirs, time_major=True, rngs=False)
    nnx.update(layer, to_flax(with_fields(cell, zeros))[0])
    return layer


def _read(work: Work, what: What, came_out: Any) -> Result:
    if what == "infer":
        return Result(np.asarray(came_out))
    _, order, has_bias = CELLS[work.point.cell]
    loss, gradients = came_out
    found = []
    for theirs in gradients:
        by = {path: np.asarray(value) for path, value in _leaves(theirs["cell"])}
        ours = {
            "input_weight": by["dense_i", "kernel"].T,
            "recurrent_weight": by["dense_h", "kernel"].T,
            "bias": by[has_bias, "bias"],
        }
        found.append({name: repack(value, order, work.row.gates) for name, value in ours.items()})
    return Result(np.asarray(loss), tuple(found))


def _leaves(state: Any) -> list[tuple[tuple[str, str], Any]]:
    return [
        ((dense, name), jax.tree.leaves(state[dense][name])[0])
        for dense in ("dense_i", "dense_h")
        for name in state[dense]
    ]
