"""Numbers for the elements of a stream: River's verbs for one, scikit-learn's for many."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from throughtime.estimators.online import OnlineEstimator, numbers
from throughtime.estimators.targets import one_column
from throughtime.tasks import Regress


class OnlineRegressor(RegressorMixin, OnlineEstimator):
    """Learns to give each element of a stream a number, from it and all that came before.

    Neither features nor targets are scaled: give them in units near 1. Parameters are those of `__init__`.

    **Attributes**

    - `learner_`: the `OnlineLearner`.
    - `n_features_in_`, `feature_names_in_`: the features of an element, and their names, if it was a dict.

    **Example**

    >>> import math
    >>> from throughtime import OnlineRegressor
    >>> model, errors = OnlineRegressor(cell="elman", learning_rate=0.01, random_state=0), []
    >>> for t in range(2000):
    ...     x, y = {"now": math.sin(0.3 * t)}, math.sin(0.3 * t + 0.3)
    ...     errors.append(abs(y - model.predict_one(x)))
    ...     model.learn_one(x, y)
    >>> sum(errors[-100:]) < 0.2 * sum(errors[:100])
    True
    """

    _task = Regress
    _target = 0.0

    def learn_one(self, x: Any, y: Any) -> None:
        """Read one element and learn from its target.

        Arguments:
            x: a dict of numbers by name, always the same names, or an array `[feature]`.
            y: a finite number.

        **Raises**

            ValueError: x or y cannot be used, or a parameter is out of range (`DataError`, `OptionError`).
            DivergedError: something became infinite or not a number; the model is as it was before.
        """
        row, names = self._element(x)
        self._learn(row, names, numbers("y", [y]))

    def predict_one(self, x: Any) -> float:
        """Return the number for an element that comes next, and change nothing; 0 before the first one."""
        output = self._output(x)
        return 0.0 if output is None else float(output[0])

    def partial_fit(self, X: Any, y: Any) -> OnlineRegressor:
        """Read elements in order, as many calls of `learn_one`.

        Arguments:
            X: `[time, feature]`, where the stream goes on.
            y: a number for each, `[time]`.
        """
        rows, names = self._elements(X)
        self._learn(rows, names, numbers("y", one_column(self, y)))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return numbers for the elements that come next, `[time]`, learning nothing from them."""
        return self._outputs(X)[:, 0]
