"""A square matrix of which each row has a few entries, kept as these entries and their columns."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.sparse import csr_array, issparse, sparray, spmatrix

from throughtime.core.errors import ShapeError


class SparseRows(eqx.Module):
    r"""A matrix `[H, H]` with k entries in every row.

    **Equations**

        (M v)[i] = sum_j weights[i, j] v[columns[i, j]]

    **Shapes**

        weights `[H, k]`, columns `[H, k]` whole numbers from 0 to H - 1

    The same column may stand in a row several times; its entries then add up. A row with fewer entries is
    filled up with weights of 0. These are compressed sparse rows, all of one length.

    **Cost**

        memory 2 H k numbers; a product H k multiply-adds

    **Differs from**

        `jax.experimental.sparse`, whose products are slow on a CPU.
    """

    weights: Float[Array, "H k"]
    columns: Int[Array, "H k"]

    @property
    def size(self) -> int:
        """H."""
        return self.weights.shape[0]

    def times(self, vector: Float[Array, " H"]) -> Float[Array, " H"]:
        """Return the product of the matrix and a vector."""
        return jnp.sum(self.weights * vector[self.columns], axis=1)

    def dense(self) -> Float[Array, "H H"]:
        """Return the matrix with all its zeros."""
        rows = jnp.arange(self.size)[:, None]
        return jnp.zeros((self.size, self.size), self.weights.dtype).at[rows, self.columns].add(self.weights)

    @classmethod
    def of(cls, matrix: np.ndarray | sparray | spmatrix) -> SparseRows:
        """Return a matrix of NumPy or SciPy in this form.

        **Raises**

            ShapeError: it is not square.
        """
        rows = csr_array(matrix)
        if rows.ndim != 2 or rows.shape[0] != rows.shape[1]:
            shape = np.shape(matrix) if not issparse(matrix) else matrix.shape
            raise ShapeError(
                f"a matrix of shape {list(shape)} was given, and recurrent weights are square; give [H, H]"
            )
        rows.sum_duplicates()
        counts = np.diff(rows.indptr)
        width = max(int(counts.max(initial=0)), 1)
        weights = np.zeros((rows.shape[0], width))
        columns = np.zeros((rows.shape[0], width), np.int32)
        places = np.arange(width) < counts[:, None]
        weights[places] = rows.data
        columns[places] = rows.indices
        return cls(jnp.asarray(weights, jnp.zeros(()).dtype), jnp.asarray(columns))
