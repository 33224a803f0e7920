"""What a cell is to the native stepper: a list of layers with their weights."""

import functools
from typing import Any

import numpy as np

from throughtime.core.cell import Cell, FusedCell
from throughtime.core.fused import steps_are_the_kernels
from throughtime.kernels.families import FAMILIES
from throughtime.kernels.stepping import Layer
from throughtime.networks.dropout import Dropout
from throughtime.networks.embedding import Embedding
from throughtime.networks.learned_start import LearnedStart
from throughtime.networks.linear import Linear
from throughtime.networks.pooling import AttentionPooling, MeanPooling
from throughtime.networks.stack import Stack
from throughtime.networks.tied_stack import TiedStack
from throughtime.networks.window import FixedWindow


def native_layers(cell: Cell) -> list[Layer] | None:
    """Return a cell as layers of the native stepper, or None if something in it has no native step."""
    if isinstance(cell, FusedCell) and steps_are_the_kernels(type(cell)):
        fused = cell.fused()
        return [_layer(fused.family, cell, fused.weights, FAMILIES[fused.family].states)]
    # Exactly these types: a subclass may step otherwise.
    return _describe.dispatch(type(cell))(cell) if type(cell) in _describe.registry else None


@functools.singledispatch
def _describe(cell: Any) -> list[Layer] | None:
    return None


@_describe.register
def _stack(cell: Stack) -> list[Layer] | None:
    layers = []
    for part in cell.cells:
        described = native_layers(part)
        if described is None:
            return None
        layers += described
    return layers


@_describe.register
def _tied_stack(cell: TiedStack) -> list[Layer] | None:
    return native_layers(cell.untied())


@_describe.register
def _learned_start(cell: LearnedStart) -> list[Layer] | None:
    return native_layers(cell.cell)


@_describe.register
def _linear(cell: Linear) -> list[Layer] | None:
    return [_layer("affine", cell, ("weight", "bias"), 0)]


@_describe.register
def _embedding(cell: Embedding) -> list[Layer] | None:
    return [_layer("lookup", cell, ("weight",), 0)]


@_describe.register
def _dropout(cell: Dropout) -> list[Layer] | None:
    return [] if cell.inference or cell.rate == 0 else None


@_describe.register
def _mean(cell: MeanPooling) -> list[Layer] | None:
    return [_layer("mean", cell, (), 2)]


@_describe.register
def _attention(cell: AttentionPooling) -> list[Layer] | None:
    return [_layer("attention", cell, ("weight", "bias", "direction"), 3, len(cell.bias))]


@_describe.register
def _window(cell: FixedWindow) -> list[Layer] | None:
    if cell.activation != "tanh":
        return None
    return [_layer("window", cell, ("weight", "bias"), 1, len(cell.weight))]


def _layer(kind: str, cell: Cell, weights: tuple[str, ...], states: int, size: int = 0) -> Layer:
    arrays = tuple(np.asarray(getattr(cell, name)) for name in weights)
    return Layer(kind, cell.input_size, cell.output_size, arrays, states, size)
