"""Finding what depends on what in a step of a cell, from its derivatives."""

import math
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Inexact, Integer, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.state import initial_states
from throughtime.learning.dependence import FULL, NONE, Dependence, Dependences
from throughtime.learning.one_step import an_input, moving_after
from throughtime.learning.stepwise import join, split

Rows: TypeAlias = tuple[int, int, int]

POINTS = 4
"""At how many random weights, states and inputs a step is examined; a unit that is off at one is on at
another. The states are those after 0, 1, 2, ... steps."""

_QUICK: dict[str, str | bool] = {"xla_backend_optimization_level": "0"}
"""Options of the compiler for what runs a few times only."""


def dependences(cell: Cell) -> Dependences:
    """Return what depends on what in a step of `cell`, whatever its weights are.

    Found by differentiating a step at some random weights, states and inputs: what does not depend on a
    number has a derivative by it of exactly zero, everywhere. The weights of `cell` itself are not looked at,
    and may be unknown, as they are within a function that is being compiled.

    **Cost**

        for a state of S numbers, S times that of a step and its derivative, once for each kind of cell;
        memory P
    """
    leaves, structure = jax.tree.flatten(cell)
    return _dependences(structure, tuple(_outline(leaf) for leaf in leaves))


def _outline(leaf: Any) -> Any:
    return jax.eval_shape(lambda: leaf) if eqx.is_array(leaf) else leaf


@lru_cache(maxsize=256)
def _dependences(structure: Any, outlines: tuple[Any, ...]) -> Dependences:
    cell = jax.tree.unflatten(structure, [_ones(outline) for outline in outlines])

    def arrays(noise: Shaped[Array, " 2"]) -> list[Array]:
        return jax.tree.leaves(split(initial_states(cell, 1, jax.random.wrap_key_data(noise)))[0])

    states = [
        jax.eval_shape(lambda leaf: leaf[0], leaf) for leaf in jax.eval_shape(arrays, np.zeros(2, np.uint32))
    ]
    weights, rest = split(cell)
    draw = np.random.default_rng(0)
    points = _Point(
        np.arange(POINTS),
        draw.integers(2**32, size=(POINTS, 2), dtype=np.uint32),
        [_drawn(leaf, draw) for leaf in jax.tree.leaves(weights)],
        [_drawn(leaf, draw) for leaf in states],
        _inputs(cell, draw),
    )

    def there(points: _Point, number: Integer[Array, ""]) -> tuple[list[Array], list[Array]]:
        at_each = jax.vmap(lambda point: _slopes_at(point, jax.tree.structure(weights), rest, number))(points)
        return jax.tree.map(lambda slopes: jnp.any(slopes != 0, 0), at_each)

    # Compiled ahead, so that it runs at once even while another function is being compiled.
    compiled = jax.jit(there).lower(points, np.int32(0)).compile(compiler_options=_QUICK)
    sizes, shapes = (
        [math.prod(leaf.shape) for leaf in states],
        [leaf.shape for leaf in jax.tree.leaves(weights)],
    )
    tables: tuple[list[Any], ...] = ([], [], [])
    for size, first in zip(sizes, np.cumsum([0, *sizes])[:-1], strict=True):
        seen = [
            [_Seen(shape, size) for shape in row] for row in ([(each,) for each in sizes], shapes, shapes)
        ]
        for number in range(size):
            of_step, of_start = compiled(points, np.int32(first + number))
            for each, slopes in zip(chain(*seen), (*of_step, *of_start), strict=True):
                each.note(np.asarray(slopes), number)
        for table, row in zip(tables, seen, strict=True):
            table.append(tuple(each.dependence for each in row))
    return Dependences(*(tuple(table) for table in tables))


