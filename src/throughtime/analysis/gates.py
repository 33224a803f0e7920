"""What the gates of a network do: how far each of them is open, at every step of every sequence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import NotACellError, OptionError
from throughtime.core.noise import without_noise
from throughtime.core.scanning import scan, valid_steps, zero_padding
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.core.unroll import check_inputs, unroll
from throughtime.learning.one_step import an_input
from throughtime.learning.operations import operate, operations, run
from throughtime.networks.stack import Stack

OPEN, CLOSED = 0.9, 0.1
"""Above the one a gate counts as open, below the other as closed."""


@dataclass(frozen=True)
class GateTrace:
    """How far gates are open over time, from 0 to 1.

    `values`: by the gate's place in the network, such as `layers.0.f`, `[T, B, H]`, 0 at padding. `lengths`:
    real steps of each sequence, `[B]`.
    """

    values: Mapping[str, Float[np.ndarray, "T B H"]]
    lengths: Integer[np.ndarray, " B"]

    def real(self, name: str) -> Float[np.ndarray, "N H"]:
        """Return a gate's values at all real steps, one row each."""
        values = self.values[name]
        return values[np.arange(len(values))[:, None] < self.lengths]

    def shares(self, name: str) -> tuple[float, float]:
        """Return at what share of steps and units a gate is open, and at what share it is closed."""
        real = self.real(name)
        return float((real > OPEN).mean()), float((real < CLOSED).mean())


class _Tracing(Cell):
    """A cell whose output is how far its gates are open, one after the other, and then its own output."""

    cell: Cell
    input_size: int
    output_size: int

    def __init__(self, cell: Cell):
        self.cell = cell
        self.input_size, self.output_size = cell.input_size, cell.output_size

    def initial_state(self) -> State:
        """Return that of the cell."""
        return self.cell.initial_state()

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return that of the cell."""
        return self.cell.project(x)

    def step(self, state: State, projected: Projected) -> tuple[State, Float[Array, " G"]]:
        """Take a step of the cell, and tell how far its gates were open."""
        opened: list[Array] = []
        after, output = _through_gates(self.cell, state, projected, lambda _, open: opened.append(open))
        return after, jnp.concatenate([*opened, output])


def gate_trace(
    network: Network, inputs: Shaped[Array, "T B *I"], *, lengths: Integer[Array, " B"] | None = None
) -> GateTrace:
    """Return how far every gate of a network is open, at each step of some sequences.

    A gate is whatever a step takes the logistic function of, so that what is shown is what the cell computes.
    Gates that a cell declares have their letters, others the numbers in which they are computed.

    **Shapes**

        inputs `[T, B, I]`, lengths `[B]`

    Arguments:
        network: a cell, or a stack of cells; noise is switched off.

    **Raises**

        NotACellError: the network must see the whole sequence.
        OptionError: no layer has a gate.
        ShapeError: the inputs or lengths do not fit.

    **Cost**

        one pass forward without kernels; memory O(T B G) for G gates of all layers
    """
    if not isinstance(network, Cell):
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence, so its gates are not those of steps; use "
            "a network that reads in one direction, or one of the cells within"
        )
    check_inputs(network, inputs, lengths)
    quiet = cast(Cell, without_noise(network))
    layers = quiet.cells if isinstance(quiet, Stack) else (quiet,)
    found: dict[str, np.ndarray] = {}
    for number, layer in enumerate(layers):
        prefix = f"layers.{number}." if isinstance(quiet, Stack) else ""
        letters = _letters(layer)
        if letters:
            opened, inputs = _opened(layer, len(letters), inputs, lengths)
            found |= {
                f"{prefix}{letter}": np.asarray(one) for letter, one in zip(letters, opened, strict=True)
            }
        else:
            inputs = unroll(layer, inputs, lengths=lengths)[1]
    if not found:
        raise OptionError(
            f"{type(network).__name__} has no layer with gates; use one with cells such as lstm or gru"
        )
    steps, batch_size = np.shape(inputs)[:2]
    return GateTrace(found, np.full(batch_size, steps) if lengths is None else np.asarray(lengths))


@partial(jax.jit, static_argnames=("count",))
def _opened(
    layer: Cell, count: int, inputs: Shaped[Array, "T B *I"], lengths: Integer[Array, " B"] | None
) -> tuple[list[Array], Array]:
    if lengths is not None:
        inputs = zero_padding(inputs, valid_steps(lengths, inputs.shape[0]))
    tracing = _Tracing(layer)
    projected = jax.vmap(jax.vmap(layer.project))(inputs)
    state = initial_states(layer, inputs.shape[1])
    _, both = scan(tracing, state, projected, lengths, False)
    opened, outputs = jnp.split(both, [both.shape[-1] - layer.output_size], axis=-1)
    return jnp.split(opened, count, axis=-1), outputs


def _letters(cell: Cell) -> list[str]:
    """Return the names of a cell's gates in the order in which a step computes them."""
    declared = tuple(getattr(cell, "gates", ()))
    x = an_input(cell)

    def pulls(weight_of: Float[Array, " gates"]) -> list[Array]:
        """Return what goes into each gate, the part of the projection for each letter moved by a weight."""
        projected = cell.project(x)
        if declared and projected.shape == (len(declared) * cell.output_size,):
            projected = projected + jnp.repeat(weight_of, cell.output_size)
        pulled: list[Array] = []
        _through_gates(cell, cell.initial_state(), projected, lambda before, _: pulled.append(before))
        return pulled

    slopes = jax.jacfwd(pulls)(jnp.zeros(max(len(declared), 1), jnp.result_type(float)))
    letters = []
    for number, slope in enumerate(slopes, start=1):
        # The gate that a part of the projection is for has it added as it is.
        own = np.flatnonzero((np.asarray(slope) == 1).all(0))
        letters.append(declared[own[0]] if declared and len(own) == 1 else f"gate_{number}")
    return letters


def _through_gates(
    cell: Cell, state: State, projected: Projected, note: Callable[[Array, Array], None]
) -> tuple[State, Float[Array, " O"]]:
    """Return what a step of a cell gives; `note` is told what goes into each gate, and how far it opens."""
    listed = operations(cell.step, state, projected)

    def visit(operation: Any, values: list[Any]) -> list[Any]:
        results = operate(operation, values)
        if operation.primitive.name == "logistic" and jnp.ndim(results[0]) == 1:
            note(values[0], results[0])
        return results

    results = run(listed.jaxpr, listed.inputs(state, projected), visit)
    after: tuple[State, Array] = jax.tree.unflatten(listed.structure, results)
    return after
