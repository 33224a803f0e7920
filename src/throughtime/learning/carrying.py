"""What units carry on by themselves, apart from what they tell one another through recurrent products."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr, JaxprEqn, Var
from jaxtyping import Array, Float

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import NotForThisRuleError
from throughtime.learning.operations import (
    LOOPS,
    has_product,
    is_variable,
    needed,
    operate,
    operations,
    run,
    variables,
)
from throughtime.networks.wrapper import Wrapper


class Carrying(Wrapper):
    r"""A cell whose derivative by the state before a step leaves out its recurrent products.

    A product is recurrent if what it multiplies hangs on an array of the state, and its result goes into that
    same array: `U h_{t-1}`, but not the `W y_t` by which a layer reads the one below it. What is multiplied
    there is seen as it is, and counts as given.

    **Equations**

        step(s, p) = f(s, s, p),   f(s, seen, p) the step with `seen` in all that recurrent products multiply
        ds_t/ds_{t-1} = df/ds

    **Shapes**

        as the cell within has them

    **Exactness**

        the values are those of the cell; only the derivatives are others

    **Cost**

        that of the cell; a compiler sees that what is seen and what is carried are the same numbers

    **Source**

        Bellec et al. 2020, Nature Communications 11:3625, Eqs. 13 and 14: the eligibility vector goes on
        through what a neuron keeps of its own state, while what others tell it is held fixed.
    """

    def __init__(self, cell: Cell):
        super().__init__(cell)

    def initial_state(self) -> State:
        """Return the initial state of the cell."""
        return self.cell.initial_state()

    def step(self, state: State, projected: Projected) -> tuple[State, Float[Array, " O"]]:
        """Take a step of the cell."""
        listed = operations(self.cell.step, state, projected)
        carried = listed.inputs(state, projected)
        first = len(listed.constants)
        held = range(first, first + len(jax.tree.leaves(state)))
        seen = [hold(part) if number in held else part for number, part in enumerate(carried)]
        results = _run(listed.jaxpr, carried, seen, _recurrent(listed.jaxpr, held, type(self.cell).__name__))
        after: tuple[State, Float[Array, " O"]] = jax.tree.unflatten(listed.structure, results)
        return after

    def step_seeing(
        self, seen: State, state: State, projected: Projected
    ) -> tuple[State, Float[Array, " O"]]:
        """Return what the cell within says."""
        return self.cell.step_seeing(seen, state, projected)


def hold(part: Array) -> Array:
    """Return the numbers of an array as given ones, which nothing is differentiated by."""
    return jax.lax.stop_gradient(part) if jnp.issubdtype(part.dtype, jnp.inexact) else part


def _run(jaxpr: Jaxpr, carried: list[Any], seen: list[Any], recurrent: set[Var]) -> list[Any]:
    """Return the results for the state that is carried, recurrent products multiplying what is seen."""
    as_seen: dict[Var, Any] = dict(zip(jaxpr.invars, seen, strict=True))

    def visit(operation: JaxprEqn, values: list[Any]) -> list[Any]:
        own = [
            as_seen[atom] if is_variable(atom) else value
            for atom, value in zip(operation.invars, values, strict=True)
        ]
        results = operate(operation, own)
        as_seen.update(zip(operation.outvars, results, strict=True))
        return results if recurrent & set(operation.outvars) else operate(operation, values)

    return run(jaxpr, carried, visit)


def _recurrent(jaxpr: Jaxpr, state: range, name: str) -> set[Var]:
    """Return the results of the recurrent products.

    Arguments:
        state: which inputs are the arrays of the state; as many results, the first, are the next one.
        name: of the cell, for the message.
    """
    into: dict[Var, set[int]] = {}
    for number, atom in enumerate(jaxpr.outvars[: len(state)]):
        if is_variable(atom):
            into.setdefault(atom, set()).add(number)
    listed = needed(jaxpr)
    for operation in reversed(listed):
        reached = set().union(*(into.get(result, set()) for result in operation.outvars))
        for atom in variables(operation.invars):
            into.setdefault(atom, set()).update(reached)
    hangs: dict[Var, set[int]] = {jaxpr.invars[number]: {k} for k, number in enumerate(state)}
    found: set[Var] = set()
    for operation in listed:
        on = set().union(*(hangs.get(atom, set()) for atom in variables(operation.invars)))
        reached = set().union(*(into.get(result, set()) for result in operation.outvars))
        if on & reached and has_product(operation):
            if operation.primitive.name in LOOPS:
                raise NotForThisRuleError(
                    f"the step of {name} takes its recurrent products in a loop "
                    f"({operation.primitive.name!r}), so that what units carry on by themselves cannot be "
                    "told apart; use the rule 'rtrl' or 'uoro', which take any step"
                )
            found.update(operation.outvars)
            on = set()
        for result in operation.outvars:
            hangs[result] = on
    return found
