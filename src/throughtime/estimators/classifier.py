"""Labels for whole sequences, the scikit-learn way."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from throughtime.core.errors import DataError, OptionError
from throughtime.data.encoders import label_name
from throughtime.estimators.base import SequenceEstimator
from throughtime.estimators.targets import one_column
from throughtime.tasks import Classify, Target


class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """Learns to give each sequence a label.

    A sequence is an array `[time]` or `[time, feature]`, a text, or a list of symbols. X is a list of
    sequences of any lengths, a 2-D array (each row a sequence of single numbers), or a 3-D array `[sequence,
    time, feature]`. What the sequences are made of is recognised from the data, unless `kind` says it.

    Parameters are those of `__init__`, each with its range and default there.

    **Attributes**

    - `classes_`: the labels, sorted.
    - `model_`: the trained `Model`: encoder, network, task and report.
    - `history_`: a row of losses and metrics for each pass over the data.
    - `n_features_in_`: the columns of X, if X was a 2-D array; not set otherwise.

    **Example**

    >>> from throughtime import SequenceClassifier
    >>> words = ["abab", "ababab", "abababab", "aabb", "aaabbb", "aaaabbbb"] * 5
    >>> labels = ["turns", "turns", "turns", "blocks", "blocks", "blocks"] * 5
    >>> model = SequenceClassifier(cell="gru", hidden_size=8, learning_rate=0.03, random_state=0)
    >>> model.fit(words, labels).predict(["ababababab", "aaaaabbbbb"]).tolist()
    ['turns', 'blocks']
    """

    task_name: ClassVar[str] = "classify"
    classes_: np.ndarray

    def fit(self, X: Any, y: Any) -> SequenceClassifier:
        """Train a new model.

        Arguments:
            X: sequences; see the class.
            y: a label for each, `[sequence]`: texts, whole numbers or truth values, of at least two classes.

        **Raises**

            ValueError: X or y cannot be used as they are, or a parameter is out of range (`DataError`,
                `OptionError`).
            DivergedError: the loss became infinite or not a number before one epoch was complete. Later on, a
                `ConvergenceWarning` says so, and the weights are those of the best epoch.
        """
        labels = self._labels(y)
        classes = np.unique(labels)
        if len(classes) == 1:
            raise DataError(
                f"y holds one class only, {classes.tolist()[0]!r}; give sequences of at least two classes"
            )
        self._fit(self._source(X, _names(labels)))
        self.classes_ = classes
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> SequenceClassifier:
        """Go on training, with one pass over these sequences.

        The first call fits the encoder (vocabulary, scale) to its sequences and makes fresh weights, so let
        it see data like all that follows. The optimiser keeps its state from call to call. Nothing is held
        out, so `epochs`, `validation`, `patience` and `metric` play no part. After `fit`, the model of that
        is trained further, with a fresh optimiser.

        Arguments:
            X: sequences; see the class.
            y: a label for each.
            classes: every label that will ever come, at least two; needed at the first call and only there.

        **Raises**

            ValueError: as for `fit`; a label is not among the classes; a parameter that the weights depend on
                has changed; or the schedule has an end.
            DivergedError: the loss became infinite or not a number; the model is as it was before the call.
        """
        labels = self._labels(y)
        if hasattr(self, "model_"):
            known = self.classes_
            if classes is not None and not np.array_equal(np.unique(classes), known):
                raise OptionError(
                    f"classes are {np.unique(classes).tolist()}, but at the first call they were "
                    f"{known.tolist()}; "
                    "give the same ones or none"
                )
        elif classes is None:
            raise OptionError(
                "classes have to be given at the first call of partial_fit, since later data may hold some "
                "that "
                "this data does not; pass classes=np.unique(all labels)"
            )
        else:
            known = unique_labels(classes)
        unknown = np.setdiff1d(labels, known)
        if len(unknown):
            raise DataError(
                f"y holds the label {unknown.tolist()[0]!r}, which is not among the classes {known.tolist()}"
            )
        if hasattr(self, "model_"):
            self._go_on(X, _names(labels))
            return self
        names = _names(labels)
        numbers, counts = np.unique(labels, return_counts=True)
        every = Classify.fit([(name, None) for name in _names(known)])
        majority = every.encode(label_name(numbers[counts.argmax()]))
        self._start(X, names, every.model_copy(update={"majority": majority}))
        self.classes_ = known
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each sequence, `[sequence]`.

        **Raises**

            NotFittedError: `fit` was not called before.
            ValueError: X cannot be read as what the model was trained on.
        """
        answers = self._logits(X).argmax(1)
        return self.classes_[answers]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, `[sequence, class]`, in the order of `classes_`."""
        return softmax(self._logits(X), axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of `predict_proba`, exact for small probabilities too."""
        return log_softmax(self._logits(X), axis=1)

    def _logits(self, X: Any) -> np.ndarray:
        """Return the outputs in the order of `classes_`, in float64, so that probabilities add up to 1."""
        return self._outputs(X).astype(np.float64)[:, self.outputs_of_classes()]

    def outputs_of_classes(self) -> list[int]:
        """Return which output of the network stands for each of `classes_`."""
        # The task sorts labels that are numbers by value even if they are texts, and NumPy does not.
        return [int(self.model_.taught.encode(name)) for name in _names(self.classes_)]

    def _labels(self, y: Any) -> np.ndarray:
        labels = one_column(self, y)
        try:
            check_classification_targets(labels)
            unique_labels(labels)
        except TypeError:
            raise DataError("y mixes texts and numbers; give labels of one type") from None
        return labels

    def _described(self) -> dict[str, Any]:
        classes = {"classes": self.classes_.tolist(), "dtype": self.classes_.dtype.str}
        return super()._described() | classes

    def _restore(self, described: dict[str, Any]) -> None:
        super()._restore(described)
        # A model that the shell has trained knows its labels as texts.
        task = self.model_.task
        assert isinstance(task, Classify)
        self.classes_ = np.array(described.get("classes", task.labels.names), described.get("dtype"))


def _names(labels: np.ndarray) -> list[Target]:
    """Return the labels as the task knows them: by their text."""
    return [label_name(label) for label in labels]
