"""The arrays of a state by name, and a step as a function from one vector to the next."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from throughtime.core.cell import Cell, Projected, State
from throughtime.core.errors import NotACellError, OptionError
from throughtime.core.sequence_map import Network

Vector = Float[Array, " N"]


def path_name(path: tuple[Any, ...]) -> str:
    """Return where something stands in a tree, such as `layers.0.hidden`."""
    return jax.tree_util.keystr(path, simple=True, separator=".")


def state_arrays(state: State) -> dict[str, Array]:
    """Return the arrays of a state that a gradient can flow through, by their place in it.

    Random keys, counters and empty arrays are left out.
    """
    found = jax.tree_util.tree_flatten_with_path(state)[0]
    return {path_name(path): leaf for path, leaf in found if is_differentiable(leaf)}


def is_differentiable(leaf: object) -> bool:
    """Tell whether a leaf of a state is an array of real or complex numbers with something in it."""
    return eqx.is_inexact_array(leaf) and leaf.size > 0  # type: ignore[attr-defined]


def check_has_steps(network: Network, what: str) -> Cell:
    """Return a network that goes step by step and remembers something.

    **Raises**

        NotACellError: it must see whole sequences.
        OptionError: it remembers nothing that a gradient could flow through.
    """
    if not isinstance(network, Cell):
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence, so it has no step and no {what}; use a "
            "network that reads in one direction, or one of the cells within"
        )
    if not state_arrays(jax.eval_shape(network.initial_state)) and not state_arrays(network.initial_state()):
        raise OptionError(
            f"{type(network).__name__} remembers nothing, so it has no {what}; use a network with a "
            "recurrent layer"
        )
    return network


def as_vector(state: State) -> tuple[Vector, Callable[[Vector], State]]:
    """Return what a gradient flows through in a state as one vector, and the way back to a state.

    What is no number that varies (a random key) stays as it is in `state`.
    """
    moving, fixed = eqx.partition(state, is_differentiable)
    vector, restore = ravel_pytree(moving)
    return vector, lambda changed: eqx.combine(restore(changed), fixed)


def step_of_vectors(
    cell: Cell, state: State, projected: Projected
) -> tuple[Callable[[Vector], Vector], Vector]:
    """Return the step of one example as a function of its state as a vector, and that vector."""
    vector, restore = as_vector(state)

    def step(vector: Vector) -> Vector:
        return as_vector(cell.step(restore(vector), projected)[0])[0]

    return step, vector


def state_size(cell: Cell) -> int:
    """Return how many numbers of a state a gradient flows through."""
    return sum(int(jnp.size(leaf)) for leaf in state_arrays(cell.initial_state()).values())
