"""Finding what depends on what in a step of a cell, from its derivatives."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell
from throughtime.core.state import initial_states
from throughtime.learning.dependence import FULL, NONE, Dependence, Dependences
from throughtime.learning.one_step import an_input, moving_after
from throughtime.learning.stepwise import join, split

Rows: TypeAlias = tuple[int, int, int]

POINTS = 4
"""At how many random weights, states and inputs a step is examined; a unit that is off at one is on at
another."""

Flags: TypeAlias = list[list[Bool[Array, " C"]]]
"""For each array of the state and each that it may depend on: whether its derivative is anything but zero,
and whether it is so elsewhere than it would be if numbers depended on their own, for each way of having them."""


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
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) if eqx.is_array(leaf) else leaf


@lru_cache(maxsize=256)
def _dependences(structure: Any, outlines: tuple[Any, ...]) -> Dependences:
    def flags(
        seed: Shaped[Array, " 2"],
    ) -> tuple[list[list[Bool[Array, " C"]]], list[list[Bool[Array, " C"]]]]:
        keys = jax.random.split(jax.random.wrap_key_data(seed), POINTS)
        points = (keys, jnp.arange(POINTS) == 0)
        found = jax.lax.map(lambda point: _flags_at(structure, outlines, *point), points)
        return jax.tree.map(lambda flags: jnp.any(flags, 0), found)

    # Compiled ahead, so that it runs at once even while another function is being compiled.
    compiled = jax.jit(flags).lower(jax.ShapeDtypeStruct((2,), jnp.uint32)).compile()
    of_step, of_start = jax.tree.map(np.asarray, compiled(np.array([0, 1], np.uint32)))

    def arrays(key: PRNGKeyArray) -> tuple[list[Array], list[Array]]:
        cell = _drawn_cell(structure, outlines, key)
        moving, weights = split(initial_states(cell, 1, key))[0], split(cell)[0]
        return jax.tree.leaves(moving), jax.tree.leaves(weights)

    states, parameters = jax.eval_shape(arrays, jax.eval_shape(jax.random.key, 0))
    numbers, weights = [leaf.shape[1:] for leaf in states], [leaf.shape for leaf in parameters]

    def table(flags: list[list[np.ndarray]], first: int, shapes: list[tuple[int, ...]]) -> Any:
        return tuple(
            tuple(_read(row[first + k], rows_of(shapes[k], math.prod(own))) for k in range(len(shapes)))
            for row, own in zip(flags, numbers, strict=True)
        )

    flat = [(math.prod(shape),) for shape in numbers]
    return Dependences(
        table(of_step, 0, flat), table(of_step, len(numbers), weights), table(of_start, 0, weights)
    )


def rows_of(shape: tuple[int, ...], size: int) -> list[Rows]:
    """Return the ways in which an array may be seen as `[kinds, size, others]`: by its first or last axis."""
    ways = []
    if size and shape and shape[0] % size == 0:
        ways.append((shape[0] // size, size, math.prod(shape[1:])))
    if size and shape and shape[-1] == size and (math.prod(shape[:-1]), size, 1) not in ways:
        ways.append((math.prod(shape[:-1]), size, 1))
    return ways


def _read(flags: Bool[np.ndarray, " C"], ways: list[Rows]) -> Dependence:
    """Return the dependence that a derivative shows: whether it is anywhere, and, for each way, elsewhere."""
    if not flags[0]:
        return NONE
    fitting = [rows for rows, elsewhere in zip(ways, flags[1:], strict=True) if not elsewhere]
    return Dependence("own", fitting[0]) if fitting else FULL


def _flags_at(structure: Any, outlines: tuple[Any, ...], key: PRNGKeyArray, at_start: Bool[Array, ""]) -> Any:
    """Return of each array of the state how its derivatives look, by states and weights, and at the start."""
    weights_key, noise_key, state_key, input_key = jax.random.split(key, 4)
    cell = _drawn_cell(structure, outlines, weights_key)
    x = _an_input(cell, input_key)
    weights, rest = split(cell)
    moving, fixed = split(jax.tree.map(lambda leaf: leaf[0], initial_states(cell, 1, noise_key)))
    numbers, structure = jax.tree.flatten(moving)
    elsewhere = [
        jax.random.normal(jax.random.fold_in(state_key, number), leaf.shape, leaf.dtype)
        for number, leaf in enumerate(numbers)
    ]
    numbers = [jnp.where(at_start, *both) for both in zip(numbers, elsewhere, strict=True)]

    def first(weights: Any) -> list[Array]:
        return jax.tree.leaves(split(join(weights, rest).initial_state())[0])

    def step(numbers: list[Array], weights: Any) -> list[Array]:
        moving = jax.tree.unflatten(structure, numbers)
        return jax.tree.leaves(moving_after(join(weights, rest), moving, fixed, x))

    after, back = jax.vjp(step, numbers, weights)
    start, back_from_start = jax.vjp(first, weights)

    def of_step(seed: list[Array]) -> list[Array]:
        by_numbers, by_weights = back(seed)
        return [*(leaf.ravel() for leaf in by_numbers), *jax.tree.leaves(by_weights)]

    def of_start(seed: list[Array]) -> list[Array]:
        return jax.tree.leaves(back_from_start(seed)[0])

    return tuple(
        [_row(arrays, which, backward) for which in range(len(arrays))]
        for arrays, backward in ((after, of_step), (start, of_start))
    )


def _row(
    arrays: list[Array], which: int, back: Callable[[list[Array]], list[Array]]
) -> list[Bool[Array, " C"]]:
    """Return the flags of one array, gathered number by number."""
    size = arrays[which].size

    def of_one(number: Array) -> list[Bool[Array, " C"]]:
        seed = [jnp.zeros_like(array) for array in arrays]
        seed[which] = (jnp.arange(size) == number).astype(seed[which].dtype).reshape(seed[which].shape)
        return [_flags(leaf, rows_of(leaf.shape, size), number) for leaf in back(seed)]

    return [jnp.any(flags, 0) for flags in jax.lax.map(of_one, jnp.arange(size))]


def _flags(derivative: Array, ways: list[Rows], number: Array) -> Bool[Array, " C"]:
    there = derivative != 0
    elsewhere = [there.reshape(rows) & (jnp.arange(rows[1]) != number)[:, None] for rows in ways]
    return jnp.stack([jnp.any(there), *(jnp.any(each) for each in elsewhere)])


def _drawn_cell(structure: Any, outlines: tuple[Any, ...], key: PRNGKeyArray) -> Cell:
    drawn = [_drawn(outline, jax.random.fold_in(key, number)) for number, outline in enumerate(outlines)]
    cell: Cell = jax.tree.unflatten(structure, drawn)
    return cell


def _drawn(outline: Any, key: PRNGKeyArray) -> Any:
    """Return random numbers in the place of weights, moderate enough that nothing saturates."""
    if not isinstance(outline, jax.ShapeDtypeStruct):
        return outline
    if jnp.issubdtype(outline.dtype, jax.dtypes.prng_key):
        return jax.random.split(key, outline.shape)
    if not jnp.issubdtype(outline.dtype, jnp.inexact):
        return jnp.ones(outline.shape, outline.dtype)
    inputs = outline.shape[-1] if outline.shape else 1
    return jax.random.normal(key, outline.shape, outline.dtype) / math.sqrt(max(inputs, 1))


def _an_input(cell: Cell, key: PRNGKeyArray) -> Array:
    """Return some input that the cell reads: numbers, or a symbol."""
    like = an_input(cell)
    if jnp.issubdtype(like.dtype, jnp.integer):
        return jax.random.randint(key, like.shape, 0, cell.input_size)
    return jax.random.normal(key, like.shape, like.dtype)
