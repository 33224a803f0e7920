"""The influence of weights on a state: how it is kept, and how a step carries it on."""

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from throughtime.core.cell import Cell, State
from throughtime.learning.dependence import Dependence, Dependences, Table
from throughtime.learning.one_step import moving_after
from throughtime.learning.stepwise import Moving, join, split

Influence: TypeAlias = tuple[tuple[Any, ...], ...]
"""The derivative of each array of the state by each array of weights, as a `Table` says: `full` `[S, P]`,
`own` `[kinds, S, others]`, `none` as `None`. Of a batch, `[B, ...]`."""


class Jacobian(NamedTuple):
    """The derivative of a step: of each array of the state by those before it, and by the weights at once."""

    states: Influence
    weights: Influence


def no_influence(network: Cell, kept: Table, batch_size: int) -> Influence:
    """Return the influence of weights on a state that does not depend on them, for a batch."""
    sizes = [leaf.size for leaf in jax.tree.leaves(jax.eval_shape(lambda: split(network.initial_state())[0]))]
    weights = jax.tree.leaves(split(network)[0])

    def nothing(dependence: Dependence, size: int, weight: Array) -> Array | None:
        if dependence.kind == "none":
            return None
        shape = dependence.rows if dependence.kind == "own" else (size, weight.size)
        return jnp.zeros((batch_size, *shape), weight.dtype)

    return tuple(
        tuple(nothing(dependence, size, weight) for dependence, weight in zip(row, weights, strict=True))
        for row, size in zip(kept, sizes, strict=True)
    )


def influence_at_start(network: Cell, found: Dependences, kept: Table) -> Influence:
    """Return the influence of weights on the initial state, which may be learned, for one example."""
    weights, rest = split(network)

    def first(weights: Any) -> list[Array]:
        return jax.tree.leaves(split(join(weights, rest).initial_state())[0])

    numbers, back = jax.vjp(first, weights)
    rows = [
        _derivatives(numbers, i, row, lambda seed: jax.tree.leaves(back(seed)[0]))
        for i, row in enumerate(found.start)
    ]
    return tuple(
        tuple(kept_as(*part) for part in zip(row, have, want, strict=True))
        for row, have, want in zip(rows, found.start, kept, strict=True)
    )


def jacobian(network: Cell, found: Dependences, state: State, x: Shaped[Array, "*I"]) -> Jacobian:
    """Return the derivative of a step of one example, each part of it as `found` says."""
    weights, rest = split(network)
    moving, fixed = split(state)

    def step(moving: Moving, weights: Any) -> list[Array]:
        return jax.tree.leaves(moving_after(join(weights, rest), moving, fixed, x))

    after, back = jax.vjp(step, moving, weights)
    rows = [
        _derivatives(after, i, (*by_states, *by_weights), lambda seed: jax.tree.leaves(back(seed)))
        for i, (by_states, by_weights) in enumerate(zip(found.states, found.weights, strict=True))
    ]
    count = len(after)
    return Jacobian(tuple(row[:count] for row in rows), tuple(row[count:] for row in rows))


def _derivatives(arrays: list[Array], which: int, row: tuple[Dependence, ...], back: Any) -> tuple[Any, ...]:
    """Return the derivative of one of some arrays by each array that `back` returns the cotangent of."""
    size = arrays[which].size

    def seeded(values: Float[Array, " S"]) -> list[Array]:
        seed = [jnp.zeros_like(array) for array in arrays]
        seed[which] = values.reshape(arrays[which].shape)
        return back(seed)

    kinds = {dependence.kind for dependence in row}
    ones = jnp.ones(size, arrays[which].dtype)
    # Where each number depends on numbers of its own, the sum over all of them is each of them.
    summed = seeded(ones) if "own" in kinds else [None] * len(row)
    each = jax.vmap(seeded)(jnp.diag(ones)) if "full" in kinds else [None] * len(row)

    def pick(dependence: Dependence, summed: Any, each: Any) -> Any:
        if dependence.kind == "own":
            return summed.reshape(dependence.rows)
        return each.reshape(size, -1) if dependence.kind == "full" else None

    return tuple(pick(*part) for part in zip(row, summed, each, strict=True))


def carried(step: Jacobian, influence: Influence, found: Dependences, kept: Table) -> Influence:
    """Return the influence after a step of one example, of which what `kept` says is kept.

    **Equations**

        J_t = D_t J_{t-1} + F_t,   D_t = ds_t / ds_{t-1},   F_t = ds_t / dw within the step

    **Source**

        Williams & Zipser 1989, Neural Computation 1(2), Eq. 4.
    """
    states, weights = range(len(kept)), range(len(kept[0]) if kept else 0)

    def entry(i: int, k: int) -> Any:
        want = kept[i][k]
        if want.kind == "none":
            return None
        summed = kept_as(step.weights[i][k], found.weights[i][k], want)
        for j in states:
            how, earlier = found.states[i][j], kept[j][k]
            if how.kind != "none" and earlier.kind != "none":
                passed = _passed_on(step.states[i][j], how, influence[j][k], earlier, want)
                summed = passed if summed is None else summed + passed
        return summed

    return tuple(tuple(entry(i, k) for k in weights) for i in states)


def _passed_on(slope: Array, how: Dependence, influence: Array, have: Dependence, want: Dependence) -> Any:
    """Return what one array of the state passes on to another of the influence on it."""
    if how.kind == "own":
        along = slope.reshape((1, -1, 1) if have.kind == "own" else (-1, 1))
        return kept_as(along * influence, have, want)
    if have.kind == "full":
        if want.kind == "full":
            return slope @ influence
        return jnp.einsum("sj,jmso->mso", slope, influence.reshape(-1, *want.rows))
    if want == have:
        return jnp.diag(slope)[None, :, None] * influence
    spread = (slope[:, None, :, None] * influence).reshape(len(slope), -1)
    return kept_as(spread, Dependence("full"), want)


def kept_as(influence: Any, have: Dependence, want: Dependence) -> Any:
    """Return an influence that is there as `have` in the form `want`, which may leave some of it out."""
    if influence is None or have == want:
        return influence
    full = influence if have.kind == "full" else _spread(influence)
    return full if want.kind == "full" else _narrowed(full, want.rows)


def _spread(own: Float[Array, "M S O"]) -> Float[Array, "S P"]:
    size = own.shape[1]
    return jnp.where(jnp.eye(size, dtype=bool)[:, None, :, None], own, 0).reshape(size, -1)


def _narrowed(full: Float[Array, "S P"], rows: tuple[int, int, int]) -> Float[Array, "M S O"]:
    return jnp.einsum("smso->mso", full.reshape(-1, *rows))


def through(slopes: list[Array], influence: Influence, weights: list[Array]) -> list[Array]:
    """Return the derivative by the weights that goes through a state, summed over a batch.

    **Shapes**

        slopes, of the loss by each array of the state, `[B, ...]`; influence `[B, ...]`; the result as the
        weights
    """

    def by(k: int, weight: Array) -> Array:
        total = jnp.zeros_like(weight)
        for slope, row in zip(slopes, influence, strict=True):
            part = row[k]
            if part is not None:
                flat = slope.reshape(len(slope), -1)
                summed = "bs,bsp->p" if part.ndim == 3 else "bs,bmso->mso"
                total = total + jnp.einsum(summed, flat, part).reshape(weight.shape)
        return total

    return [by(k, weight) for k, weight in enumerate(weights)]
