"""The elementary operations that JAX makes of a step, one by one."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeGuard

import jax
from jax.extend.core import ClosedJaxpr, DebugInfo, Jaxpr, JaxprEqn, Literal, Var

LOOPS = frozenset({"scan", "while", "cond"})
"""Operations that run others more than once, or not at all."""
PRODUCTS = frozenset({"dot_general", "conv_general_dilated"})
"""Operations in which each number of a result is a sum over products of numbers."""
_INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr", "body_jaxpr", "branches")
_PLAIN_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call"})


class Operations(NamedTuple):
    """A function of arrays as a list of operations: `jaxpr`, whose first inputs are the `constants`. The
    other inputs are the arrays of the arguments, and `structure` is what the results are put together to."""

    jaxpr: Jaxpr
    constants: list[Any]
    structure: Any

    def inputs(self, *arguments: Any) -> list[Any]:
        """Return what goes into the operations for these arguments."""
        return [*self.constants, *jax.tree.leaves(arguments)]


def operations(function: Callable[..., Any], *arguments: Any) -> Operations:
    """Return what a function does with arguments of such shapes, calls of other functions taken apart.

    What has a derivative of its own stays whole, unless there is a product inside.
    """
    nested, results = jax.make_jaxpr(function, return_shape=True)(*arguments)

    def unfold(constants: list[Any], leaves: list[Any]) -> list[Any]:
        return _unfold(nested.jaxpr, [*constants, *leaves])

    flat = jax.make_jaxpr(unfold)(nested.consts, jax.tree.leaves(arguments))
    jaxpr = flat.jaxpr
    # Numbers written out by the second reading, if any, come before those of the first.
    return Operations(
        jaxpr.replace(constvars=[], invars=[*jaxpr.constvars, *jaxpr.invars], debug_info=_about("step")),
        [*flat.consts, *nested.consts],
        jax.tree.structure(results),
    )


def _unfold(jaxpr: Jaxpr, inputs: Sequence[Any]) -> list[Any]:
    def visit(operation: JaxprEqn, values: list[Any]) -> list[Any]:
        inner = _inner(operation)
        plain = operation.primitive.name in _PLAIN_CALLS
        if len(inner) == 1 and operation.primitive.name not in LOOPS and (plain or has_product(operation)):
            return _unfold(inner[0].jaxpr, [*inner[0].consts, *values])
        return operate(operation, values)

    return run(jaxpr, inputs, visit)


def run(
    jaxpr: Jaxpr, inputs: Sequence[Any], visit: Callable[[JaxprEqn, list[Any]], Sequence[Any]]
) -> list[Any]:
    """Return the results, `visit` giving those of each operation that they hang on."""
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], inputs, strict=True))

    def read(atom: Any) -> Any:
        return values[atom] if is_variable(atom) else atom.val

    for operation in needed(jaxpr):
        results = visit(operation, [read(atom) for atom in operation.invars])
        values.update(zip(operation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def operate(operation: JaxprEqn, values: Sequence[Any]) -> list[Any]:
    """Return the results of one operation on these values."""
    # A variable that stands in two places has one value.
    given = {atom: value for atom, value in zip(operation.invars, values, strict=True) if is_variable(atom)}
    alone = Jaxpr(
        (), list(given), operation.outvars, [operation], debug_info=_about(operation.primitive.name)
    )
    return list(jax.core.eval_jaxpr(alone, (), *given.values()))


def has_product(operation: JaxprEqn) -> bool:
    """Tell whether an operation is a product of arrays, or is made of operations of which one is."""
    return operation.primitive.name in PRODUCTS or any(
        has_product(within) for inner in _inner(operation) for within in inner.jaxpr.eqns
    )


def needed(jaxpr: Jaxpr) -> list[JaxprEqn]:
    """Return the operations that the results hang on, in their order."""
    used, found = variables(jaxpr.outvars), []
    for operation in reversed(jaxpr.eqns):
        if used & set(operation.outvars):
            used |= variables(operation.invars)
            found.append(operation)
    return found[::-1]


def is_variable(atom: Any) -> TypeGuard[Var]:
    """Tell whether an operand is a variable and no number written out."""
    return not isinstance(atom, Literal)


def variables(atoms: Sequence[Any]) -> set[Var]:
    """Return the variables among some operands."""
    return {atom for atom in atoms if is_variable(atom)}


def _inner(operation: JaxprEqn) -> list[ClosedJaxpr]:
    """Return the lists of operations that one is made of."""
    found: list[ClosedJaxpr] = []
    for name in _INNER:
        inner = operation.params.get(name, ())
        for each in inner if isinstance(inner, tuple) else (inner,):
            found.append(each if isinstance(each, ClosedJaxpr) else ClosedJaxpr(each, ()))
    return found


def _about(name: str) -> DebugInfo:
    return DebugInfo("operations", name, None, None)
