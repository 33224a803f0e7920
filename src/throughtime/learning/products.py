"""Finding where the weights of a cell multiply a vector, in the steps that the cell is made of.

A step is written down by JAX as a list of elementary operations. Going through that list, each matrix of
weights is followed through what only arranges its numbers (transposing, splitting, reshaping) to the product
`a = M z` in which it meets a vector. There its influence is `ds/dM = ds/da (x) z`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, DebugInfo, Jaxpr, JaxprEqn, Literal
from jaxtyping import Array, Float

from throughtime.core.errors import NotForThisRuleError

Arrange = Callable[[Array], Array]


class Product(NamedTuple):
    """A product `M z`: `leaf` is the number of the array of weights that M is a part of, `matrix` takes M
    `[rows, columns]` out of it."""

    leaf: int
    matrix: Arrange


class _View(NamedTuple):
    """An array that is made of the numbers of one array of weights and nothing else."""

    leaf: int
    arranged: Arrange


ARRANGING = frozenset(
    {
        "broadcast_in_dim",
        "convert_element_type",
        "copy",
        "reshape",
        "rev",
        "slice",
        "split",
        "squeeze",
        "transpose",
    }
)
"""Operations that move the numbers of one array about and do not change them."""
INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""Where an operation that is made of others keeps them."""


class Walk:
    """One run through the operations of a step, which notes the products and what else weights meet.

    `products`: in the order in which they are computed. `factors`: of each, the vector z. `alone`: numbers of
    the arrays of weights of which single rows enter without a product, as peepholes do.
    """

    def __init__(self, added: Sequence[Array] | None = None):
        """Arguments:
        added: what to add to the result of each product, to differentiate by it; nothing if left out.
        """
        self.added = added
        self.products: list[Product] = []
        self.factors: list[Float[Array, " columns"]] = []
        self.alone: set[int] = set()

    def through(
        self, closed: ClosedJaxpr, arguments: Sequence[Array], weights: dict[int, int]
    ) -> list[Array]:
        """Return what the operations give; `weights` says of some arguments which weights they are."""
        views = {number: _View(leaf, lambda array: array) for number, leaf in weights.items()}
        given, _ = self._run(closed.jaxpr, closed.consts, arguments, views)
        return given

    def _run(
        self, jaxpr: Jaxpr, constants: Sequence[Any], arguments: Sequence[Any], given: dict[int, _View]
    ) -> tuple[list[Any], dict[int, _View]]:
        values: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
        values.update(zip(jaxpr.invars, arguments, strict=True))
        views = {jaxpr.invars[number]: view for number, view in given.items()}

        def read(var: Any) -> Any:
            return var.val if isinstance(var, Literal) else values[var]

        needed = {var for var in jaxpr.outvars if not isinstance(var, Literal)}
        wanted = []
        for equation in reversed(jaxpr.eqns):
            if needed & set(equation.outvars):
                needed |= {var for var in equation.invars if not isinstance(var, Literal)}
                wanted.append(equation)
        for equation in reversed(wanted):
            read_in = [read(var) for var in equation.invars]
            seen = {
                number: views[var]
                for number, var in enumerate(equation.invars)
                if not isinstance(var, Literal) and var in views
            }
            results, arranged = self._operate(equation, read_in, seen)
            values.update(zip(equation.outvars, results, strict=True))
            views.update({equation.outvars[number]: view for number, view in arranged.items()})
        ends = {
            number: views[var]
            for number, var in enumerate(jaxpr.outvars)
            if not isinstance(var, Literal) and var in views
        }
        return [read(var) for var in jaxpr.outvars], ends

    def _operate(
        self, equation: JaxprEqn, values: list[Any], views: dict[int, _View]
    ) -> tuple[list[Any], dict[int, _View]]:
        """Return the results of one operation, and which of them still are weights and nothing else."""
        name = equation.primitive.name
        inner = next((equation.params[at] for at in INNER if at in equation.params), None)
        if views and inner is not None and name not in ("scan", "while", "cond"):
            closed = inner if isinstance(inner, ClosedJaxpr) else ClosedJaxpr(inner, ())
            return self._run(closed.jaxpr, closed.consts, values, views)
        results = _bind(equation, values)
        if not views:
            return results, {}
        if name in ARRANGING and len(views) == len(values) == 1:
            (view,) = views.values()
            return results, {
                number: _View(view.leaf, _then(view.arranged, equation, number))
                for number in range(len(results))
            }
        if name == "dot_general" and len(views) == 1 and self._note_product(equation, values, views):
            if self.added is not None:
                results = [results[0] + self.added[len(self.products) - 1]]
            return results, {}
        for number, view in views.items():
            if jnp.ndim(values[number]) > 1:
                raise NotForThisRuleError(
                    f"an array of weights of shape {jnp.shape(values[number])} enters the step by "
                    f"{name!r} and not by a product with one vector, which is all that the rule 'kf_rtrl' "
                    "can take apart; use the rule 'rtrl' or 'uoro', which take any step"
                )
            self.alone.add(view.leaf)
        return results, {}

    def _note_product(self, equation: JaxprEqn, values: list[Any], views: dict[int, _View]) -> bool:
        ((place, view),) = views.items()
        contracted, batched = equation.params["dimension_numbers"]
        vector = values[1 - place]
        if any(batched) or jnp.ndim(values[place]) != 2 or jnp.ndim(vector) != 1:
            return False
        (axis,) = contracted[place]
        self.products.append(Product(view.leaf, lambda leaf: jnp.moveaxis(view.arranged(leaf), axis, -1)))
        self.factors.append(vector)
        return True


def _then(arranged: Arrange, equation: JaxprEqn, number: int) -> Arrange:
    return lambda leaf: _bind(equation, [arranged(leaf)])[number]


def _bind(equation: JaxprEqn, values: list[Any]) -> list[Any]:
    """Return the results of one operation."""
    places = [number for number, var in enumerate(equation.invars) if not isinstance(var, Literal)]
    # A variable that stands in two places has one value.
    given = {equation.invars[number]: values[number] for number in places}
    about = DebugInfo("kf_rtrl", equation.primitive.name, None, None)
    alone = Jaxpr((), list(given), equation.outvars, [equation], debug_info=about)
    return list(jax.core.eval_jaxpr(alone, (), *given.values()))
