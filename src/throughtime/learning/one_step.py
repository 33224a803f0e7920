"""One step of a cell as a function of what can be differentiated, and the weights that its state hangs on."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from throughtime.core.cell import Cell
from throughtime.learning.operations import needed, variables
from throughtime.learning.stepwise import Moving, join, split
from throughtime.networks.embedding import Embedding
from throughtime.networks.wrapper import lowest


def an_input(network: Cell) -> Array:
    """Return an input of zeros, or the symbol 0, of the kind that the network reads."""
    if isinstance(lowest(network), Embedding):
        return jnp.zeros((), jnp.int32)
    return jnp.zeros(network.input_size)


def with_memory(network: Cell) -> tuple[bool, ...]:
    """Return for each parameter of the network, in the order of its arrays, whether the state hangs on it.

    A readout's weights do not act on the state, and no rule has to remember anything about them. What may act
    counts, so that a weight is left out only if none of its numbers is ever used on the way to the state.
    """
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(parameters)

    def states(leaves: list[Array], x: Array) -> Any:
        whole = eqx.combine(jax.tree.unflatten(structure, leaves), rest)
        first = whole.initial_state()
        moving, fixed = split(first)
        # The state is an argument of its own, so that what only the first state reads is seen as well.
        return moving, moving_after(whole, moving, fixed, x)

    closed = jax.make_jaxpr(states)(leaves, an_input(network))
    used = variables(closed.jaxpr.outvars)
    for operation in needed(closed.jaxpr):
        used |= variables(operation.invars)
    return tuple(var in used for var in closed.jaxpr.invars[: len(leaves)])


def moving_after(network: Cell, moving: Moving, fixed: Any, x: Shaped[Array, "*I"]) -> Moving:
    """Return the part of the next state that can be differentiated."""
    return split(network.step(join(moving, fixed), network.project(x))[0])[0]


def norm(tree: Any) -> Float[Array, ""]:
    """Return the length of all numbers of a tree as one vector."""
    return jnp.sqrt(sum((jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)), start=jnp.zeros(())))
