"""A label for each element of a sequence, the scikit-learn way."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.memory import MemorySource
from throughtime.data.records import checked_target
from throughtime.estimators.base import SequenceEstimator
from throughtime.estimators.inputs import raw_sequences
from throughtime.tasks import Label, Target


class SequenceLabeller(SequenceEstimator):
    """Learns to give each element of a sequence a label.

    A sequence is an array `[time]` or `[time, feature]`, a list of words or other symbols, or a text, each
    letter of which is an element. X is a list of sequences of any lengths, or an array `[sequence, time,
    feature]`. What the sequences are made of is recognised from the data, unless `kind` says it.

    Parameters are those of `__init__`, each with its range and default there. `head="crf"` weighs whole rows
    of labels against one another.

    **Attributes**

    - `model_`: the trained `Model`: encoder, network, task and report.
    - `history_`: a row of losses and metrics for each pass over the data.
    - `n_features_in_`: the columns of X, if X was a 2-D array; not set otherwise.

    **Differs from**

        scikit-learn, whose y is an array: here it is a list of lists, as sequences differ in length.

    **Example**

    >>> from throughtime import SequenceLabeller
    >>> words = [["x", "y", "x"], ["y", "y", "x", "x"], ["x", "x"], ["y", "x", "y", "y"]] * 10
    >>> same = [["new" if a != b else "again" for a, b in zip([None, *row], row)] for row in words]
    >>> model = SequenceLabeller(cell="gru", hidden_size=8, learning_rate=0.03, random_state=0)
    >>> model.fit(words, same).predict([["y", "x", "x", "y"]])
    [['new', 'new', 'again', 'new']]
    """

    task_name: ClassVar[str] = "label"

    def fit(self, X: Any, y: Any) -> SequenceLabeller:
        """Train a new model.

        Arguments:
            X: sequences; see the class.
            y: for each a list of labels, or a text whose letters are the labels; one for each element.

        **Raises**

            ValueError: X or y cannot be used as they are, or a parameter is out of range (`DataError`,
                `OptionError`).
            DivergedError: the loss became infinite or not a number before one epoch was complete. Later on, a
                `ConvergenceWarning` says so, and the weights are those of the best epoch.
        """
        self._fit(self._source(X, _rows(y)))
        return self

    def predict(self, X: Any) -> list[Target]:
        """Return a list of labels for each sequence.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: X cannot be read as what the model was trained on.
        """
        outputs = self._outputs(X)
        return self.model_.answering.answers(outputs)

    def score(self, X: Any, y: Any) -> float:
        """Return the F1 of whole spans if the labels mark some (BIO or BIOES), else the accuracy.

        **Raises**

            ValueError: as for `predict`; or y does not fit X, or holds an unknown label.
        """
        outputs = self._outputs(X)
        task = self.model_.task
        assert isinstance(task, Label)
        rows = _rows(y)
        for record in MemorySource(raw_sequences(self, X, reset=False), rows):
            task.check(record)
        with task.kept(task.encode(row, Place(f"y[{number}]")) for number, row in enumerate(rows)) as truth:
            return task.scores(outputs, truth)[task.main_metric]


def _rows(y: Any) -> list[Target]:
    """Return y as a list of lists of labels."""
    if y is None or isinstance(y, str) or not hasattr(y, "__len__"):
        raise DataError("y is to be a list with a list of labels for each sequence")
    return [
        row if isinstance(row, str) else checked_target(np.asarray(row, object), Place(f"y[{number}]"))
        for number, row in enumerate(y)
    ]
