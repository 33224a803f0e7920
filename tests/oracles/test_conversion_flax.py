"""Weights moved from and to Flax: the outputs stay."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.oracles.conversions import (
    FAULT_NAMES,
    FAULTS,
    HIDDEN,
    INPUT,
    agree,
    draw_inputs,
    ours,
    outputs,
    same_to_the_bit,
)
from throughtime.networks.convert import from_flax, to_flax

nnx = pytest.importorskip("flax.nnx", reason="flax is not installed; pip install 'throughtime[oracles]'")

CELLS: dict[str, tuple[str, dict[str, Any]]] = {
    "tanh": ("SimpleCell", {}),
    "relu": ("SimpleCell", {"activation_fn": jax.nn.relu}),
    "lstm": ("OptimizedLSTMCell", {}),
    "lstm by gate": ("LSTMCell", {}),
    "gru": ("GRUCell", {}),
}
"""Class and options of Flax's cell for each of ours."""


def layer_of(name: str, size: int = INPUT, *, both: bool = False) -> Any:
    """Return a layer of Flax with all weights and biases drawn."""
    kind, options = CELLS[name]

    def rnn(seed: int) -> Any:
        cell = getattr(nnx, kind)(size, HIDDEN, rngs=nnx.Rngs(seed), **options)
        return nnx.RNN(cell, time_major=True, rngs=nnx.Rngs(seed))

    layer = nnx.Bidirectional(rnn(0), rnn(1), time_major=True, rngs=nnx.Rngs(2)) if both else rnn(0)
    rng = np.random.default_rng(1)
    weights = jax.tree.map(lambda leaf: leaf + rng.normal(0, 0.3, leaf.shape), nnx.state(layer, nnx.Param))
    nnx.update(layer, weights)
    return layer


def run(graph: Any, state: Any, values: jax.Array) -> jax.Array:
    return nnx.merge(graph, state)(values)


def theirs(layers: list[Any], inputs: np.ndarray) -> np.ndarray:
    """Return the outputs of layers, one upon another."""
    values = jnp.asarray(inputs)
    for layer in layers:
        values = quick_jit(run)(*nnx.split(layer), values)
    return np.asarray(values)


def by_gate(name: str) -> dict[str, Any]:
    return {"lstm": "LSTMCell"} if name == "lstm by gate" else {}


@pytest.mark.parametrize(
    ("name", "both"), [*((name, False) for name in CELLS), ("lstm by gate", True), ("gru", True)]
)
def test_from_flax_and_back(name: str, both: bool) -> None:
    layer = layer_of(name, both=both)
    options: dict[str, Any] = {"activation": "relu"} if name == "relu" else {}
    network = from_flax(nnx.state(layer), **options)
    agree(outputs(network, draw_inputs()), theirs([layer], draw_inputs()))
    again = layer_of(name, both=both)
    nnx.update(again, jax.tree.map(jnp.zeros_like, nnx.state(again, nnx.Param)))
    nnx.update(again, to_flax(network, **by_gate(name))[0])
    same_to_the_bit(
        nnx.to_pure_dict(nnx.state(again, nnx.Param)), nnx.to_pure_dict(nnx.state(layer, nnx.Param))
    )
    same_to_the_bit(from_flax(nnx.state(again), **options), network)


def test_a_cell_alone_and_a_dictionary() -> None:
    layer = layer_of("gru")
    network = from_flax(nnx.state(layer))
    same_to_the_bit(from_flax(nnx.state(layer.cell)), network)
    same_to_the_bit(from_flax(nnx.to_pure_dict(nnx.state(layer, nnx.Param))), network)


def test_to_flax() -> None:
    network = ours("lstm tanh", both=True, dropout=0.4)
    layers = [layer_of("lstm", both=True), layer_of("tanh", 2 * HIDDEN, both=True)]
    for layer, weights in zip(layers, to_flax(network), strict=True):
        nnx.update(layer, weights)
    agree(theirs(layers, draw_inputs()), outputs(network, draw_inputs()))


@pytest.mark.parametrize(("fault", "name", "kind", "both"), FAULTS, ids=FAULT_NAMES)
@pytest.mark.parametrize("way", ["from", "to"])
def test_a_planted_fault_is_found(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None], name: str, kind: type, both: bool, way: str
) -> None:
    layer = layer_of(name, both=both)
    network = from_flax(nnx.state(layer))
    fault(monkeypatch, "Flax", kind)
    if way == "from":
        network = from_flax(nnx.state(layer))
    else:
        nnx.update(layer, to_flax(network)[0])
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        agree(outputs(network, draw_inputs()), theirs([layer], draw_inputs()))