def rows_of(shape: tuple[int, ...], size: int) -> list[Rows]:
    """Return the ways in which an array may be seen as `[kinds, size, others]`: by its first or last axis."""
    ways = []
    if size and shape and shape[0] % size == 0:
        ways.append((shape[0] // size, size, math.prod(shape[1:])))
    if size and shape and shape[-1] == size and (math.prod(shape[:-1]), size, 1) not in ways:
        ways.append((math.prod(shape[:-1]), size, 1))
    return ways


class _Seen:
    """What has been seen of how an array of some size depends on another: whether it does, and the ways of
    having numbers of one's own that fit to all of it."""

    def __init__(self, shape: tuple[int, ...], size: int):
        self._anything = False
        self._fitting = rows_of(shape, size)

    def note(self, there: Bool[np.ndarray, "..."], number: int) -> None:
        """Note where the derivative of one of the numbers is other than zero."""
        count = np.count_nonzero(there)
        self._anything = self._anything or bool(count)
        self._fitting = [
            rows for rows in self._fitting if np.count_nonzero(there.reshape(rows)[:, number]) == count
        ]

    @property
    def dependence(self) -> Dependence:
        """The dependence, once all numbers are noted."""
        if not self._anything:
            return NONE
        return Dependence("own", self._fitting[0]) if self._fitting else FULL


class _Point(NamedTuple):
    """Where a step is examined: after so many steps, for counters may tell the first from the others, and
    but for the first of all some `numbers` away; with noise from a key."""

    steps: Any
    noise: Any
    weights: list[Any]
    numbers: list[Any]
    x: Any


def _slopes_at(
    point: _Point, structure: Any, rest: Any, number: Integer[Array, ""]
) -> tuple[list[Array], list[Array]]:
    """Return the derivatives of one number of the state: after a step by states and weights; at the start."""
    weights = jax.tree.unflatten(structure, point.weights)
    rest = jax.tree.map(lambda leaf: jnp.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf, rest)
    cell = join(weights, rest)
    start = initial_states(cell, 1, jax.random.wrap_key_data(point.noise))

    def later(state: State, step: Integer[Array, ""]) -> tuple[State, None]:
        after = cell.step(state, cell.project(point.x))[0]
        return jax.tree.map(lambda *both: jnp.where(step < point.steps, *both), after, state), None

    state, _ = jax.lax.scan(later, jax.tree.map(lambda leaf: leaf[0], start), jnp.arange(POINTS - 1))
    moving, fixed = split(state)
    numbers, moving_structure = jax.tree.flatten(moving)
    away = [jnp.where(point.steps == 0, 0, leaf) for leaf in point.numbers]
    numbers = [sum(both) for both in zip(numbers, away, strict=True)]
    borders = np.cumsum([0, *(leaf.size for leaf in numbers)])
    chosen = [jnp.arange(*ends) == number for ends in pairwise(borders)]

    def picked(moving: Any) -> Float[Array, ""]:
        pairs = zip(chosen, jax.tree.leaves(moving), strict=True)
        return sum((jnp.sum(jnp.where(which, leaf.ravel(), 0)) for which, leaf in pairs), start=jnp.zeros(()))

    def first(weights: Any) -> Float[Array, ""]:
        return picked(split(join(weights, rest).initial_state())[0])

    def step(numbers: list[Array], weights: Any) -> Float[Array, ""]:
        moving = jax.tree.unflatten(moving_structure, numbers)
        return picked(moving_after(join(weights, rest), moving, fixed, point.x))

    by_numbers, by_weights = jax.grad(step, (0, 1))(numbers, weights)
    flat = [leaf.ravel() for leaf in by_numbers]
    return [*flat, *jax.tree.leaves(by_weights)], jax.tree.leaves(jax.grad(first)(weights))


def _ones(outline: Any) -> Any:
    """Return ones in the place of an array: weights will be drawn, and a mask lets everything through."""
    if not isinstance(outline, jax.ShapeDtypeStruct):
        return outline
    if jnp.issubdtype(outline.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(jnp.ones((*outline.shape, 2), jnp.uint32))
    return np.ones(outline.shape, outline.dtype)


def _drawn(like: Any, draw: np.random.Generator) -> Inexact[np.ndarray, "..."]:
    """Return random numbers for each point, moderate enough that nothing saturates."""
    inputs = like.shape[-1] if like.shape else 1
    return (draw.normal(size=(POINTS, *like.shape)) / math.sqrt(max(inputs, 1))).astype(like.dtype)


def _inputs(cell: Cell, draw: np.random.Generator) -> Shaped[np.ndarray, "..."]:
    """Return inputs that the cell reads, one for each point: numbers, or symbols."""
    like = jax.eval_shape(lambda: an_input(cell))
    if jnp.issubdtype(like.dtype, jnp.integer):
        return draw.integers(cell.input_size, size=(POINTS, *like.shape)).astype(like.dtype)
    return draw.normal(size=(POINTS, *like.shape)).astype(like.dtype)
