"""Reservoirs, and what goes around and beside them."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from tests.laws.row import HIDDEN, INPUT, OUTPUT, MapRow, Row
from throughtime import GRU, EchoState, Elman, LearnedScaling, ModelSpace, NetNoise, Parallel, SparseRows


def sparse_reservoir(key: PRNGKeyArray, **settings: Any) -> EchoState:
    """Two connections a unit, which in so small a network would be kept as a dense matrix."""
    cell = EchoState(INPUT, HIDDEN, fan_in=2, leak=0.4, gain=0.6, key=key, **settings)
    return eqx.tree_at(
        lambda cell: cell.recurrent_weight, cell, SparseRows.of(jax.device_get(cell.recurrent_weight))
    )


def beside_one_another(key: PRNGKeyArray) -> Parallel:
    """A cell with a kernel and one without, of different sizes."""
    left, right = jax.random.split(key)
    return Parallel([Elman(INPUT, HIDDEN, key=left), sparse_reservoir(right), GRU(INPUT, OUTPUT, key=left)])


ROWS = (
    Row("echo_state", sparse_reservoir, HIDDEN),
    Row(
        "echo_state_linear",
        lambda key: EchoState(INPUT, HIDDEN, structure="orthogonal", activation="identity", key=key),
        HIDDEN,
    ),
    Row("learned_scaling", lambda key: LearnedScaling(sparse_reservoir(key)), HIDDEN),
    Row("net_noise", lambda key: NetNoise(sparse_reservoir(key), 0.3), HIDDEN, draws_noise=True),
    Row("parallel", beside_one_another, 2 * HIDDEN + OUTPUT),
)

MAP_ROWS = (MapRow("model_space", lambda key: ModelSpace(INPUT, regularisation=0.3), INPUT * (INPUT + 1)),)
