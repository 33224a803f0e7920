"""Steps that are nudged: whatever a loss feels of a nudge to the state is the gradient by that state.

A step hands its new state on twice: to the next step, and to what reads it within the same step (the output,
the layers above). A nudge has to reach both, so the program of a step is run operation by operation, and each
array of the new state is nudged where it comes about.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Literal, Var
from jaxtyping import Array, Bool, Float, Integer, Shaped

from throughtime.analysis.state_arrays import is_differentiable
from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.scanning import valid_steps
from throughtime.core.state import keep_finished

Nudges = tuple[Array, ...]
"""What is added to each differentiable array of a state, in the order of its leaves."""


def zero_nudges(state: State, time_steps: int) -> Nudges:
    """Return nudges of zero for every step of a batch of states."""
    leaves = filter(is_differentiable, jax.tree.leaves(state))
    return tuple(jnp.zeros((time_steps, *leaf.shape), leaf.dtype) for leaf in leaves)


def nudged_step(
    cell: Cell, state: State, projected: Projected, nudges: Nudges
) -> tuple[State, Float[Array, " O"]]:
    """Return what the step of one example gives when its new state is nudged where it comes about."""
    given, structure = jax.tree.flatten((state, projected))

    def step(*leaves: Array) -> tuple[State, Array]:
        return cell.step(*jax.tree.unflatten(structure, leaves))

    program, shapes = jax.make_jaxpr(step, return_shape=True)(*given)
    after = jax.tree.leaves(shapes[0])
    remaining = iter(nudges)
    each = [
        next(remaining) if jnp.issubdtype(leaf.dtype, jnp.inexact) and leaf.size else None for leaf in after
    ]
    results = run_nudged(program, given, each)
    return jax.tree.unflatten(jax.tree.structure(shapes), results)


def run_nudged(program: ClosedJaxpr, arguments: Sequence[Any], nudges: Sequence[Array | None]) -> list[Any]:
    """Return the results of a program whose first results are nudged, in everything that is made of them.

    Arguments:
        nudges: what is added to the first results; `None` for nothing.
    """
    results = program.jaxpr.outvars
    made = {variable for equation in program.jaxpr.eqns for variable in equation.outvars}
    # A result that the step makes is nudged there. One that only passes through, or that is the same as an
    # earlier one, is nudged on its way out.
    within: dict[Var, Array] = {}
    outside: dict[int, Array] = {}
    for number, (variable, nudge) in enumerate(zip(results, nudges, strict=False)):
        if nudge is None:
            continue
        if isinstance(variable, Var) and variable in made and variable not in within:
            within[variable] = nudge
        else:
            outside[number] = nudge

    values: dict[Var, Any] = dict(zip(program.jaxpr.constvars, program.consts, strict=True))
    values.update(zip(program.jaxpr.invars, arguments, strict=True))

    def read(atom: Var | Literal) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for equation in program.jaxpr.eqns:
        parameters = equation.primitive.get_bind_params(equation.params)
        found = equation.primitive.bind(*map(read, equation.invars), **parameters)
        for variable, value in zip(
            equation.outvars, found if equation.primitive.multiple_results else [found], strict=True
        ):
            values[variable] = value + within[variable] if variable in within else value
    return [
        read(variable) + outside[number] if number in outside else read(variable)
        for number, variable in enumerate(results)
    ]


class NudgedCell(SelfUnrollingCell):
    r"""A cell over whole sequences, each of whose states is nudged.

    **Equations**

        h_t = f(h_{t-1}, x_t) + e_t,   y_t = g(h_t),   dL/dh_t = dL/de_t at e = 0

    **Shapes**

        e as the state, with time and batch in front: `[T, B, ...]`
    """

    cell: Cell
    nudges: Nudges
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell, nudges: Nudges):
        self.cell = cell
        self.nudges = nudges
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def initial_state(self) -> State:
        """Return the state of the cell."""
        return self.cell.initial_state()

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return the projection of the cell."""
        return self.cell.project(x)

    def step(self, state: State, projected: Projected) -> tuple[State, Float[Array, " O"]]:
        """Take a step of the cell, without a nudge: a single step has no place in time."""
        return self.cell.step(state, projected)

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: State,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[State, Float[Array, "T B O"]]:
        """Go step by step; a nudge at a step that is padding has no effect."""
        steps, batch_size = inputs.shape[:2]
        projected = jax.vmap(jax.vmap(self.cell.project))(inputs)
        real = jnp.full(batch_size, steps) if lengths is None else lengths
        step = jax.vmap(partial(nudged_step, self.cell))

        def masked(
            carry: State, element: tuple[Projected, Nudges, Bool[Array, " B"]]
        ) -> tuple[State, Float[Array, "B O"]]:
            projected_t, nudges, is_real = element
            after, output = step(carry, projected_t, nudges)
            return keep_finished(is_real, after, carry), jnp.where(is_real[:, None], output, 0)

        return jax.lax.scan(
            masked, state, (projected, self.nudges, valid_steps(real, steps)), reverse=reverse
        )
