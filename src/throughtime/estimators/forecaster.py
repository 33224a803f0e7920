"""The next values of series, the scikit-learn way."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from throughtime.core.errors import DataError, Place, ShapeError
from throughtime.data.memory import MemorySource
from throughtime.estimators.saving import SavedEstimator
from throughtime.tasks import Forecast
from throughtime.training.series_preparation import series_of


class SequenceForecaster(SavedEstimator):
    """Learns what comes next in series of numbers.

    X is one series, an array `[time]` or `[time, feature]`, or a list of several, which may differ in length.
    `horizon` says how many steps ahead are forecast, and `values` which of the features, as their numbers
    from 1; the others are only read.

    Parameters are those of `__init__`, each with its range and default there.

    **Attributes**

    - `model_`: the trained `Model`: encoder, network, task and report.
    - `history_`: a row of losses and metrics for each pass over the series.

    **Differs from**

        scikit-learn, whose X holds many samples: here a single series is X by itself, and there is no y.

    **Example**

    >>> import numpy as np
    >>> from throughtime import SequenceForecaster
    >>> wave = np.sin(np.arange(400) / 5)
    >>> model = SequenceForecaster(horizon=3, cell="echo_state", hidden_size=50, optimizer="ridge",
    ...     regularisation=1e-6, random_state=0)
    >>> np.allclose(model.fit(wave[:300]).predict(wave[:300]), wave[300:303], atol=0.01)
    True
    """

    task_name: ClassVar[str] = "forecast"

    def fit(self, X: Any, y: Any = None) -> SequenceForecaster:
        """Train a new model.

        Arguments:
            X: series; see the class.
            y: not looked at.

        **Raises**

            ValueError: X cannot be used as it is, or a parameter is out of range (`DataError`,
                `OptionError`).
            DivergedError: the loss became infinite or not a number before one epoch was complete. Later on, a
                `ConvergenceWarning` says so, and the weights are those of the best epoch.
        """
        self._fit(_source(X))
        return self

    def predict(self, X: Any) -> Any:
        """Return what comes after the end of each series, in its own units.

        **Shapes**

            `[horizon]`, or `[horizon, value]` of several; a list of such for a list of series

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: X cannot be read as what the model was trained on.
        """
        found = [np.array(answer) for answer in self._task.answers(self._outputs(X))]
        return found if isinstance(X, list | tuple) else found[0]

    def predict_quantiles(self, X: Any) -> Any:
        """Return the quantiles of what comes after the end of each series.

        **Shapes**

            `[horizon, quantile]`, or `[horizon, value, quantile]` of several; a list of such for a list of
            series

        **Raises**

            DataError: the model was trained without quantiles.
            NotFittedError, ValueError: as for `predict`.
        """
        task = self._task
        if task.quantiles is None:
            raise DataError("the model has no quantiles; fit one with quantiles=(0.1, 0.5, 0.9), say")
        ends = np.stack([output[-1] for output in self._outputs(X)])
        quantiles = task.forecasts(ends).quantiles
        assert quantiles is not None
        found = [one[:, 0] if len(task.names) == 1 else one for one in quantiles]
        return found if isinstance(X, list | tuple) else found[0]

    def score(self, X: Any, y: Any = None) -> float:
        """Return how much smaller the squared error is than that of the last value, as a share of the latter:
        1 is perfect, 0 no better. Forecasts count from the `history`-th step of each series on.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: X cannot be read as what the model was trained on, or a series is too short.
        """
        task = self._task
        source = _source(X)
        errors, naive = 0.0, 0.0
        for (series, place), output in zip(series_of(source, None), self._outputs(X), strict=True):
            task.check_length(len(series), place)
            origins = task.origins(len(series))
            truth = task.truth(series, origins)
            floor = next(iter(task.floors(series, origins).values()))
            errors += float(((truth - task.forecasts(output[origins]).values) ** 2).sum())
            naive += float(((truth - floor.values) ** 2).sum())
        return 1 - errors / naive if naive else float(errors == 0)

    @property
    def _task(self) -> Forecast:
        check_is_fitted(self)
        task = self.model_.task
        assert isinstance(task, Forecast)
        return task

    def _outputs(self, X: Any) -> list[np.ndarray]:
        check_is_fitted(self)
        with self.model_.encode(_source(X)) as data:
            outputs: list[np.ndarray] = self.model_.outputs(data)
        return outputs


def _source(X: Any) -> MemorySource:
    """Return the series in X, or raise what is wrong with them."""
    if isinstance(X, list | tuple) and not all(np.ndim(one) in (1, 2) for one in X):
        raise ShapeError(
            "X is a list, and not all in it are series [time] or [time, feature]; give a list of series, or "
            "a single one as an array"
        )
    listed = list(X) if isinstance(X, list | tuple) else [X]
    if not listed:
        raise DataError("X holds no series; give at least one")
    series = []
    for number, one in enumerate(listed):
        array = np.asarray(one)
        if array.ndim not in (1, 2):
            raise ShapeError(
                f"X has the shape {list(array.shape)}; give a series [time] or [time, feature], or a list of "
                "such"
            )
        if array.dtype.kind not in "biuf":
            raise DataError(f"holds {array.dtype} values, and a series is of numbers", Place(f"X[{number}]"))
        series.append(array)
    return MemorySource(series)
