"""Labels for the elements of a stream: River's verbs for one, scikit-learn's for many."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, no_type_check

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import unique_labels

from throughtime.core.errors import DataError, OptionError
from throughtime.estimators.online import OnlineEstimator
from throughtime.estimators.online_elements import Names
from throughtime.estimators.online_settings import StreamArchitecture, StreamStepSettings
from throughtime.estimators.targets import one_column

_NETWORK, _STEP = StreamArchitecture(), StreamStepSettings()


class OnlineClassifier(ClassifierMixin, OnlineEstimator):
    """Learns to give each element of a stream a label, from it and all that came before.

    The classes have to be known before the first element: `classes` of the constructor or of the first
    `partial_fit`, those of `fit`'s labels, or those of the model to start from. Features are not scaled,
    unless that model has scales: give them in units near 1. Parameters are those of `__init__`.

    **Attributes**

    - `classes_`: the labels, sorted.
    - `learner_`: the `OnlineLearner`.
    - `n_features_in_`, `feature_names_in_`: the features of an element, and their names, if it was a dict.

    **Example**

    >>> from throughtime import OnlineClassifier
    >>> model, right = OnlineClassifier(classes=["same", "other"], learning_rate=0.02, random_state=0), []
    >>> bits = [int(bit) for bit in f"{3**600:b}"]
    >>> for before, bit in zip(bits, bits[1:]):
    ...     label = "same" if bit == before else "other"
    ...     right.append(model.predict_one([bit]) == label)
    ...     _ = model.learn_one([bit], label)
    >>> sum(right[-100:]) > 90
    True
    """

    task_name: ClassVar[str] = "classify"
    _target: ClassVar[float | int] = 0
    classes: Any

    @no_type_check
    def __init__(
        self,
        *,
        classes: Any = None,
        cell: str = _NETWORK.cell,
        hidden_size: int = _NETWORK.hidden_size,
        layers: int = _NETWORK.layers,
        start_from: str | Path | None = None,
        rule: str = _STEP.rule,
        stride: int | None = None,
        reach: int | None = None,
        order: int | None = None,
        feedback: str | None = None,
        feedback_seed: int | None = None,
        directions: int | None = None,
        optimizer: str = _STEP.optimizer,
        learning_rate: float = _STEP.learning_rate,
        weight_decay: float = _STEP.weight_decay,
        clip_norm: float = _STEP.clip_norm,
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
            start_from=start_from,
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
        self.classes = classes

    def learn_one(self, x: Any, y: Any) -> OnlineClassifier:
        """Read one element and learn from its label; see `read_one`.

        Arguments:
            x: a dict of numbers by name, always the same names, or an array `[feature]`.
            y: one of the classes.
        """
        self.read_one(x, y)
        return self

    def predict_one(self, x: Any) -> Any:
        """Return the likeliest label of an element that comes next; None before the first one."""
        output = self._output(x)
        return None if output is None else self._columns(output)["label"]

    def predict_proba_one(self, x: Any) -> dict[Any, float]:
        """Return the probability of each class by its label; nothing before the first element."""
        output = self._output(x)
        if output is None:
            return {}
        return dict(zip(self.classes_.tolist(), self._probabilities(output).tolist(), strict=True))

    def fit(self, X: Any, y: Any) -> OnlineClassifier:
        """Begin anew, and read these elements in order; see `partial_fit`.

        The classes are those of the constructor, of the model to start from, or the labels in y.
        """
        known = self.classes is not None or self.start_from is not None
        return self._again().partial_fit(X, y, None if known else np.unique(one_column(self, y)))

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> OnlineClassifier:
        """Read elements in order, as many calls of `learn_one`.

        Arguments:
            X: `[time, feature]`, where the stream goes on.
            y: a label for each, `[time]`.
            classes: every label that will ever come, at least two; needed at the first call, unless the
                constructor or the model to start from has them.

        **Raises**

            as for `read_one`
        """
        known = getattr(self, "classes_", None)
        if classes is not None and known is not None and not _are_the_same(classes, known):
            raise OptionError(
                f"classes are {np.unique(classes).tolist()}, but at the first call they were "
                f"{known.tolist()}; give the same ones or none"
            )
        rows, names = self._elements(X)
        labels = one_column(self, y)
        if known is not None or classes is None:
            self._read(rows, names, labels)
            return self
        self.classes_ = _checked(classes)
        try:
            self._read(rows, names, labels)
        except BaseException:
            self.__dict__.pop("classes_", None)
            raise
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return labels for the elements that come next, `[time]`, learning nothing from them.

        **Raises**

            NotFittedError: nothing was learned yet.
            ValueError: X has other features than what was learned from.
        """
        likely = self.predict_proba(X).argmax(1)
        return self.classes_[likely]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class for the elements that come next, `[time, class]`."""
        return self._probabilities(self._outputs(X))

    def _begin(self, features: int, names: Names) -> None:
        if not hasattr(self, "classes_") and self.start_from is None:
            if self.classes is None:
                raise OptionError(
                    "classes have to be known before the first element, since later ones may bring labels "
                    "that it does not; pass classes= to the constructor, or to the first partial_fit"
                )
            self.classes_ = _checked(self.classes)
        asked = getattr(self, "classes_", self.classes)
        super()._begin(features, names)
        if asked is not None and not _are_the_same(asked, self.classes_):
            raise OptionError(
                f"classes are {_checked(asked).tolist()}, but those of the model to start from are "
                f"{self.classes_.tolist()}; leave classes out"
            )

    def _probabilities(self, outputs: np.ndarray) -> np.ndarray:
        return softmax(outputs[..., list(self.start_.outputs)], axis=-1)

    def _columns(self, output: np.ndarray) -> dict[str, Any]:
        likely = self._probabilities(output)
        return {"label": self.classes_[likely.argmax()].item(), "probability": round(float(likely.max()), 4)}

    def _encoded(self, y: Any) -> np.ndarray:
        labels = np.asarray(y).tolist()
        outputs = dict(zip(self.classes_.tolist(), self.start_.outputs, strict=True))
        unknown = [label for label in labels if label not in outputs]
        if unknown:
            raise DataError(
                f"y holds the label {unknown[0]!r}, which is not among the classes {self.classes_.tolist()}"
            )
        return np.array([outputs[label] for label in labels], np.int32)


def _checked(classes: Any) -> np.ndarray:
    """Return the classes, sorted; raise `OptionError` if there are fewer than two."""
    known = unique_labels(classes)
    if len(known) < 2:
        raise OptionError(f"classes are {known.tolist()}; give at least two")
    return known


def _are_the_same(classes: Any, known: np.ndarray) -> bool:
    return np.array_equal(np.unique(classes), np.sort(known))
