"""Our own networks: with fused kernels, and as the result that every peer is compared with."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.kernels.grid import What
from benchmarks.kernels.jax_functions import compiled
from benchmarks.kernels.ways import Result, Way
from benchmarks.kernels.work import Work, cells_of, fields
from throughtime import apply


class Ours:
    """Our way, and what it computes with other weights."""

    def __init__(self, work: Work, what: What, *, lengths: np.ndarray | None):
        """Compile the network for inputs that all have `lengths`, or no padding at all."""
        self._work, self._what = work, what
        self._call, seconds = trace(work, what, lengths)
        self.way = Way(partial(self._call, work.network), partial(read, what), compile_s=seconds)

    def result(self, without: tuple[str, ...] = ()) -> Result:
        """Return what comes out when these fields are zero; they have no gradient in it then."""
        result = read(self._what, self._call(self._work.without(without)))
        kept = tuple({n: g for n, g in by.items() if n not in without} for by in result.gradients)
        return Result(result.value, kept)


def trace(work: Work, what: What, lengths: np.ndarray | None) -> tuple[Callable[[Any], Any], float]:
    """Compile our network with whatever kernels are switched on just now."""
    real = None if lengths is None else jnp.asarray(lengths)

    def outputs(network: Any, x: jax.Array) -> jax.Array:
        return apply(network, x, lengths=real)

    return compiled(outputs, work.network, jnp.asarray(work.x), what)


def read(what: What, came_out: Any) -> Result:
    """Return what one of our networks computed."""
    if what == "infer":
        return Result(np.asarray(came_out))
    loss, gradient = came_out
    return Result(np.asarray(loss), tuple(fields(by) for by in cells_of(gradient)))
