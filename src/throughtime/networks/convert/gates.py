"""In which order each library packs its gates, and our cells taken apart and put together in that order."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from throughtime.cells import GRU, IRNN, LSTM, Elman, ResetBeforeGRU
from throughtime.core.cell import Cell
from throughtime.core.errors import ConversionError

ORDERS: dict[str, dict[type[Cell], tuple[str, ...]]] = {
    "PyTorch": {Elman: ("h",), IRNN: ("h",), LSTM: ("i", "f", "g", "o"), GRU: ("r", "z", "n")},
    # Keras calls g c, and n h.
    "Keras": {
        Elman: ("h",),
        IRNN: ("h",),
        LSTM: ("i", "f", "g", "o"),
        GRU: ("z", "r", "n"),
        ResetBeforeGRU: ("z", "r", "n"),
    },
    "Flax": {Elman: ("h",), IRNN: ("h",), LSTM: ("i", "f", "g", "o"), GRU: ("r", "z", "n")},
}
"""The cells that a library shares with this one, and the order of their gates there, in our letters.

z = 1 keeps the old state in all three, as it does here, so no sign is ever turned."""


class Packed(NamedTuple):
    """The weights of one cell with the gates in rows, in the order of some library.

    W `[G, I]`, U `[G, H]`, b `[G]`, and the bias within the reset of a `GRU`, `[H]`, if there is one.
    """

    input_weight: np.ndarray
    recurrent_weight: np.ndarray
    bias: np.ndarray
    candidate_bias: np.ndarray | None = None


def assembled(library: str, kind: type[Cell], packed: Packed, **options: Any) -> Cell:
    """Return a cell with weights that are packed as `library` packs them.

    Arguments:
        options: what the cell's constructor takes besides sizes and key.
    """
    given, wanted = ORDERS[library][kind], gates_of(kind)
    weights = {
        "input_weight": reordered(packed.input_weight, given, wanted),
        "recurrent_weight": reordered(packed.recurrent_weight, given, wanted),
        "bias": reordered(packed.bias, given, wanted),
    }
    if packed.candidate_bias is not None:
        weights["candidate_bias"] = packed.candidate_bias
    input_size, hidden_size = packed.input_weight.shape[1], packed.recurrent_weight.shape[1]
    shapes = jax.eval_shape(lambda: kind(input_size, hidden_size, key=jax.random.key(0), **options))  # type: ignore[call-arg]
    return eqx.tree_at(
        lambda cell: [getattr(cell, name) for name in weights],
        shapes,
        [jnp.asarray(weight) for weight in weights.values()],
    )


def taken_apart(library: str, cell: Cell) -> Packed:
    """Return the weights of a cell as `library` packs them.

    **Raises**

        ConversionError: the library has no such cell.
    """
    # By the very class: a subclass may compute something else.
    kind = type(cell)
    if kind not in ORDERS[library]:
        known = ", ".join(one.__name__ for one in ORDERS[library])
        raise ConversionError(f"{library} has no cell like {kind.__name__}; it has those of {known}")
    given, wanted = gates_of(kind), ORDERS[library][kind]
    input_weight, recurrent_weight, bias = (
        reordered(np.asarray(getattr(cell, name)), given, wanted)
        for name in ("input_weight", "recurrent_weight", "bias")
    )
    candidate_bias = np.array(cell.candidate_bias) if isinstance(cell, GRU) else None
    return Packed(input_weight, recurrent_weight, bias, candidate_bias)


def check_no_bias(packed: Packed) -> None:
    """Raise `ConversionError` unless all biases are zero, so that a layer without any computes the same."""
    biases = (packed.bias, packed.candidate_bias)
    if any(bias is not None and bias.any() for bias in biases):
        raise ConversionError(
            "bias is False, and the network has biases that are not zero; leave bias out, and give the other "
            "layer biases"
        )


def gates_of(kind: type[Cell]) -> tuple[str, ...]:
    """Return our own order of the gates of a cell."""
    return getattr(kind, "gates", ("h",))


def kind_of(
    library: str, name: str, recurrent_weight: np.ndarray, *, hidden_axis: int, expected: str
) -> tuple[type[Cell], int]:
    """Return the cell that a recurrent weight belongs to, the first in the library's table, and its units.

    Arguments:
        name: of the weight, and
        expected: the shapes that it may have, for an error.
        hidden_axis: the axis that the hidden layer is on, 0 or 1; the other one has the gates.

    **Raises**

        ConversionError: it has no such shape.
    """
    shape = recurrent_weight.shape
    if len(shape) == 2 and min(shape) > 0:
        hidden, rows = shape[hidden_axis], shape[1 - hidden_axis]
        for kind, gates in ORDERS[library].items():
            if rows == len(gates) * hidden:
                return kind, hidden
    raise ConversionError(f"{name} has the shape {list(shape)}; expected {expected}")


def reordered(rows: np.ndarray, given: tuple[str, ...], wanted: tuple[str, ...]) -> np.ndarray:
    """Return blocks of rows, one a gate, in another order."""
    blocks = dict(zip(given, np.split(rows, len(given)), strict=True))
    return np.concatenate([blocks[gate] for gate in wanted])
