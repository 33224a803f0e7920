"""The units of a state: the arrays in it that a wrapper may change without knowing the cell.

A unit is a number that a cell computes anew at each step, and a state holds its units in arrays of floating
numbers with at least one axis. Random keys, counters, and single numbers such as the count of a running mean
are no units. An array of units goes by the name of the field that holds it, `hidden` or `cell`, wherever in
the state that field stands: in a stack, `hidden` are the hidden layers of all its cells.
"""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import choose

Path = tuple[Any, ...]


def is_units(leaf: Any) -> bool:
    """Tell whether an array of a state holds units."""
    return leaf.ndim > 0 and jnp.issubdtype(leaf.dtype, jnp.inexact)


def field_names(cell: Cell) -> tuple[str, ...]:
    """Return the names of the fields of a cell's state that hold units, each once."""
    leaves = jax.tree_util.tree_leaves_with_path(jax.eval_shape(cell.initial_state))
    return tuple(dict.fromkeys(_field(path) for path, leaf in leaves if is_units(leaf)))


def check_fields(cell: Cell, fields: Iterable[str] | None) -> tuple[str, ...]:
    """Return the names if a cell's state has them all, and every name there is for `None`.

    **Raises**

        OptionError: there is no such field, or it holds no units.
    """
    names = field_names(cell)
    if fields is None:
        return names
    return tuple(choose(f"a field of the state of {type(cell).__name__}", name, names) for name in fields)


def map_units(
    change: Callable[..., Shaped[Array, "*units"]], fields: Iterable[str], state: State, *others: State
) -> State:
    """Return a state with `change(number, field, units, *units of the others)` for its units.

    Arguments:
        change: `number` counts the arrays of the state, from 0, so that each can have noise of its own.
        fields: the names of the fields to change; all else stays.
        state, others: states of one cell.
    """
    names = set(fields)
    paths, structure = jax.tree_util.tree_flatten_with_path(state)
    beside = [jax.tree.leaves(other) for other in others]
    changed = []
    for number, (path, leaf) in enumerate(paths):
        if is_units(leaf) and _field(path) in names:
            leaf = change(number, _field(path), leaf, *(leaves[number] for leaves in beside))
        changed.append(leaf)
    return jax.tree.unflatten(structure, changed)


def output_after(output: Float[Array, " O"], before: State, after: State) -> Float[Array, " O"]:
    """Return the output of a step whose state was changed from `before` to `after` since.

    Where the output is itself one of the arrays of the state, as the hidden layer is in most cells, it
    becomes what that array has become.
    """
    for old, new in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True):
        if old is output:
            return new
    return output


def _field(path: Path) -> str:
    named = [part.name for part in path if isinstance(part, jax.tree_util.GetAttrKey)]
    return named[-1] if named else ""
