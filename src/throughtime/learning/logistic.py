"""Logistic regression of classes on the states of a network."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from throughtime.core.errors import DataError, OptionError, check_sizes
from throughtime.learning.ridge import CANDIDATES, ReadoutWeights, check_regularisation, check_rows


class LogisticEquations:
    r"""A readout that gives the logarithms of the odds of classes; unlike sums, its rows have to be kept.

    **Equations**

        minimise sum_n -log softmax(W x_n + b)[y_n] + regularisation |W|^2 / 2

    **Shapes**

        x `[F]`, y one of O classes as a vector `[O]` of one 1 among 0

    Arguments:
        feature_count: F, at least 1.
        output_size: O, at least 2.

    **Cost**

        memory n F; a solution some hundred times n F O

    **Exactness**

        the minimum, to scikit-learn's tolerance

    **Source**

        scikit-learn's `LogisticRegression` (L-BFGS).
    """

    def __init__(self, feature_count: int, output_size: int):
        check_sizes(feature_count=feature_count, output_size=output_size)
        if output_size < 2:
            raise OptionError(
                f"output_size is {output_size}, and logistic regression tells classes apart, of which there "
                "are at least 2; for numbers use ridge regression"
            )
        self.feature_count, self.output_size = feature_count, output_size
        self._features: list[np.ndarray] = []
        self._classes: list[np.ndarray] = []

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return sum(map(len, self._features))

    def add(
        self, features: Float[np.ndarray, "n F"], targets: Float[np.ndarray, "n O"], *, fold: int = 0
    ) -> None:
        """Keep rows.

        **Raises**

            ShapeError: there is not one target to a row, or the sizes are others.
            DataError: a target is no class.
        """
        check_rows(features, targets, self.feature_count, self.output_size)
        if not np.all((targets == 0) | (targets == 1)) or not np.all(targets.sum(axis=1) == 1):
            raise DataError(
                "logistic regression tells classes apart, and a target is no class; give whole numbers, one "
                "a step, or use ridge regression"
            )
        self._features.append(np.array(features, np.float64))
        self._classes.append(targets.argmax(axis=1))

    def solve(self, regularisation: float, *, at_last: bool = False) -> ReadoutWeights:
        """Return the weights for a regularisation, which has to be above 0.

        **Raises**

            OptionError: there are no rows, or the regularisation is not above 0.
        """
        from sklearn.linear_model import LogisticRegression

        check_regularisation(regularisation, self.rows)
        if regularisation == 0:
            raise OptionError(
                "regularisation is 0, and the weights of classes that can be told apart would grow without "
                "end; choose one above 0, such as 1e-3"
            )
        model = LogisticRegression(C=1 / regularisation, max_iter=2000)
        return self._fitted(model, regularisation)

    def cross_validated(self, candidates: Sequence[float] = CANDIDATES) -> ReadoutWeights:
        """Return the weights for the regularisation under which most held-out rows are told right."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_score

        check_regularisation(min(candidates), self.rows)
        features, classes = np.concatenate(self._features), np.concatenate(self._classes)
        errors = {
            candidate: 1 - float(np.mean(cross_val_score(
                LogisticRegression(C=1 / candidate, max_iter=2000), features, classes, cv=5
            )))
            for candidate in candidates
            if candidate >= LEAST
        }  # fmt: skip
        best = min(errors, key=lambda candidate: (errors[candidate], -candidate))
        return self.solve(best)._replace(errors=errors)

    def _fitted(self, model: object, regularisation: float) -> ReadoutWeights:
        features, classes = np.concatenate(self._features), np.concatenate(self._classes)
        model.fit(features, classes)  # type: ignore[attr-defined]
        coefficients, intercepts = model.coef_, model.intercept_  # type: ignore[attr-defined]
        if len(coefficients) == 1:
            # Of two classes, scikit-learn gives the difference.
            coefficients, intercepts = (
                np.concatenate([-part, part]) / 2 for part in (coefficients, intercepts)
            )
        weight = np.zeros((self.output_size, self.feature_count))
        # A class that never occurred is as unlikely as the least likely of the others.
        bias = np.full(self.output_size, intercepts.min())
        seen = model.classes_  # type: ignore[attr-defined]
        weight[seen], bias[seen] = coefficients, intercepts
        return ReadoutWeights(weight, bias, float(regularisation), {})


LEAST = 1e-4
"""Below this regularisation, classes that can be told apart have weights that take long to find."""
