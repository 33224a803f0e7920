"""Weights before training: the distributions of `jax.nn.initializers`, and those that recurrence asks for."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax.nn import initializers
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.errors import OptionError, ShapeError, check_sizes, choose

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


def alike(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "rows columns"]:
    """Draw one column from N(0, 1) and repeat it: all inputs count alike at the start, only their sum does.

    For inputs of which none is known to matter otherwise than the others, such as bits to be counted.
    """
    rows, columns = shape
    return jnp.tile(jax.random.normal(key, (rows, 1)), (1, columns))


def sparse(connections: int = 15, scale: float | None = None) -> Initializer:
    """Return an initialiser that gives each unit few incoming connections, however many units there are.

    **Equations**

        each row has k entries from N(0, scale^2), in columns drawn without repetition, and zeros elsewhere

    Arguments:
        connections: k, at least 1; where there are fewer columns, all of them.
        scale: standard deviation of a connection, above 0. 1/sqrt(k) when left out, so that what a unit
            receives varies as much as what it is connected to. Martens takes 1 for logistic units, and 1/4
            for tanh, which is 1/sqrt(15) to 3 %.

    **Source**

        Martens 2010, "Deep learning via Hessian-free optimization", ICML, section 5; for recurrent networks
        Sutskever, Martens, Dahl & Hinton 2013, "On the importance of initialization and momentum in deep
        learning", ICML, sections 3.1 and 4.
    """
    check_sizes(connections=connections)
    if scale is not None and not scale > 0:
        raise OptionError(f"scale is {scale}; choose a standard deviation above 0, or None for 1/sqrt(k)")

    def draw(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "rows columns"]:
        columns = shape[1]
        k = min(connections, columns)
        where_key, weight_key = jax.random.split(key)
        # The ranks of random numbers are a random order, of each row by itself.
        kept = jnp.argsort(jax.random.uniform(where_key, shape), axis=1) < k
        return jnp.where(kept, jax.random.normal(weight_key, shape) * (scale or k**-0.5), 0.0)

    return draw


def spectral_radius(radius: float = 1.1, of: Initializer | None = None) -> Initializer:
    """Return an initialiser of square matrices that scales a drawn one to a spectral radius.

    **Equations**

        U = radius * V / max |eigenvalue of V|,   V drawn by `of`

    Arguments:
        radius: largest absolute eigenvalue of U, above 0. What a linear network remembers fades by it at each
            step. 1.1 is what Sutskever et al. train tanh units from; below 1 they forget where they began.
        of: what draws the matrix; `sparse()` when left out.

    **Raises**

        ShapeError: the matrix is not square, so it has no eigenvalues: only recurrent weights can be scaled.
        OptionError: all eigenvalues of the matrix that was drawn are 0.

    **Source**

        Jaeger 2001, "The echo state approach to analysing and training recurrent neural networks", GMD report
        148; as the beginning of gradient descent Sutskever, Martens, Dahl & Hinton 2013, "On the importance
        of initialization and momentum in deep learning", ICML, section 4 (sparse, 15 connections, 1.1).
    """
    if not radius > 0:
        raise OptionError(f"radius is {radius}; choose a spectral radius above 0")
    draw_matrix = sparse() if of is None else of

    def draw(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "rows columns"]:
        if shape[0] != shape[1]:
            raise ShapeError(
                f"a spectral radius was asked of a matrix of shape {list(shape)}, and only square ones have "
                "eigenvalues; use it as recurrent_initializer"
            )
        matrix = draw_matrix(key, shape)
        largest = jnp.abs(jnp.linalg.eigvals(matrix)).max()
        # Inside a compiled function the values are not known.
        if not isinstance(largest, jax.core.Tracer) and largest == 0:
            raise OptionError(
                "all eigenvalues of the matrix that was drawn are 0, so it cannot be scaled to a spectral "
                "radius; draw it with another initialiser or key"
            )
        return matrix * (radius / largest)

    return draw


INITIALIZERS: dict[str, Initializer] = {
    "orthogonal": initializers.orthogonal(),
    "glorot": initializers.glorot_uniform(in_axis=-1, out_axis=-2),
    "uniform": uniform_by_columns,
    "identity": identity,
    "alike": alike,
    "sparse": sparse(),
    "spectral_radius": spectral_radius(),
}
"""What has a name, with the parameters of its paper; with others, the function itself is given."""


def initializer(given: str | Initializer) -> Initializer:
    """Return the initialiser of that name, or the function as it is.

    **Raises**

        OptionError: there is none of that name; the nearest is named.
    """
    if callable(given):
        return given
    return INITIALIZERS[choose("initializer", given, INITIALIZERS)]


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
