"""How the units of a reservoir are connected: at random, in a ring, or orthogonally."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from scipy.sparse import csr_array
from scipy.stats import ortho_group

from throughtime.reservoirs.sparse_rows import SparseRows
from throughtime.reservoirs.spectral_radius import scaled_to_radius

Structure: TypeAlias = Literal["random", "ring", "orthogonal"]

STRUCTURES: tuple[Structure, ...] = get_args(Structure)

MOST_SPARSE = 0.2
"""Up to this share of connections the matrix is kept sparse; above, a dense product is faster."""


def recurrent_weights(
    structure: Structure, size: int, fan_in: int, radius: float, key: PRNGKeyArray
) -> SparseRows | Float[Array, "H H"]:
    """Return recurrent weights of a spectral radius: sparse where few units are connected, dense otherwise.

    **Equations**

        random       each row has k entries from N(0, 1), in columns drawn without repetition; then scaled
        ring         unit i sees unit i - 1, the first one the last, all with the weight radius
        orthogonal   radius * Q, Q drawn evenly from the orthogonal matrices

    Arguments:
        size: H, at least 1.
        fan_in: k of a random matrix, at least 1.
        radius: largest absolute eigenvalue, above 0.

    **Source**

        Jaeger 2001, GMD report 148, section 3 (random, sparse); Rodan & Tino 2011, "Minimum complexity echo
        state network", IEEE Transactions on Neural Networks 22(1) (ring); White, Lee & Sompolinsky 2004,
        "Short-term memory in orthogonal neural networks", Physical Review Letters 92 (orthogonal).
    """
    k = min(fan_in, size)
    if structure == "ring":
        columns = np.roll(np.arange(size, dtype=np.int32), 1)[:, None]
        return SparseRows(jnp.full((size, 1), radius, jnp.zeros(()).dtype), jnp.asarray(columns))
    if structure == "orthogonal":
        return on_host(key, lambda draw: _orthogonal(draw, size) * radius, like((size, size)))
    if k > MOST_SPARSE * size:
        return on_host(
            key, lambda draw: scaled_to_radius(_random(draw, size, k), radius).toarray(), like((size, size))
        )

    def sparse(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        matrix = scaled_to_radius(_random(draw, size, k), radius)
        return matrix.data.reshape(size, k), matrix.indices.reshape(size, k)

    return SparseRows(*on_host(key, sparse, (like((size, k)), like((size, k), jnp.int32))))


def on_host(key: PRNGKeyArray, draw: Callable[[np.random.Generator], Any], like: Any) -> Any:
    """Return arrays that NumPy draws from a key, also within a function that JAX compiles.

    What needs the eigenvalues of a large sparse matrix cannot be written in JAX.

    Arguments:
        draw: makes a tree of arrays, in any precision.
        like: the tree with their shapes and types.
    """

    def drawn(seed: Any) -> Any:
        made = draw(np.random.default_rng(np.asarray(seed)))
        return jax.tree.map(lambda array, shape: np.asarray(array, shape.dtype), made, like)

    seed = jax.random.key_data(key)
    if isinstance(seed, jax.core.Tracer):
        return jax.pure_callback(drawn, like, seed)
    return jax.tree.map(jnp.asarray, drawn(np.asarray(seed)))


def _random(draw: np.random.Generator, size: int, k: int) -> csr_array:
    if k == size:
        return csr_array(draw.normal(size=(size, size)))
    if k * 20 > size:
        columns = draw.permuted(np.tile(np.arange(size), (size, 1)), axis=1)[:, :k]
    else:
        # Drawn anew until no row has one twice: without a number for each of the size^2 possible connections.
        columns = draw.integers(size, size=(size, k))
        while len(twice := np.flatnonzero((np.diff(np.sort(columns, axis=1)) == 0).any(axis=1))):
            columns[twice] = draw.integers(size, size=(len(twice), k))
    starts = np.arange(0, size * k + 1, k)
    return csr_array((draw.normal(size=size * k), np.sort(columns, axis=1).ravel(), starts), (size, size))


def _orthogonal(draw: np.random.Generator, size: int) -> np.ndarray:
    if size == 1:
        return np.ones((1, 1))
    return np.asarray(ortho_group.rvs(size, random_state=draw))


def like(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Return an array's shape and type, the usual one of numbers when left out."""
    return jax.eval_shape(lambda: jnp.zeros(shape, dtype))
