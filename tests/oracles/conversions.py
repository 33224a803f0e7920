"""What the tests of conversions share: sizes, networks, comparisons, and faults in the moving of weights."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import GRU, LSTM, Bidirectional, Dropout, Elman, ResetBeforeGRU, apply, wire, without_noise
from throughtime.networks.convert import flax_weights, gates, keras_weights, layers, torch_weights

TIME, BATCH, INPUT, HIDDEN = 7, 2, 3, 5
CLOSE = 1e-6
"""What outputs may differ by; both sides compute in float32."""

CELLS: dict[str, Callable[..., Any]] = {
    "tanh": Elman,
    "relu": lambda *sizes, key: Elman(*sizes, activation="relu", key=key),
    "lstm": LSTM,
    "gru": GRU,
    "gru_reset_before": ResetBeforeGRU,
}


def ours(names: str, *, both: bool = False, dropout: float = 0.0, **options: Any) -> Any:
    """Return a network of layers named as in `CELLS`, lowest first, with all weights and biases drawn.

    Arguments:
        both: whether the layers read both ways.
        options: of `Bidirectional`, `to_the_end` for the last layer alone.
    """
    network: list[Any] = []
    size, kinds = INPUT, names.split()
    for number, name in enumerate(kinds):
        if number and dropout:
            network.append(Dropout(size, dropout))
        keys = jax.random.split(jax.random.key(number), 2)
        cells = [CELLS[name](size, HIDDEN, key=key) for key in keys]
        if both:
            last = {} if number == len(kinds) - 1 else {"to_the_end": False}
            network.append(Bidirectional(*cells, **options | last))
        else:
            network.append(cells[0])
        size = network[-1].output_size
    return lively(network[0] if len(network) == 1 else wire(network))


def draw_inputs() -> np.ndarray:
    """Return input `[T, B, I]`."""
    return np.random.default_rng(3).normal(size=(TIME, BATCH, INPUT)).astype(np.float32)


def outputs(network: Any, inputs: np.ndarray) -> np.ndarray:
    """Return what a network of ours gives for whole sequences, without dropout."""
    return np.asarray(quick_jit(apply)(without_noise(network), jnp.asarray(inputs)))


def agree(one: Any, other: Any) -> None:
    """Raise AssertionError unless outputs are the same, and there is something to compare."""
    assert np.abs(np.asarray(other)).max() > 0.1
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=0, atol=CLOSE)


def same_to_the_bit(one: Any, other: Any) -> None:
    """Raise AssertionError unless two trees of arrays are the same, in structure, types and every bit."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


def swap_gates(patch: pytest.MonkeyPatch, library: str, kind: type) -> None:
    """The first two gates are taken for one another."""
    first, second, *rest = gates.ORDERS[library][kind]
    patch.setitem(gates.ORDERS[library], kind, (second, first, *rest))


def turn_update_gate(patch: pytest.MonkeyPatch, library: str, kind: type) -> None:
    """z = 1 takes the new state."""
    sound = gates.reordered

    def turned(rows: np.ndarray, given: tuple[str, ...], wanted: tuple[str, ...]) -> np.ndarray:
        found = np.split(sound(rows, given, wanted), len(wanted))
        found[wanted.index("z")] *= -1
        return np.concatenate(found)

    patch.setattr(gates, "reordered", turned)


def lose_bias(patch: pytest.MonkeyPatch, library: str, kind: type) -> None:
    """All biases are zero."""
    sound = gates.reordered
    patch.setattr(gates, "reordered", lambda rows, *orders: sound(rows * (rows.ndim > 1), *orders))


def lose_inner_bias(patch: pytest.MonkeyPatch, library: str, kind: type) -> None:
    """The bias within the reset is zero."""
    init = gates.Packed.__new__

    def without(cls: type, *arrays: Any, **named: Any) -> Any:
        packed = init(cls, *arrays, **named)
        return init(cls, *packed[:3], np.zeros_like(packed.candidate_bias))

    patch.setattr(gates.Packed, "__new__", without)


def exchange_directions(patch: pytest.MonkeyPatch, library: str, kind: type) -> None:
    """The cell that reads forwards is taken for the one that reads backwards."""

    file = {"PyTorch": torch_weights, "Keras": keras_weights, "Flax": flax_weights}[library]

    def exchanged(cells: Sequence[Any], **options: Any) -> Any:
        return layers.network_of([directions[::-1] for directions in cells], **options)

    patch.setattr(file, "network_of", exchanged)
    patch.setattr(file, "layers_of", lambda *given: [cells[::-1] for cells in layers.layers_of(*given)])


FAULTS: Sequence[tuple[Callable[..., None], str, type, bool]] = (
    (swap_gates, "lstm", LSTM, False),
    (swap_gates, "gru", GRU, False),
    (turn_update_gate, "gru", GRU, False),
    (lose_bias, "tanh", Elman, False),
    (lose_bias, "lstm", LSTM, False),
    (exchange_directions, "tanh", Elman, True),
)
"""A fault, the layer that shows it, the cell it is planted for, and whether the layer reads both ways."""
FAULT_NAMES = [f"{fault.__name__}-{layer}" for fault, layer, _, _ in FAULTS]
