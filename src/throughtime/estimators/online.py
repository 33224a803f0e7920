"""Estimators that learn from a stream: River's verbs for one element, scikit-learn's for many."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, no_type_check

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from throughtime.core.cell import Cell
from throughtime.core.errors import DataError, ModelFolderError, OptionError, choose
from throughtime.core.randomness import key_for
from throughtime.estimators.parameters import seed_from
from throughtime.estimators.targets import one_column
from throughtime.networks.architecture import Architecture
from throughtime.tasks import Classify, Regress, Task
from throughtime.training.online import OnlineLearner
from throughtime.training.online_folder import Fill, learner_bytes, parse_learner, read_learner, write_learner
from throughtime.training.optimizers import OPTIMIZERS
from throughtime.training.settings import StepSettings
from throughtime.training.steps import optimizer_of

Online = TypeVar("Online", bound="OnlineEstimator")

_NETWORK = ("cell", "hidden_size", "layers")
_STEP = (
    *("rule", "stride", "reach", "order", "feedback", "feedback_seed", "directions"),
    *("optimizer", "learning_rate", "weight_decay", "clip_norm"),
)
_LEARNED = ("seed_", "n_features_in_", "feature_names_in_", "classes_")


class OnlineEstimator(BaseEstimator):
    """What the estimators of streams share. The stream is one sequence: what came before is remembered."""

    learner_: OnlineLearner
    """The learner; see `OnlineLearner`."""
    n_features_in_: int
    _task: type[Task]
    _target: float | int

    # As scikit-learn has it, nothing is refused here: the first element does, with the parameter's name.
    @no_type_check
    def __init__(
        self,
        *,
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
            cell: name of the recurrent cell; several, joined by commas, name the cell of each layer.
            hidden_size: units of each recurrent layer, at least 1.
            layers: number of recurrent layers, at least 1.
            rule: name of an online learning rule.
            stride, reach: of the rule `"truncated_bptt"`: an element learns at once, whatever the stride, and
                its loss flows back through itself and the reach - stride elements before it.
            order: of the rule `"snap"`, at least 1.
            feedback, feedback_seed: of the rules `"eprop"` and `"rflo"`.
            directions: of the rule `"forward_gradient"`, at least 1.
            optimizer: name of the optimiser.
            learning_rate: step size, above 0.
            weight_decay: pull of the weight matrices towards zero, at least 0.
            clip_norm: longest gradient; 0 for no clipping.
            random_state: seed of the weights and of the rule's randomness.
        """
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.rule = rule
        self.stride = stride
        self.reach = reach
        self.order = order
        self.feedback = feedback
        self.feedback_seed = feedback_seed
        self.directions = directions
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.random_state = random_state

    def reset(self: Online) -> Online:
        """Begin a new sequence: what came before is forgotten, what was learned is not."""
        check_is_fitted(self)
        self.learner_.reset()
        return self

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the learner with all that it carries; complete, or not at all.

        **Raises**

            NotFittedError: nothing was learned yet.
            ModelFolderError: the folder exists and is not to be replaced, or holds something else.
            UsageError: the disk is full or cannot be written to.
        """
        check_is_fitted(self)
        write_learner(Path(folder), self._facts(), self.learner_.arrays(), overwrite=overwrite)

    @classmethod
    def load(cls: type[Online], folder: str | Path) -> Online:
        """Return the estimator that `save` wrote, which goes on as if there had been no stop.

        **Raises**

            ModelFolderError: the folder is missing, damaged, foreign, or of another estimator.
        """
        facts, fill = read_learner(Path(folder))
        described = facts["estimator"] or {}
        if described.get("class") != cls.__name__:
            raise ModelFolderError(
                f"{folder}: holds {described.get('class', 'a learner without an estimator')}, and this is "
                f"{cls.__name__}; load it with what saved it"
            )
        estimator = cls(**described["parameters"])
        estimator._restore(facts, fill)
        return estimator

    def _facts(self) -> dict[str, Any]:
        parameters = self.get_params(deep=False) | {"random_state": self.seed_}
        learned = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
            if name in _LEARNED
        }
        classes = {"classes_dtype": self.classes_.dtype.str} if "classes_" in learned else {}
        described = {"class": type(self).__name__, "parameters": _plain(parameters), "learned": learned}
        return self.learner_.facts() | {"estimator": described | classes}

    def _restore(self, facts: dict[str, Any], fill: Fill) -> None:
        described = facts["estimator"]
        for name, value in described["learned"].items():
            setattr(self, name, value)
        if "feature_names_in_" in described["learned"]:
            self.feature_names_in_ = np.array(self.feature_names_in_, object)
        if "classes_" in described["learned"]:
            self.classes_ = np.array(self.classes_, described["classes_dtype"])
        learner = self._learner()
        learner.take(facts, fill)
        self.learner_ = learner

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "learner_" in state:
            state["learner_"] = learner_bytes(self._facts(), self.learner_.arrays())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        stored = state.pop("learner_", None)
        super().__setstate__(state)
        if stored is not None:
            self._restore(*parse_learner(*stored, "the pickled learner"))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "learner_")

    def _output_size(self) -> int:
        return 1

    def _learner(self) -> OnlineLearner:
        """Return a fresh learner; raise `OptionError` on the first parameter that is wrong."""
        given = _plain(self.get_params(deep=False))
        choose("optimizer", given["optimizer"], OPTIMIZERS)
        network = Architecture.parse({name: given[name] for name in _NETWORK}).build(
            feature_count=self.n_features_in_,
            output_size=self._output_size(),
            key=key_for(self.seed_, "weights"),
        )
        settings = StepSettings.parse({name: given[name] for name in _STEP})
        assert isinstance(network, Cell)
        return OnlineLearner(
            network,
            self._task.loss,
            rule=settings.made_rule(),
            optimizer=optimizer_of(settings, 1),
            target=self._target,
            seed=self.seed_,
        )

    def _start(self, features: int, names: list[Any] | None) -> None:
        """Make the learner for the first elements; leave nothing behind if that fails."""
        before = dict(vars(self))
        self.seed_ = seed_from(self.random_state)
        self.n_features_in_ = features
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        try:
            self.learner_ = self._learner()
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def _learn(self, X: np.ndarray, names: list[Any] | None, targets: Any) -> None:
        fresh = not hasattr(self, "learner_")
        if fresh:
            self._start(X.shape[1], names)
        self._check_width(X)
        try:
            self.learner_.learn_many(X, targets)
        except BaseException:
            if fresh:
                # As if it had not been called, so that the next call may bring other features.
                for name in ("learner_", "seed_", "n_features_in_", "feature_names_in_"):
                    vars(self).pop(name, None)
            raise

    def _check_width(self, X: np.ndarray) -> None:
        if X.shape[1] != self.n_features_in_:
            raise DataError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input"
            )

    def _element(self, x: Any) -> tuple[np.ndarray, list[Any] | None]:
        """Return an element as a row `[1, feature]`, and its names, if it has any."""
        names: list[Any] | None = None
        if isinstance(x, Mapping):
            known = getattr(self, "feature_names_in_", None)
            if known is None and hasattr(self, "learner_"):
                raise DataError(
                    "x is a dict, and the first elements were arrays, whose features have no names; give arrays"
                )
            names = list(x) if known is None else list(known)
            if set(names) != set(x):
                missing, extra = [n for n in names if n not in x], [n for n in x if n not in names]
                raise DataError(
                    f"x has other features than the first element (missing: {missing or 'none'}, unknown: "
                    f"{extra or 'none'}); give {names}"
                )
            x = [x[name] for name in names]
        row = _numbers("x", x)
        if row.ndim != 1 or not row.size:
            raise DataError(f"x has shape {row.shape}; give a dict of numbers, or an array [feature]")
        return row[None], names

    def _elements(self, X: Any) -> tuple[np.ndarray, list[Any] | None]:
        """Return elements as `[time, feature]`, and the names of a table's columns."""
        names = list(X.columns) if hasattr(X, "columns") else None
        array = _numbers("X", X)
        if array.ndim != 2 or not array.shape[1]:
            raise DataError(f"X has shape {array.shape}; give [time, feature], one row for each element")
        known = getattr(self, "feature_names_in_", None)
        if names is not None and known is not None and names != list(known):
            raise DataError(f"X has the columns {names}, and the first elements had {list(known)}")
        return array, names

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        rows, _ = self._elements(X)
        self._check_width(rows)
        return self.learner_.predict_many(rows).astype(np.float64)

    def _output(self, x: Any) -> np.ndarray | None:
        row, _ = self._element(x)
        if not hasattr(self, "learner_"):
            return None
        self._check_width(row)
        return self.learner_.predict_one(row[0]).astype(np.float64)


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
        self._learn(row, names, _numbers("y", [y]))

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
        self._learn(rows, names, _numbers("y", one_column(self, y)))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return numbers for the elements that come next, `[time]`, learning nothing from them."""
        return self._outputs(X)[:, 0]


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
        self.classes = classes

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
                "classes have to be known before the first element, since later ones may bring labels that it "
                "does not; pass classes= to the constructor, or to the first partial_fit"
            )
        known = unique_labels(given)
        if len(known) < 2:
            raise OptionError(f"classes are {known.tolist()}; give at least two")
        return known


def _numbers(name: str, given: Any) -> np.ndarray:
    try:
        return np.asarray(given, np.float32)
    except (TypeError, ValueError):
        raise DataError(f"{name} holds something that is no number; give numbers") from None


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON and pydantic take them, without NumPy's numbers and arrays."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for name, value in parameters.items()
    }
