"""When native code runs a reservoir, and the same steps in plain JAX for all else."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from throughtime.core.errors import UsageError
from throughtime.core.fused import OFF, VARIABLE, instruction_set, thread_count
from throughtime.core.scanning import scan
from throughtime.kernels.library import DTYPES
from throughtime.kernels.reservoir import Fixed, Moving, ReservoirPlan, Run, is_built, run, within
from throughtime.reservoirs.sparse_rows import SparseRows

if TYPE_CHECKING:
    from throughtime.reservoirs.echo_state import EchoState, ReservoirState


def can_run_natively(cell: EchoState, *arrays: Array) -> bool:
    """Tell whether native code can run a reservoir on these arrays: its matrix is sparse, all are of one
    precision, and there is something to do.

    **Raises**

        UsageError: the native code was built before it knew reservoirs.
    """
    chosen = instruction_set()
    if chosen == OFF or not isinstance(cell.recurrent_weight, SparseRows):
        return False
    if not is_built(chosen):
        raise UsageError(
            "the native kernels are older than the rest of throughtime and know no reservoirs; install "
            f"throughtime again, or set {VARIABLE}={OFF} to do without them"
        )
    dtypes = {str(array.dtype) for array in (cell.recurrent_weight.weights, cell.bias, *arrays)}
    return len(dtypes) == 1 and dtypes <= set(DTYPES) and all(array.size > 0 for array in arrays)


def run_natively(
    cell: EchoState,
    state: ReservoirState,
    projected: Float[Array, "T B H"],
    lengths: Integer[Array, " B"] | None,
    reverse: bool,
) -> tuple[ReservoirState, Float[Array, "T B H"]]:
    """Run a reservoir over projected sequences with native code on a CPU, step by step on other platforms."""
    steps, batch_size = projected.shape[:2]
    real = jnp.full(batch_size, steps, jnp.int32) if lengths is None else lengths.astype(jnp.int32)
    matrix = cell.recurrent_weight
    assert isinstance(matrix, SparseRows)
    plain = _PlainSteps(hollow(cell), reverse, lengths is not None)
    plan = plan_of(cell, reverse, plain)
    ran = jax.lax.platform_dependent(
        Moving(matrix.weights, projected, state.hidden),
        Fixed(within(matrix.columns), real),
        cpu=functools.partial(run, plan),
        default=plain,
    )
    return state._replace(hidden=ran.final), ran.outputs


def plan_of(cell: EchoState, reverse: bool, plain: Any) -> ReservoirPlan:
    """Return how native code runs a reservoir here and now."""
    return ReservoirPlan(
        cell.leak, cell.gain, cell.activation, reverse, instruction_set(), plain, thread_count()
    )


def hollow(cell: Any) -> Any:
    """Return a cell without its arrays, which can be compared and hashed."""
    return jax.tree.map(lambda _: None, cell)


@dataclass(frozen=True)
class _PlainSteps:
    """A reservoir's steps under `lax.scan`, as a function of the arrays that the native code reads."""

    cell: Any
    reverse: bool
    masked: bool

    def __call__(self, moving: Moving, fixed: Fixed) -> Run:
        """Run the reservoir."""
        matrix = SparseRows(moving.weights, fixed.columns)
        cell = eqx.tree_at(
            lambda cell: (cell.recurrent_weight.weights, cell.recurrent_weight.columns),
            self.cell,
            (matrix.weights, matrix.columns),
            is_leaf=lambda leaf: leaf is None,
        )
        start = self.cell.state_of(moving.initial)
        lengths = fixed.lengths if self.masked else None
        final, outputs = scan(cell, start, moving.projected, lengths, self.reverse)
        return Run(final.hidden, outputs)
