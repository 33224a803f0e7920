"""Weights before training. The distributions are those of `jax.nn.initializers`; what gates need is added
here."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax.nn import initializers
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.errors import choose

Initializer: TypeAlias = Callable[[PRNGKeyArray, tuple[int, ...]], Array]
"""A function of a key and a shape `[rows, columns]` that draws a weight matrix."""


def uniform_by_columns(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "*rows columns"]:
    """Draw from U(-1/sqrt(columns), 1/sqrt(columns)): LeCun et al. 1998, "Efficient BackProp", section
    4.6."""
    bound = shape[-1] ** -0.5
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def identity(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "rows columns"]:
    """Return the identity matrix, cut or filled up with zeros (Le, Jaitly & Hinton 2015, arXiv
    1504.00941)."""
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


def per_gate(
    initialize: Initializer, key: PRNGKeyArray, gates: int, rows: int, columns: int
) -> Float[Array, "{gates}*{rows} {columns}"]:
    """Draw one matrix `[rows, columns]` for each gate and lay them one below the other.

    Drawn as one tall matrix, an orthogonal initialiser would make the gates depend on one another, and
    Glorot's would count all gates as outputs.
    """
    return jnp.concatenate([initialize(part, (rows, columns)) for part in jax.random.split(key, gates)])
