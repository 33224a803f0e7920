"""Where the weights of a cell multiply a vector, among the operations that a step is made of.

Each matrix of weights is followed through what only arranges its numbers (transposing, splitting, reshaping)
to the product `a = M z` in which it meets a vector. There its influence is `ds/dM = ds/da (x) z`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.extend.core import JaxprEqn
from jaxtyping import Array, Float

from throughtime.core.errors import NotForThisRuleError
from throughtime.learning.operations import Operations, is_variable, operate, run

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
        self._views: dict[Any, _View] = {}

    def through(self, step: Operations, inputs: Sequence[Any], weights: Sequence[int]) -> Any:
        """Return what the step gives; `weights` are the numbers of the arguments to be followed."""
        arguments = step.jaxpr.invars[len(step.constants) :]
        self._views = {arguments[number]: _View(number, lambda array: array) for number in weights}
        return run(step.jaxpr, inputs, self._operate)

    def _operate(self, operation: JaxprEqn, values: list[Any]) -> list[Any]:
        results = operate(operation, values)
        views = {
            place: self._views[atom]
            for place, atom in enumerate(operation.invars)
            if is_variable(atom) and atom in self._views
        }
        name = operation.primitive.name
        if not views:
            return results
        if name in ARRANGING and len(values) == 1:
            for number, result in enumerate(operation.outvars):
                self._views[result] = _View(views[0].leaf, _then(views[0].arranged, operation, number))
        elif name == "dot_general" and len(views) == 1 and self._is_product(operation, values, views):
            if self.added is not None:
                results = [results[0] + self.added[len(self.products) - 1]]
        else:
            self._note_alone(name, values, views)
        return results

    def _is_product(self, operation: JaxprEqn, values: list[Any], views: dict[int, _View]) -> bool:
        ((place, view),) = views.items()
        contracted, batched = operation.params["dimension_numbers"]
        vector = values[1 - place]
        if any(batched) or jnp.ndim(values[place]) != 2 or jnp.ndim(vector) != 1:
            return False
        (axis,) = contracted[place]
        self.products.append(Product(view.leaf, lambda leaf: jnp.moveaxis(view.arranged(leaf), axis, -1)))
        self.factors.append(vector)
        return True

    def _note_alone(self, name: str, values: list[Any], views: dict[int, _View]) -> None:
        for place, view in views.items():
            if jnp.ndim(values[place]) > 1:
                raise NotForThisRuleError(
                    f"an array of weights of shape {jnp.shape(values[place])} enters the step by {name!r} "
                    "and not by a product with one vector, which is all that the rule 'kf_rtrl' can take "
                    "apart; use the rule 'rtrl' or 'uoro', which take any step"
                )
            self.alone.add(view.leaf)


def _then(arranged: Arrange, operation: JaxprEqn, number: int) -> Arrange:
    return lambda leaf: operate(operation, [arranged(leaf)])[number]
