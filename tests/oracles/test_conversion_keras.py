"""Weights moved from and to Keras 3: the outputs stay."""

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.kernels.keras_backends import resident
from tests.oracles.conversions import (
    BATCH,
    FAULT_NAMES,
    FAULTS,
    HIDDEN,
    INPUT,
    TIME,
    agree,
    draw_inputs,
    lose_inner_bias,
    ours,
    outputs,
    same_to_the_bit,
)
from throughtime import GRU
from throughtime.networks.convert import from_keras, to_keras

if importlib.util.find_spec("keras") is None:
    pytest.skip("keras is not installed; pip install 'throughtime[oracles]'", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's own

LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "tanh": ("SimpleRNN", {}),
    "relu": ("SimpleRNN", {"activation": "relu"}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
    "gru_reset_before": ("GRU", {"reset_after": False}),
}
"""Class and options of Keras's layer for each of our cells."""


def layers_of(names: str, *, both: bool = False, merge: str = "concat", **options: Any) -> list[Any]:
    """Return layers of Keras, lowest first, with all weights and biases drawn."""
    keras, rng, found, size = resident("jax"), np.random.default_rng(1), [], INPUT
    for name in names.split():
        kind, own = LAYERS[name]
        layer = getattr(keras.layers, kind)(HIDDEN, **{"return_sequences": True} | own | options)
        if both:
            layer = keras.layers.Bidirectional(layer, merge_mode=merge)
        layer.build((BATCH, TIME, size))
        layer.set_weights([weight + rng.normal(0, 0.3, weight.shape) for weight in layer.get_weights()])
        found.append(layer)
        size = (2 if both and merge == "concat" else 1) * HIDDEN
    return found


def theirs(layers: list[Any], inputs: np.ndarray) -> np.ndarray:
    """Return the outputs of layers, time-major where they give an output for each step."""
    values = np.swapaxes(inputs, 0, 1)
    for layer in layers:
        values = layer(values)
    values = np.asarray(values)
    return np.swapaxes(values, 0, 1) if values.ndim == 3 else values


def activation(names: str) -> dict[str, Any]:
    return {"activation": "relu"} if names == "relu" else {}


@pytest.mark.parametrize(
    ("names", "options"),
    [
        *((name, {}) for name in LAYERS),
        ("lstm", {"unit_forget_bias": False}),
        ("lstm", {"both": True}),
        ("gru_reset_before", {"both": True}),
        ("gru lstm", {"both": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_from_keras_and_back(names: str, options: dict[str, Any]) -> None:
    layers = layers_of(names, **options)
    network = from_keras(*(layer.get_weights() for layer in layers), **activation(names))
    agree(outputs(network, draw_inputs()), theirs(layers, draw_inputs()))
    again = layers_of(names, **options)
    for layer, weights in zip(again, to_keras(network), strict=True):
        layer.set_weights(weights)
    agree(theirs(again, draw_inputs()), theirs(layers, draw_inputs()))
    same_to_the_bit(from_keras(*(layer.get_weights() for layer in again), **activation(names)), network)


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_before"])
def test_without_biases(name: str) -> None:
    layers = layers_of(name, use_bias=False)
    reset = {"reset_after": False} if name == "gru_reset_before" else {}
    network = from_keras(layers[0].get_weights(), **reset)
    agree(outputs(network, draw_inputs()), theirs(layers, draw_inputs()))
    for one, other in zip(to_keras(network, bias=False)[0], layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("merge", "ours"), [("sum", "sum"), ("ave", "mean")])
def test_merges(merge: str, ours: Any) -> None:
    layers = layers_of("tanh", both=True, merge=merge)
    network = from_keras(layers[0].get_weights(), merge=ours)
    agree(outputs(network, draw_inputs()), theirs(layers, draw_inputs()))


def test_read_to_the_end() -> None:
    layers = layers_of("gru", both=True, return_sequences=False)
    network = from_keras(layers[0].get_weights(), to_the_end=True)
    agree(outputs(network, draw_inputs())[-1], theirs(layers, draw_inputs()))


def test_to_keras() -> None:
    network, layers = ours("gru tanh lstm", dropout=0.4), layers_of("gru tanh lstm")
    for layer, weights in zip(layers, to_keras(network), strict=True):
        layer.set_weights(weights)
    agree(theirs(layers, draw_inputs()), outputs(network, draw_inputs()))


@pytest.mark.parametrize(("fault", "name", "kind", "both"), FAULTS, ids=FAULT_NAMES)
@pytest.mark.parametrize("way", ["from", "to"])
def test_a_planted_fault_is_found(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None], name: str, kind: type, both: bool, way: str
) -> None:
    layers = layers_of(name, both=both)
    network = from_keras(layers[0].get_weights())
    fault(monkeypatch, "Keras", kind)
    if way == "from":
        network = from_keras(layers[0].get_weights())
    else:
        layers[0].set_weights(to_keras(network)[0])
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        agree(outputs(network, draw_inputs()), theirs(layers, draw_inputs()))


def test_a_lost_bias_within_the_reset_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = layers_of("gru")
    lose_inner_bias(monkeypatch, "Keras", GRU)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        agree(outputs(from_keras(layers[0].get_weights()), draw_inputs()), theirs(layers, draw_inputs()))
