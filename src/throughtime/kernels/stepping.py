"""One step at a time in native code: a network as a list of layers, called without JAX."""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from throughtime.kernels import library


class Layer(NamedTuple):
    """A layer of a network that the native code can step.

    `kind`: a family of `kernels.families`, or one of the others in `native/stream.h` ("affine", "lookup",
    "mean", "attention", "window"). `inputs`, `outputs`, `size`: numbers of features; the third is of a layer
    that needs one. `weights`: arrays, as the kind has them. `states`: how many arrays it remembers.
    """

    kind: str
    inputs: int
    outputs: int
    weights: tuple[np.ndarray, ...]
    states: int
    size: int = 0


class NativeStepper:
    """Layers on top of one another, whose states lie in arrays of the caller.

    Arguments:
        layers: lowest first, at least one.
        states: all arrays that the layers remember, in their order, `[sessions, ...]`; they are read and
            written at every step.
        sources: an array `[sessions, inputs]`, or int32 `[sessions]` below a lookup, that a step reads.
        targets: an array `[sessions, outputs]` that a step writes.
        instruction_set: which build of the native code.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        states: Sequence[np.ndarray],
        sources: np.ndarray,
        targets: np.ndarray,
        instruction_set: str,
    ):
        self._dtype = targets.dtype
        native = library.open_library(instruction_set)
        new, add, step, free = (
            getattr(native, f"throughtime_{self._dtype}_stream_{name}")
            for name in ("new", "add", "step", "free")
        )
        new.restype = ctypes.c_void_p
        add.argtypes = [ctypes.c_void_p, ctypes.c_char_p, *[ctypes.c_int] * 3, *[ctypes.c_void_p] * 2]
        step.argtypes = [ctypes.c_void_p, ctypes.c_int, *[ctypes.c_void_p] * 3]
        free.argtypes = [ctypes.c_void_p]
        self._free = free
        self._handle = new()
        if not self._handle:
            raise MemoryError
        remaining = list(states)
        for layer in layers:
            own, remaining = remaining[: layer.states], remaining[layer.states :]
            weights = [np.ascontiguousarray(weight, self._dtype) for weight in layer.weights]
            sizes = layer.inputs, layer.outputs, layer.size
            if add(self._handle, layer.kind.encode(), *sizes, _pointers(weights), _pointers(own)):
                raise MemoryError
        self._step = step
        self._every = np.arange(len(targets), dtype=np.int32)
        self._arrays = sources.ctypes.data, targets.ctypes.data
        self._all = (self._handle, len(targets), self._every.ctypes.data, *self._arrays)
        # The native code knows these by their addresses only.
        self._kept = (states, sources, targets)

    def step_all(self) -> None:
        """Make a step of every session."""
        if self._step(*self._all):
            raise MemoryError

    def step(self, sessions: np.ndarray) -> None:
        """Make a step of n sessions, int32 `[n]`: the first n sources give the first n targets."""
        if self._step(self._handle, len(sessions), sessions.ctypes.data, *self._arrays):
            raise MemoryError

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._free(self._handle)


def _pointers(arrays: Sequence[np.ndarray]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
