"""What holds for every cell that declares itself element-wise, and for the linear ones among them."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tests.laws.agreement import assert_close, assert_visible
from tests.laws.compilation import quick_jit
from tests.laws.laws_of_cells import EXACT, readout
from tests.laws.registry import Specimen
from throughtime.core.elementwise import run_linear
from throughtime.core.linear_recurrence import by_associative_scan, by_scan
from throughtime.core.scanning import project_and_scan


def units_see_themselves_alone(s: Specimen) -> None:
    """No unit's next state depends on another unit's state, nor on another unit's weights."""
    state = jax.tree.map(lambda leaf: leaf[0], s.state)
    by_weights, by_state = quick_jit(_jacobians)(s.cell, state, s.inputs[:, 0])
    own = jax.tree.map(lambda leaf: jnp.diagonal(leaf, axis1=1, axis2=2), by_state)
    assert_visible(own, "derivative by the own state")
    reached = {path: leaf for path, leaf in jax.tree_util.tree_leaves_with_path(by_weights) if np.any(leaf)}
    assert reached, "no weight reaches the state: the law would be vacuous"
    for path, leaf in [*jax.tree_util.tree_leaves_with_path(by_state), *reached.items()]:
        _assert_only_own(np.asarray(leaf), jax.tree_util.keystr(path))


def executions_agree(s: Specimen) -> None:
    """Step after step and in parallel, from a state on, padded, in both directions: results and gradients."""
    expected = _both_directions(project_and_scan)(s)
    assert_visible(expected, "result or gradient")
    for execution in (by_scan, by_associative_scan):
        given = _both_directions(functools.partial(run_linear, execution=execution))(s)
        assert_close(given, expected, EXACT, execution.__name__)


LAWS: tuple[Callable[[Specimen], None], ...] = (units_see_themselves_alone, executions_agree)
"""The first is for all, the second for linear cells."""


def _jacobians(cell: Any, state: Any, inputs: Array) -> Any:
    """Return how large the derivatives of a step by weights and by state get, `[n, H, ...]`, over inputs."""

    def jacobians(x: Array) -> Any:
        def after(cell: Any, state: Any) -> Array:
            return jnp.stack(jax.tree.leaves(cell.step(state, cell.project(x))[0]))

        return jax.jacrev(after, argnums=(0, 1))(cell, state)

    return jax.tree.map(lambda leaf: jnp.max(jnp.abs(leaf), axis=0), jax.vmap(jacobians)(inputs))


def _assert_only_own(jacobian: np.ndarray, what: str) -> None:
    """Fail unless row r of a weight, or of a state, touches unit r mod H and no other."""
    _, units, rows = jacobian.shape[:3]
    assert rows % units == 0, f"{what} has {rows} rows for {units} units"
    for unit in range(units):
        others = np.arange(rows) % units != unit
        assert not np.any(jacobian[:, unit, others]), f"unit {unit} depends on rows of {what} of other units"


@functools.cache
def _both_directions(run: Callable[..., Any]) -> Callable[[Specimen], Any]:
    """Return a function that gives results and gradients of a whole and of a padded, reversed run."""

    def compiled(cell: Any, state: Any, inputs: Array, lengths: Array) -> Any:
        def value(cell: Any, state: Any, inputs: Array) -> Any:
            ways = ((None, False), (lengths, True))
            numbers = jax.tree.leaves([run(cell, state, inputs, given, reverse) for given, reverse in ways])
            return sum(readout(leaf.reshape(1, len(leaf), -1)) for leaf in numbers), numbers

        return jax.grad(value, argnums=(0, 1, 2), has_aux=True)(cell, state, inputs)

    return lambda s: quick_jit(compiled)(s.cell, s.state, s.inputs, s.lengths)
