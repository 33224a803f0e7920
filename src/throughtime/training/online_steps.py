"""What an element of a stream does to a learner, compiled: it is answered, and then learned from."""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Integer, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.unroll import unroll
from throughtime.learning import LearningRule
from throughtime.learning.rule import Loss, Trace


class Carried(NamedTuple):
    """All that goes on from element to element."""

    network: Cell
    optimizer_state: Any
    state: State
    trace: Trace


class Read(NamedTuple):
    """What came of reading elements: what goes on, the answers, their losses, and whether all is finite."""

    carried: Carried
    outputs: Float[Array, "T O"]
    losses: Float[Array, " T"]
    is_finite: Bool[Array, ""]


@jax.jit
def answer_one(network: Cell, state: State, x: Shaped[Array, "*I"]) -> Float[Array, " O"]:
    """Return the answer to an element that comes next."""
    return _output(network, state, x)


def _output(network: Cell, state: State, x: Shaped[Array, "*I"]) -> Float[Array, " O"]:
    alone = jax.tree.map(lambda leaf: leaf[0], state)
    return network.step(alone, network.project(x))[1]


@jax.jit
def answer_many(network: Cell, state: State, xs: Shaped[Array, "T *I"]) -> tuple[State, Float[Array, "T O"]]:
    """Return the state after elements that come next, and the answers to them, with the same weights."""
    after, outputs = unroll(network, xs[:, None], state)
    return after, outputs[:, 0]


@partial(jax.jit, static_argnames=("loss", "rule", "optimizer"))
def read_first(
    carried: Carried,
    x: Shaped[Array, "*I"],
    y: Shaped[Array, "*Y"],
    weight: Float[Array, ""],
    *,
    loss: Loss,
    rule: LearningRule,
    optimizer: optax.GradientTransformation,
) -> Read:
    """Read the first element of a sequence: the rule makes its initial state, which may be learned."""
    carried, output, value = _read(carried, None, x, y, weight, loss, rule, optimizer)
    return Read(carried, output[None], value[None], _is_finite(carried, value))


@partial(jax.jit, static_argnames=("loss", "rule", "optimizer"))
def read_others(
    carried: Carried,
    xs: Shaped[Array, "T *I"],
    ys: Shaped[Array, "T *Y"],
    mask: Float[Array, " T"],
    count: Integer[Array, ""],
    *,
    loss: Loss,
    rule: LearningRule,
    optimizer: optax.GradientTransformation,
) -> Read:
    """Read the first `count` of some elements; what is behind them is padding."""
    shapes = jax.eval_shape(
        lambda: _read(carried, carried.state, xs[0], ys[0], mask[0], loss, rule, optimizer)
    )

    def read(number: Integer[Array, ""], so_far: tuple[Carried, Array, Array]) -> tuple[Any, Array, Array]:
        carried, outputs, losses = so_far
        carried, output, value = _read(
            carried, carried.state, xs[number], ys[number], mask[number], loss, rule, optimizer
        )
        return carried, outputs.at[number].set(output), losses.at[number].set(value)

    # A loop whose length is not known to the compiler: one element runs through the same code as many.
    room = [jnp.zeros((len(xs), *one.shape), one.dtype) for one in shapes[1:]]
    carried, outputs, losses = jax.lax.fori_loop(0, count, read, (carried, *room))
    return Read(carried, outputs, losses, _is_finite(carried, losses))


def _is_finite(carried: Carried, losses: Float[Array, "*T"]) -> Bool[Array, ""]:
    numbers = jax.tree.leaves(eqx.filter((carried, losses), eqx.is_inexact_array))
    return jnp.stack([jnp.isfinite(part).all() for part in numbers]).all()


def _read(
    carried: Carried,
    state: State | None,
    x: Shaped[Array, "*I"],
    y: Shaped[Array, "*Y"],
    weight: Float[Array, ""],
    loss: Loss,
    rule: LearningRule,
    optimizer: optax.GradientTransformation,
) -> tuple[Carried, Float[Array, " O"], Float[Array, ""]]:
    """Answer one element and learn from it."""
    network, optimizer_state, before, trace = carried
    output = _output(network, before, x)
    found = rule.gradient(
        network, loss, trace, state, x[None, None], y[None, None], jnp.reshape(weight, (1, 1))
    )
    updates, after = optimizer.update(
        found.gradient, optimizer_state, eqx.filter(network, eqx.is_inexact_array)
    )
    # Without a target there is nothing to learn: momentum and decay would go on for nothing.
    changed, after = jax.tree.map(
        lambda new, old: jnp.where(weight > 0, new, old).astype(old.dtype),
        (eqx.apply_updates(network, updates), after),
        (network, optimizer_state),
    )
    return Carried(changed, after, found.state, found.trace), output, found.loss
