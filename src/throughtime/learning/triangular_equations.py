"""Least squares by orthogonal factors, from a triangle that rows are folded into as they come."""

import numpy as np
from jaxtyping import Float
from scipy.linalg import qr, svd

from throughtime.core.errors import check_sizes
from throughtime.learning.ridge import ReadoutWeights, check_regularisation, check_rows, raise_singular


class TriangularEquations:
    r"""Linear regression whose rows are folded into a triangle and forgotten: twice the digits.

    **Equations**

        Q R = [R_before; z_n^T, y_n^T ...],   z_n = [1; x_n]                     (1)

    so that R^T R are the sums of all products of [z, y] (`NormalEquations`), without ever forming them. What
    is left of x when the mean is taken away is the block R_xx; with R_xx = P S V^T,

        W = R_xy^T P diag(s / (s^2 + regularisation)) V^T                        (2)

    **Shapes**

        x `[F]`, y `[O]`; R `[1 + F + O, 1 + F + O]`

    Arguments:
        feature_count: F, at least 1.
        output_size: O, at least 1.

    **Cost**

        a row: 2 (F + O)^2 multiply-adds, four times those of `NormalEquations`; memory 2 (F + O)^2 numbers in
        double precision; a solution 10 F^3 or so

    **Exactness**

        that of double precision for the condition of the rows, which is the square root of that of their
        products

    **Source**

        Golub 1965, "Numerical methods for solving linear least squares problems", Numerische Mathematik 7;
        rows in parts: Lawson & Hanson 1974, "Solving least squares problems", chapter 27.
    """

    def __init__(self, feature_count: int, output_size: int):
        check_sizes(feature_count=feature_count, output_size=output_size)
        self.feature_count, self.output_size = feature_count, output_size
        self.rows = 0
        self._triangle = np.zeros((0, 1 + feature_count + output_size))

    def add(
        self, features: Float[np.ndarray, "n F"], targets: Float[np.ndarray, "n O"], *, fold: int = 0
    ) -> None:
        """Fold rows in; they are not kept, and all go into the one triangle.

        **Raises**

            ShapeError: there is not one target to a row, or the sizes are others.
        """
        check_rows(features, targets, self.feature_count, self.output_size)
        if len(features) == 0:
            return
        rows = np.hstack([np.ones((len(features), 1)), features, targets])
        stacked = np.vstack([self._triangle, rows])
        self._triangle = qr(stacked, mode="r", overwrite_a=True, check_finite=False)[0][: stacked.shape[1]]
        self.rows += len(features)

    def solve(self, regularisation: float, *, at_last: bool = False) -> ReadoutWeights:
        """Return the weights for a regularisation; `at_last` is of no use here.

        **Raises**

            OptionError: there are no rows, the regularisation is negative, or the equations have no single
                solution; a regularisation that gives one is suggested.
        """
        check_regularisation(regularisation, self.rows)
        n, width = self.feature_count, self._triangle.shape[1]
        R = np.zeros((width, width))
        R[: len(self._triangle)] = self._triangle
        P, s, V = svd(R[1 : n + 1, 1 : n + 1])
        if regularisation == 0 and (self.rows <= n or s[-1] <= s[0] * n * np.finfo(np.float64).eps):
            raise_singular(regularisation, float(np.mean(s**2)))
        weight = (V.T * (s / (s**2 + regularisation))) @ (P.T @ R[1 : n + 1, n + 1 :])  # Eq. 2
        bias = (R[0, n + 1 :] - R[0, 1 : n + 1] @ weight) / R[0, 0]
        return ReadoutWeights(weight.T, bias, float(regularisation), {})
