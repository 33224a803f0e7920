"""Ridge regression in closed form, from sums that states and targets are added to as they come."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh

from throughtime.core.errors import OptionError, ShapeError, check_sizes
from throughtime.learning.packed_triangle import PackedTriangle

CANDIDATES = tuple(10.0**exponent for exponent in range(-10, 5))
"""The regularisations that cross-validation chooses from, if none are given."""


class ReadoutWeights(NamedTuple):
    """The weights of a linear readout.

    `weight` `[O, F]` and `bias` `[O]`; `regularisation`: what they were found with; `errors`: the mean
    squared error of every regularisation that was tried, on rows that were held out, by regularisation.
    """

    weight: Float[np.ndarray, "O F"]
    bias: Float[np.ndarray, " O"]
    regularisation: float
    errors: dict[float, float]


class NormalEquations:
    r"""Linear regression with a penalty on its weights, whose rows are added up and forgotten.

    **Equations**

        G = sum_n z_n z_n^T,   C = sum_n z_n y_n^T,   z_n = [x_n; 1]                 (1)
        (G + regularisation * diag(1, ..., 1, 0)) [W, b]^T = C                       (2)

    which minimises sum_n |y_n - W x_n - b|^2 + regularisation |W|^2. With the rows shared out to folds, the
    error of a fold k under weights of the other folds is known from its own sums:

        sum_{n in k} |y_n - B z_n|^2 = sum |y_n|^2 - 2 tr(B C_k) + tr(B G_k B^T),   B = [W, b]    (3)

    so that one pass over the data is enough to choose the regularisation, and no row has to be kept.

    **Shapes**

        x `[F]`, y `[O]`; G `[F + 1, F + 1]`, C `[F + 1, O]`

    Arguments:
        feature_count: F, at least 1.
        output_size: O, at least 1.
        folds: into how many parts the rows are shared out, at least 1; cross-validation needs 2.

    **Cost**

        a row: F^2 / 2 + F O multiply-adds; memory: folds F^2 / 2 numbers in double precision, whatever the
        number of rows; a solution F^3 / 6, cross-validation folds F^3 times 5 or so

    **Exactness**

        that of double precision for the condition of G, which is the square of that of the rows: where
        weights are to be found to more than seven digits, `TriangularEquations`

    **Differs from**

        scikit-learn's `Ridge`, which gives the same numbers and wants all rows at once.

    **Source**

        Hoerl & Kennard 1970, "Ridge regression", Technometrics 12(1); Lukosevicius & Jaeger 2009, "Reservoir
        computing approaches to recurrent neural network training", Computer Science Review 3(3), section 8.1.
    """

    def __init__(self, feature_count: int, output_size: int, *, folds: int = 1):
        check_sizes(feature_count=feature_count, output_size=output_size, folds=folds)
        self.feature_count = feature_count
        self._folds = [_Sums(feature_count + 1, output_size) for _ in range(folds)]

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return sum(fold.rows for fold in self._folds)

    def add(
        self, features: Float[np.ndarray, "n F"], targets: Float[np.ndarray, "n O"], *, fold: int = 0
    ) -> None:
        """Add rows to a fold; they are not kept.

        **Raises**

            ShapeError: there is not one target to a row, or the sizes are others.
        """
        check_rows(features, targets, self.feature_count, self._folds[0].products.shape[1])
        self._folds[fold % len(self._folds)].add(features, targets)

    def solve(self, regularisation: float, *, at_last: bool = False) -> ReadoutWeights:
        """Return the weights for a regularisation.

        Arguments:
            regularisation: at least 0.
            at_last: whether the sums may be overwritten, which saves their memory; nothing can be added or
                solved after that.

        **Raises**

            OptionError: there are no rows, the regularisation is negative, or the equations have no single
                solution; a regularisation that gives one is suggested.
        """
        check_regularisation(regularisation, self.rows)
        total = self._total(at_last=at_last)
        n = self.feature_count
        triangle, places = total.squares, total.squares.diagonal_places
        scale = float(triangle.numbers[places[:n]].mean())
        triangle.numbers[places[:n]] += regularisation
        right = total.products
        if not triangle.factorise() and (regularisation == 0 or not triangle.has_factor):
            raise_singular(regularisation, scale)
        solution = triangle.solved(right)
        return ReadoutWeights(solution[:n].T, solution[n], float(regularisation), {})

    def cross_validated(self, candidates: Sequence[float] = CANDIDATES) -> ReadoutWeights:
        """Return the weights for the regularisation with the least error on folds that were held out.

        **Raises**

            OptionError: there are not two folds with rows, no candidates, or one is not above 0.
        """
        filled = [fold for fold in self._folds if fold.rows]
        if len(filled) < 2:
            raise OptionError(
                f"cross-validation needs rows in at least 2 folds, and there are some in {len(filled)}; "
                "give more sequences or steps, or a regularisation"
            )
        if not candidates or min(candidates) <= 0:
            raise OptionError(f"the candidates are {list(candidates)}; give regularisations above 0")
        total = self._total()
        errors = np.zeros(len(candidates))
        for held_out in filled:
            errors += _held_out_errors(total.minus(held_out), held_out, candidates)
        errors /= total.rows
        best = candidates[int(np.nanargmin(errors))]
        return self.solve(best)._replace(errors=dict(zip(candidates, map(float, errors), strict=True)))

    def _total(self, *, at_last: bool = False) -> "_Sums":
        first, *rest = self._folds
        total = first if at_last else first.copy()
        for fold in rest:
            total.take(fold)
        return total


class _Sums:
    """What is known of rows that were added up: `squares` G, `products` C, and the sum of |y|^2."""

    def __init__(self, size: int, output_size: int):
        self.squares = PackedTriangle(size)
        self.products = np.zeros((size, output_size))
        self.target_squares = 0.0
        self.rows = 0

    def add(self, features: np.ndarray, targets: np.ndarray) -> None:
        extended = np.ones((len(features), self.squares.size))
        extended[:, :-1] = features
        self.squares.add_product(extended)
        self.products += extended.T @ targets
        self.target_squares += float(np.sum(np.square(targets, dtype=np.float64)))
        self.rows += len(features)

    def take(self, other: "_Sums", sign: int = 1) -> None:
        self.squares.add_multiple(other.squares, sign)
        self.products += sign * other.products
        self.target_squares += sign * other.target_squares
        self.rows += sign * other.rows

    def copy(self) -> "_Sums":
        twin = _Sums.__new__(_Sums)
        twin.squares, twin.products = self.squares.copy(), self.products.copy()
        twin.target_squares, twin.rows = self.target_squares, self.rows
        return twin

    def minus(self, other: "_Sums") -> "_Sums":
        rest = self.copy()
        rest.take(other, -1)
        return rest


def _held_out_errors(
    train: _Sums, test: _Sums, candidates: Sequence[float]
) -> Float[np.ndarray, " candidates"]:
    """Return the sum of squared errors on one part under the weights of the other, for each candidate."""
    G, n = train.squares.full(), train.rows
    inner, mean = G[:-1, :-1], G[-1, :-1] / n
    target_mean = train.products[-1] / n
    values, vectors = eigh(inner - n * np.outer(mean, mean))
    rotated = vectors.T @ (train.products[:-1] - n * np.outer(mean, target_mean))
    seen, seen_products = test.squares.full(), test.products
    errors = []
    for candidate in candidates:
        weight = vectors @ (rotated / (np.maximum(values, 0) + candidate)[:, None])
        B = np.vstack([weight, target_mean - mean @ weight])
        errors.append(test.target_squares - 2 * np.sum(B * seen_products) + np.sum(B * (seen @ B)))  # Eq. 3
    return np.maximum(errors, 0)


def check_rows(features: np.ndarray, targets: np.ndarray, feature_count: int, output_size: int) -> None:
    """Raise `ShapeError` unless features and targets are rows of these sizes, one target to a row."""
    expected = (len(features), feature_count), (len(features), output_size)
    if (features.shape, targets.shape) != expected:
        raise ShapeError(
            f"features have shape {list(features.shape)} and targets {list(targets.shape)}; expected "
            f"{list(expected[0])} and {list(expected[1])}, one target to a row"
        )


def check_regularisation(regularisation: float, rows: int) -> None:
    """Raise `OptionError` unless there are rows and the regularisation is a number of at least 0."""
    if not 0 <= regularisation < np.inf:
        raise OptionError(f"regularisation is {regularisation}; choose a number of at least 0")
    if rows == 0:
        raise OptionError("there are no rows to solve for; add features and targets first")


def raise_singular(regularisation: float, scale: float) -> None:
    """Raise the `OptionError` for equations without a single solution.

    Arguments:
        scale: the mean square of a feature, summed over the rows.
    """
    raise OptionError(
        f"regularisation is {regularisation:g}, and the features depend on one another, so that many weights "
        f"fit equally well; choose one above 0, such as {max(scale * 1e-10, 10 * regularisation):.0e}"
    )
