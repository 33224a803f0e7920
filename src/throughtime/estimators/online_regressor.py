"""Numbers for the elements of a stream: River's verbs for one, scikit-learn's for many."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin

from throughtime.core.errors import DataError
from throughtime.estimators.online import OnlineEstimator
from throughtime.estimators.online_elements import numbers
from throughtime.estimators.targets import one_column


class OnlineRegressor(RegressorMixin, OnlineEstimator):
    """Learns to give each element of a stream a number, from it and all that came before.

    Neither features nor targets are scaled, unless a model to start from has scales: give them in units near
    1. Parameters are those of `__init__`, each with its range and default there.

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
    ...     _ = model.learn_one(x, y)
    >>> sum(errors[-100:]) < 0.2 * sum(errors[:100])
    True
    """

    task_name: ClassVar[str] = "regress"
    _target: ClassVar[float | int] = 0.0

    def learn_one(self, x: Any, y: Any) -> OnlineRegressor:
        """Read one element and learn from its target; see `read_one`.

        Arguments:
            x: a dict of numbers by name, always the same names, or an array `[feature]`.
            y: a finite number.
        """
        self.read_one(x, y)
        return self

    def predict_one(self, x: Any) -> float:
        """Return the number for an element that comes next, and change nothing; 0 before the first one."""
        output = self._output(x)
        return 0.0 if output is None else self._columns(output)["value"]

    def fit(self, X: Any, y: Any) -> OnlineRegressor:
        """Begin anew, and read these elements in order; see `partial_fit`."""
        return self._again().partial_fit(X, y)

    def partial_fit(self, X: Any, y: Any) -> OnlineRegressor:
        """Read elements in order, as many calls of `learn_one`.

        Arguments:
            X: `[time, feature]`, where the stream goes on.
            y: a finite number for each, `[time]`.

        **Raises**

            as for `read_one`
        """
        self._read(*self._elements(X), one_column(self, y))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return numbers for the elements that come next, `[time]`, learning nothing from them.

        **Raises**

            NotFittedError: nothing was learned yet.
            ValueError: X has other features than what was learned from.
        """
        return self._decoded(self._outputs(X)[:, 0])

    def _columns(self, output: np.ndarray) -> dict[str, Any]:
        return {"value": float(self._decoded(output)[0])}

    def _encoded(self, y: Any) -> np.ndarray:
        given = numbers("y", y)
        if not np.isfinite(given).all():
            raise DataError("y holds NaN or infinity; leave the target out, or fill it")
        targets = self.start_.targets
        return ((given - targets.mean) / targets.scale).astype(np.float32)

    def _decoded(self, outputs: np.ndarray) -> np.ndarray:
        return self.start_.targets.decode(outputs)
