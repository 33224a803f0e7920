"""Real-time recurrent learning of units that remember each for itself: a block of steps at once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import Cell, State
from throughtime.core.sequence_map import Network
from throughtime.core.state import keep_finished
from throughtime.learning.dependence import Dependences, Table
from throughtime.learning.influence import Influence, through
from throughtime.learning.one_step import moving_after
from throughtime.learning.rule import Gradient, Loss
from throughtime.learning.stepwise import Move, Steps, join, split
from throughtime.learning.unrolled import loss_of_outputs

BLOCK = 32
"""Steps that are taken at once: enough to share what waits for nothing, and few to remember."""


class _Looking(NamedTuple):
    """What looks at the state after a step, and how the loss and the last state hang on it, `[..., S]`.

    `loss`: by each array of the state, `[n, B, S]`. `last`: each array of the last state by each of this one,
    `[n, n, B, S]`.
    """

    loss: Float[Array, "*K n B S"]
    last: Float[Array, "*K n n B S"]


def is_of_own(found: Dependences, kept: Table) -> bool:
    """Tell whether each number of a state depends on its own past and on weights of its own alone, and all of
    that is kept."""
    sizes = {how.rows[1] for row in found.states for how in row if how.kind == "own"}
    alone = all(how.kind == "none" or how.rows == (1, how.rows[1], 1) for row in found.states for how in row)
    tables = (found.states, found.weights, found.start, kept)
    no_mixing = not any(how.kind == "full" for table in tables for row in table for how in row)
    return len(sizes) == 1 and alone and no_mixing and kept == found.reached()


def block_gradient(
    network: Cell,
    move: Move,
    remembering: Cell,
    loss: Loss,
    trace: Influence,
    state: State,
    steps: Steps,
) -> Gradient:
    r"""Return loss and gradient of some steps, for a network of which `is_of_own` holds.

    **Equations**

        dL/dw = sum_t (dL_t/dw)_{direct} + l_t F_t,  and  l_0 J_0        l_t = dL_{t+1}/ds_t + l_{t+1} D_{t+1}
        J_K   = P_0 J_0 + sum_t P_t F_t                                  P_t = P_{t+1} D_{t+1},   P_K = 1

    D_t and F_t are one number a unit and one a weight, so that l_t and P_t are, too, and all sums over t are
    products of matrices.

    Arguments:
        move: what a step of one example is to the loss.
        remembering: the cell whose D and F are carried on, with the weights of the network.
        trace: the influence J_0, for a batch.

    **Cost**

        time O(P) a step, of which only element-wise operations on the state wait for the step before; memory
        O(K S) for K steps

    **Source**

        Schmidhuber 1992, "A fixed size storage O(n^3) time complexity learning algorithm for fully recurrent
        continually running networks", Neural Computation 4(2): blocks of steps, back within and forward
        between them. Here for units that are alone, where it makes products of matrices out of it.
    """
    after, before = _states(remembering, state, steps)
    moving, fixed = split(before)
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)

    def total(parameters: Network, moving: Any) -> Float[Array, ""]:
        whole = eqx.combine(parameters, rest)
        each: Callable[..., Array] = jax.vmap(jax.vmap(lambda state, x: move(whole, state, x)[1]))
        outputs = jnp.where(steps.real[..., None], each(join(moving, fixed), steps.inputs), 0)
        return loss_of_outputs(loss, outputs, steps.targets, steps.mask)

    value, (direct, slopes) = jax.value_and_grad(total, (0, 1))(parameters, moving)
    first, looking = _looking_back(_own_slopes(remembering, moving, fixed, steps), _stacked(slopes))
    weights, structure = jax.tree.flatten(parameters)
    held, others = split(remembering)
    held_leaves, held_structure = jax.tree.flatten(held)

    def reached(leaves: list[Array], moving: Any, fixed: Any, x: Array, real: Array) -> Float[Array, "n S"]:
        """Return the state after a step of one example, as the weights reach it."""
        whole = join(jax.tree.unflatten(held_structure, leaves), others)
        return jnp.where(real, _stacked(moving_after(whole, moving, fixed, x)), 0)

    def of_example(cotangent: Float[Array, "K n S"], *example: Any) -> list[Array]:
        """Return the derivative by the weights of one example's states, each step's times a cotangent."""
        over_time = jax.vmap(reached, (None, 0, 0, 0, 0))
        return jax.vjp(lambda leaves: over_time(leaves, *example), held_leaves)[1](cotangent)[0]

    parts = (moving, fixed, steps.inputs, steps.real)
    by_example = jax.vmap(of_example, (2, *(1 for _ in parts)))
    recalled = jax.vjp(
        lambda leaves: jax.vmap(jax.vmap(reached, (None, 0, 0, 0, 0)), (None, 0, 0, 0, 0))(leaves, *parts),
        held_leaves,
    )[1](jnp.moveaxis(looking.loss, 2, 1))[0]
    from_trace = through(list(first.loss), trace, weights)
    summed = zip(jax.tree.leaves(direct), recalled, from_trace, strict=True)
    gradient = jax.tree.unflatten(structure, [sum(parts[1:], parts[0]) for parts in summed])
    following = tuple(
        _followed(row, first.last[number], by_example(looking.last[:, number], *parts), trace)
        for number, row in enumerate(trace)
    )
    return Gradient(value, gradient, after, following)


def _states(cell: Cell, state: State, steps: Steps) -> tuple[State, State]:
    """Return the state after the last step, and those before each."""

    def advance(state: State, now: tuple[Any, Array]) -> tuple[State, State]:
        projected, real = now
        after, _ = jax.vmap(cell.step)(state, projected)
        return keep_finished(real, after, state), state

    projected = jax.vmap(jax.vmap(cell.project))(steps.inputs)
    return jax.lax.scan(advance, state, (projected, steps.real))


def _stacked(moving: Any) -> Float[Array, "*K n S"]:
    """Return the arrays of a state, all of one size, as one: `[n, S]`, behind what axes there are."""
    leaves = jax.tree.leaves(moving)
    return jnp.stack(leaves, leaves[0].ndim - 1)


def _own_slopes(cell: Cell, moving: Any, fixed: Any, steps: Steps) -> Float[Array, "K n n B S"]:
    """Return D: for each step, each array of the state by each before it, unit by unit."""

    def of_one(moving: Any, fixed: Any, x: Array, real: Array) -> Float[Array, "n n S"]:
        values, back = jax.vjp(lambda moving: _stacked(moving_after(cell, moving, fixed, x)), moving)
        count = len(values)
        seeds = jnp.eye(count, dtype=values.dtype)[:, :, None] * jnp.ones_like(values)
        slopes = jnp.stack([_stacked(back(seed)[0]) for seed in seeds])
        # A padded step leaves the state as it is.
        return jnp.where(real, slopes, jnp.eye(count, dtype=values.dtype)[:, :, None])

    each = jax.vmap(jax.vmap(of_one, out_axes=2))
    return each(moving, fixed, steps.inputs, steps.real)


def _looking_back(
    slopes: Float[Array, "K n n B S"], of_loss: Float[Array, "K B n S"]
) -> tuple[_Looking, _Looking]:
    """Return what looks at the state before the first step, and at those after each, from the last back."""
    count, batch_size, size = slopes.shape[2:]
    at_the_end = _Looking(
        jnp.zeros((count, batch_size, size), slopes.dtype),
        jnp.eye(count, dtype=slopes.dtype)[:, :, None, None] * jnp.ones((batch_size, size), slopes.dtype),
    )

    def back(looking: _Looking, now: tuple[Array, Array]) -> tuple[_Looking, _Looking]:
        slope, of_loss = now
        earlier = _Looking(
            of_loss + jnp.sum(looking.loss[:, None] * slope, 0),
            jnp.sum(looking.last[:, :, None] * slope, 1),
        )
        return earlier, looking

    return jax.lax.scan(back, at_the_end, (slopes, jnp.moveaxis(of_loss, 2, 1)), reverse=True)


def _followed(
    row: tuple[Any, ...], passed_on: Float[Array, "n B S"], within: list[Array], trace: Influence
) -> tuple[Any, ...]:
    """Return the influence on one array of the state after the block."""

    def entry(number: int, old: Array | None) -> Array | None:
        if old is None:
            return None
        new = within[number].reshape(old.shape)
        for along, earlier in zip(passed_on, trace, strict=True):
            if earlier[number] is not None:
                new = new + along[:, None, :, None] * earlier[number]
        return new

    return tuple(entry(number, old) for number, old in enumerate(row))
