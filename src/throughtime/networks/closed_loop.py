"""Reservoirs that read their own readout and nothing else: which of them native code can run, and how."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from throughtime.core.cell import Cell
from throughtime.kernels.reservoir import Loop, Run, run_loop, within
from throughtime.networks.feedback import Feedback, Values
from throughtime.networks.linear import Linear
from throughtime.networks.stack import Stack, StackState
from throughtime.reservoirs import EchoState, SparseRows
from throughtime.reservoirs.native_run import can_run_natively, hollow, plan_of

ClosedLoop: TypeAlias = Callable[
    [StackState, Float[Array, "B O"], int], tuple[StackState, Float[Array, "T B O"]]
]
"""From a state, what was said last, and a number of steps to the state after them and what was said."""


def closed_loop(cell: Cell, feedback: Feedback, inputs: Float[Array, "T B I"]) -> ClosedLoop | None:
    """Return what runs a network in closed loop in native code; None if it cannot.

    It can run a sparse reservoir with a linear readout on top, whose values go back as they are, if there is
    no other input.
    """
    if inputs.shape[-1] > 0 or inputs.shape[0] == 0 or not isinstance(cell, Stack):
        return None
    if not isinstance(feedback, Values) or feedback.activation != "identity" or len(cell.cells) != 2:
        return None
    reservoir, readout = cell.cells
    if type(readout) is not Linear or not isinstance(reservoir, EchoState) or not reservoir.has_own_steps:
        return None
    if inputs.shape[1] == 0 or not can_run_natively(reservoir, readout.weight, readout.bias):
        return None
    return functools.partial(_run, cell, reservoir, readout)


def _run(
    stack: Stack,
    reservoir: EchoState,
    readout: Linear,
    state: StackState,
    last: Float[Array, "B O"],
    steps: int,
) -> tuple[StackState, Float[Array, "T B O"]]:
    matrix = reservoir.recurrent_weight
    assert isinstance(matrix, SparseRows)
    below, above = state.layers
    loop = Loop(
        matrix.weights,
        reservoir.bias,
        reservoir.input_weight,
        readout.weight,
        readout.bias,
        below.hidden,
        last,
    )
    plain = _PlainLoop(hollow(stack), steps)
    plan = plan_of(reservoir, False, plain)
    ran = jax.lax.platform_dependent(
        loop, within(matrix.columns), cpu=functools.partial(run_loop, plan, steps), default=plain
    )
    return StackState((below._replace(hidden=ran.final), above)), ran.outputs


@dataclass(frozen=True)
class _PlainLoop:
    """A closed loop under `lax.scan`, as a function of the arrays that the native code reads."""

    stack: Any
    steps: int

    def __call__(self, loop: Loop, columns: Int[Array, "H k"]) -> Run:
        """Run the loop."""
        stack = eqx.tree_at(
            lambda stack: (
                stack.cells[0].recurrent_weight.weights,
                stack.cells[0].recurrent_weight.columns,
                stack.cells[0].bias,
                stack.cells[0].input_weight,
                stack.cells[1].weight,
                stack.cells[1].bias,
            ),
            self.stack,
            (loop.weights, columns, loop.bias, loop.input_weight, loop.readout_weight, loop.readout_bias),
            is_leaf=lambda leaf: leaf is None,
        )
        reservoir, readout = stack.cells

        def step(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
            hidden, said = carry
            state = reservoir.state_of(hidden)
            after, _ = jax.vmap(lambda state, x: reservoir.step(state, reservoir.project(x)))(state, said)
            output = jax.vmap(readout.project)(after.hidden)
            return (after.hidden, output), output

        (final, _), outputs = jax.lax.scan(step, (loop.initial, loop.last), None, length=self.steps)
        return Run(final, jnp.asarray(outputs))
