"""Numbers for whole sequences, the scikit-learn way."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin

from throughtime.core.errors import DataError
from throughtime.estimators.base import SequenceEstimator
from throughtime.estimators.targets import one_column
from throughtime.tasks import Target


class SequenceRegressor(RegressorMixin, SequenceEstimator):
    """Learns to give each sequence a number.

    A sequence is an array `[time]` or `[time, feature]`, a text, or a list of symbols. X is a list of
    sequences of any lengths, a 2-D array (each row a sequence of single numbers), or a 3-D array `[sequence,
    time, feature]`. What the sequences are made of is recognised from the data, unless `kind` says it.

    Parameters are those of `__init__`, each with its range and default there.

    **Attributes**

    - `model_`: the trained `Model`: encoder, network, task and report.
    - `history_`: a row of losses and metrics for each pass over the data.
    - `n_features_in_`: the columns of X, if X was a 2-D array; not set otherwise.

    **Example**

    >>> import numpy as np
    >>> from throughtime import SequenceRegressor
    >>> random = np.random.default_rng(0)
    >>> sequences = [random.uniform(size=length) for length in random.integers(3, 6, size=300)]
    >>> sums = [sequence.sum() for sequence in sequences]
    >>> model = SequenceRegressor(cell="gru", hidden_size=16, learning_rate=0.02, random_state=0)
    >>> bool(model.fit(sequences[:250], sums[:250]).score(sequences[250:], sums[250:]) > 0.9)
    True
    """

    task_name: ClassVar[str] = "regress"

    def fit(self, X: Any, y: Any) -> SequenceRegressor:
        """Train a new model.

        Arguments:
            X: sequences; see the class.
            y: a finite number for each, `[sequence]`.

        **Raises**

            ValueError: X or y cannot be used as they are, or a parameter is out of range (`DataError`,
                `OptionError`).
            DivergedError: the loss became infinite or not a number before one epoch was complete. Later on, a
                `ConvergenceWarning` says so, and the weights are those of the best epoch.
        """
        self._fit(self._source(X, self._numbers(y)))
        return self

    def partial_fit(self, X: Any, y: Any) -> SequenceRegressor:
        """Go on training, with one pass over these sequences.

        The first call fits the encoder (vocabulary, scale) and the scale of the targets to its data and makes
        fresh weights, so let it see data like all that follows. The optimiser keeps its state from call to
        call. Nothing is held out, so `epochs`, `validation`, `patience` and `metric` play no part. After
        `fit`, the model of that is trained further, with a fresh optimiser.

        Arguments:
            X: sequences; see the class.
            y: a finite number for each.

        **Raises**

            ValueError: as for `fit`; a parameter that the weights depend on has changed; or the schedule has
                an end.
            DivergedError: the loss became infinite or not a number; the model is as it was before the call.
        """
        numbers = self._numbers(y)
        if hasattr(self, "model_"):
            self._go_on(X, numbers)
        else:
            self._start(X, numbers, None)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the number of each sequence, `[sequence]`.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: X cannot be read as what the model was trained on.
        """
        outputs = self._outputs(X)
        return np.array(self.model_.answering.answers(outputs), np.float64)

    def _numbers(self, y: Any) -> list[Target]:
        column = one_column(self, y)
        try:
            return column.astype(np.float64).tolist()
        except (TypeError, ValueError) as error:
            raise DataError(f"y is to hold numbers, one a sequence, and does not: {error}") from None
