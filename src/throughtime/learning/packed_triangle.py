"""A symmetric matrix in half of its memory, to which products are added and which is factorised in place.

LAPACK's rectangular full packed format: the triangle of a matrix, folded so that it fills a rectangle and the
fast routines for matrices work on it.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg.lapack import dpftrf, dpftrs, dsfrk, dtfttr


class PackedTriangle:
    """A symmetric matrix `[n, n]` as n (n + 1) / 2 numbers in double precision, zeros at first.

    **Cost**

        memory n (n + 1) / 2 numbers; m rows m n^2 / 2 multiply-adds; a factor n^3 / 6

    **Exactness**

        that of double precision

    **Source**

        Gustavson, Wasniewski, Dongarra & Langou 2010, "Rectangular full packed format for Cholesky's
        algorithm", ACM Transactions on Mathematical Software 37(2).
    """

    def __init__(self, size: int, numbers: Float[np.ndarray, " M"] | None = None):
        self.size = size
        self.has_factor = False
        self.numbers = np.zeros(size * (size + 1) // 2) if numbers is None else numbers

    def add_product(self, rows: Float[np.ndarray, "m n"]) -> None:
        """Add the product of the transpose of some rows with the rows themselves."""
        if len(rows):
            self.numbers = dsfrk(
                self.size, len(rows), 1.0, np.ascontiguousarray(rows).T, 1.0, self.numbers,
                uplo="L", overwrite_c=True,
            )  # fmt: skip

    def add_multiple(self, other: "PackedTriangle", factor: int) -> None:
        """Add a multiple of another matrix of the size."""
        self.numbers += factor * other.numbers

    def copy(self) -> "PackedTriangle":
        """Return the matrix in memory of its own."""
        return PackedTriangle(self.size, self.numbers.copy())

    @property
    def diagonal_places(self) -> np.ndarray:
        """Where in `numbers` the diagonal stands."""
        n, half = self.size, (self.size + 1) // 2
        upper, lower = np.arange(half), np.arange(n - half)
        if n % 2:
            return np.concatenate([upper * (n + 1), lower + (lower + 1) * n])
        return np.concatenate([1 + upper * (n + 2), lower * (n + 2)])

    def full(self) -> Float[np.ndarray, "n n"]:
        """Return the matrix as such."""
        lower = np.tril(dtfttr(self.size, self.numbers, uplo="L")[0])
        return lower + np.tril(lower, -1).T

    def factorise(self) -> bool:
        """Put the Cholesky factor in the place of the matrix.

        Return whether it is exact to some digits; `has_factor` says whether there is one at all.
        """
        self.numbers, failed = dpftrf(self.size, self.numbers, uplo="L", overwrite_a=True)
        self.has_factor = failed == 0
        if failed:
            return False
        # What is left of each row after the others were taken away, beside rounding.
        pivots = np.abs(self.numbers[self.diagonal_places])
        return bool(pivots.min() > pivots.max() * np.sqrt(self.size * np.finfo(np.float64).eps))

    def solved(self, right: Float[np.ndarray, "n O"]) -> Float[np.ndarray, "n O"]:
        """Return the solution of the equations with this right side, after `factorise`."""
        solution, _ = dpftrs(self.size, self.numbers, right, uplo="L")
        return solution
