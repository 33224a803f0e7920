"""Reservoirs, and what goes around and beside them."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from tests.laws.row import HIDDEN, INPUT, OUTPUT, MapRow, Row
from throughtime import (
    GRU,
    EchoState,
    Elman,
    LeakyNeurons,
    LearnedScaling,
    Liquid,
    ModelSpace,
    NetNoise,
    Parallel,
    SparseRows,
    SpikeFilter,
    SynapseKind,
)
from throughtime.reservoirs.spikes import ramp


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


def lively_liquid(key: PRNGKeyArray) -> Liquid:
    """Everyone sends to everyone, and all time constants are short, so that few steps show them all."""
    excites = SynapseKind(1.0, 9.0, 0.4, 6.0, 5.0, 1.7)
    inhibits = SynapseKind(1.0, -7.0, 0.4, 6.0, 5.0, 0.8)
    neurons = LeakyNeurons(membrane_ms=4.0, resistance_mohm=0.9, background_na=22.0, refractory_ms=(2.0, 1.0))
    return Liquid(
        INPUT, HIDDEN, wiring_length=50.0, inhibitory_share=0.4, input_share=1.0, input_scaling=0.3,
        neurons=neurons, kinds={"EE": excites, "EI": excites, "IE": inhibits, "II": inhibits}, key=key,
    )  # fmt: skip


class SmoothLiquid(Liquid):
    """A liquid whose neurons fire a little when they are near their threshold."""

    @staticmethod
    def spike_function(excess: Any) -> Any:
        return ramp(excess)

    def __init__(self, cell: Liquid):
        for field in dataclasses.fields(Liquid):
            setattr(self, field.name, getattr(cell, field.name))


ROWS = (
    Row("echo_state", sparse_reservoir, HIDDEN),
    Row(
        "echo_state_linear",
        lambda key: EchoState(INPUT, HIDDEN, structure="orthogonal", activation="identity", key=key),
        HIDDEN,
    ),
    Row("learned_scaling", lambda key: LearnedScaling(sparse_reservoir(key)), HIDDEN),
    Row("net_noise", lambda key: NetNoise(sparse_reservoir(key), 0.3), HIDDEN, draws_noise=True),
    Row("liquid", lively_liquid, HIDDEN, smooth=SmoothLiquid),
    Row("spike_filter", lambda _: SpikeFilter(INPUT, filter_ms=3.0, step_ms=2.0), INPUT),
    Row("parallel", beside_one_another, 2 * HIDDEN + OUTPUT),
)

MAP_ROWS = (MapRow("model_space", lambda key: ModelSpace(INPUT, regularisation=0.3), INPUT * (INPUT + 1)),)
