"""Weights before training: the distributions of `jax.nn.initializers`, and what gates need beside them."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax.nn import initializers
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.errors import OptionError, choose

Initializer: TypeAlias = Callable[[PRNGKeyArray, tuple[int, ...]], Array]
"""A function of a key and a shape `[rows, columns]` that draws a weight matrix."""


def uniform_by_columns(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "*rows columns"]:
    """Draw from U(-1/sqrt(columns), 1/sqrt(columns)) (LeCun et al. 1998, "Efficient BackProp", 4.6)."""
    bound = shape[-1] ** -0.5
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def identity(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "rows columns"]:
    """Return the identity, cut or filled up with zeros (Le, Jaitly & Hinton 2015, arXiv 1504.00941)."""
    rows, columns = shape
    return jnp.eye(rows, columns)


INITIALIZERS: dict[str, Initializer] = {
    "orthogonal": initializers.orthogonal(),
    "glorot": initializers.glorot_uniform(in_axis=-1, out_axis=-2),
    "uniform": uniform_by_columns,
    "identity": identity,
}


def initializer(name: str) -> Initializer:
    """Return the initialiser of that name; raise `OptionError` with the nearest name if there is none."""
    return INITIALIZERS[choose("initializer", name, INITIALIZERS)]


def chrono(key: PRNGKeyArray, size: int, memory_steps: int) -> Float[Array, " size"]:
    """Draw biases of gates that keep a memory: sigmoid(b) = 1 - 1/n forgets within n steps, n up to a limit.

    **Equations**

        b ~ log(U(1, memory_steps - 1))

    Arguments:
        size: number of gates, at least 1.
        memory_steps: the longest dependency to expect, in steps, at least 2.

    **Source**

        Tallec & Ollivier 2018, "Can recurrent neural networks warp time?", arXiv 1804.11188
        (chrono initialisation).
    """
    if memory_steps < 2:
        raise OptionError(f"memory_steps is {memory_steps}; choose a number of steps of at least 2")
    return jnp.log(jax.random.uniform(key, (size,), minval=1.0, maxval=max(memory_steps - 1.0, 1.0)))


def per_gate(
    initialize: Initializer, key: PRNGKeyArray, gates: int, rows: int, columns: int
) -> Float[Array, "{gates}*{rows} {columns}"]:
    """Draw one matrix `[rows, columns]` for each gate and lay them one below the other.

    Drawn as one tall matrix, an orthogonal initialiser would make the gates depend on one another, and
    Glorot's would count all gates as outputs.
    """
    return jnp.concatenate([initialize(part, (rows, columns)) for part in jax.random.split(key, gates)])
