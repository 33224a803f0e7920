"""Labels for the elements of a stream: River's verbs for one, scikit-learn's for many."""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import unique_labels

from throughtime.core.errors import DataError, OptionError
from throughtime.estimators.online import OnlineEstimator
from throughtime.estimators.targets import one_column
from throughtime.tasks import Classify


class OnlineClassifier(ClassifierMixin, OnlineEstimator):
    """Learns to give each element of a stream a label, from it and all that came before.

    The classes have to be known before the first element: `classes` of the constructor, or of the first
    `partial_fit`. Features are not scaled: give them in units near 1.

    **Attributes**

    - `classes_`: the labels, sorted.
    - `learner_`: the `OnlineLearner`.
    - `n_features_in_`, `feature_names_in_`: the features of an element, and their names, if it was a dict.
    """

    _task = Classify
    _target = 0
    classes_: np.ndarray

    @no_type_check
    def __init__(
        self,
        *,
        classes: Any = None,
        cell: str = "gru",
        hidden_size: int = 16,
        layers: int = 1,
        rule: str = "rtrl",
        stride: int | None = None,
        reach: int | None = None,
        order: int | None = None,
        feedback: str | None = None,
        feedback_seed: int | None = None,
        directions: int | None = None,
        optimizer: str = "adamw",
        learning_rate: float = 0.003,
        weight_decay: float = 0.0,
        clip_norm: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ):
        """Store the parameters.

        Arguments:
            classes: every label that will ever come, at least two; may be left to `partial_fit`.
            others: as for `OnlineRegressor`.
        """
        super().__init__(
            cell=cell,
            hidden_size=hidden_size,
            layers=layers,
            rule=rule,
            stride=stride,
            reach=reach,
            order=order,
            feedback=feedback,
            feedback_seed=feedback_seed,
            directions=directions,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clip_norm=clip_norm,
            random_state=random_state,
        )
        self.classes: Any = classes

    def learn_one(self, x: Any, y: Any) -> None:
        """Read one element and learn from its label.

        Arguments:
            x: a dict of numbers by name, always the same names, or an array `[feature]`.
            y: one of the classes.

        **Raises**

            ValueError: x or y cannot be used, the classes are not known, or a parameter is out of range.
            DivergedError: something became infinite or not a number; the model is as it was before.
        """
        row, names = self._element(x)
        self._learn_labels(row, names, np.asarray([y]), None)

    def predict_one(self, x: Any) -> Any:
        """Return the likeliest label of an element that comes next; None before the first one."""
        output = self._output(x)
        return None if output is None else self.classes_[output.argmax()].item()

    def predict_proba_one(self, x: Any) -> dict[Any, float]:
        """Return the probability of each class by its label; nothing before the first element."""
        output = self._output(x)
        if output is None:
            return {}
        return dict(zip(self.classes_.tolist(), softmax(output).tolist(), strict=True))

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> OnlineClassifier:
        """Read elements in order, as many calls of `learn_one`.

        Arguments:
            X: `[time, feature]`, where the stream goes on.
            y: a label for each, `[time]`.
            classes: every label that will ever come; needed at the first call, unless the constructor has it.
        """
        rows, names = self._elements(X)
        self._learn_labels(rows, names, one_column(self, y), classes)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return labels for the elements that come next, `[time]`, learning nothing from them."""
        return self.classes_[self._outputs(X).argmax(1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class for the elements that come next, `[time, class]`."""
        return softmax(self._outputs(X), axis=1)

    def _output_size(self) -> int:
        return len(self.classes_)

    def _learn_labels(self, rows: np.ndarray, names: list[Any] | None, labels: Any, classes: Any) -> None:
        fresh = not hasattr(self, "learner_")
        known = self._known_classes(classes)
        unknown = [label for label in labels.tolist() if label not in set(known.tolist())]
        if unknown:
            raise DataError(
                f"y holds the label {unknown[0]!r}, which is not among the classes {known.tolist()}"
            )
        self.classes_ = known
        try:
            self._learn(rows, names, np.searchsorted(known, labels).astype(np.int32))
        except BaseException:
            if fresh:
                del self.classes_
            raise

    def _known_classes(self, given: Any) -> np.ndarray:
        if hasattr(self, "learner_"):
            if given is not None and not np.array_equal(np.unique(given), self.classes_):
                raise OptionError(
                    f"classes are {np.unique(given).tolist()}, but at the first call they were "
                    f"{self.classes_.tolist()}; give the same ones or none"
                )
            return self.classes_
        given = self.classes if given is None else given
        if given is None:
            raise OptionError(
                "classes have to be known before the first element, since later ones may bring labels that "
                "it does not; pass classes= to the constructor, or to the first partial_fit"
            )
        known = unique_labels(given)
        if len(known) < 2:
            raise OptionError(f"classes are {known.tolist()}; give at least two")
        return known
