"""What the estimators that learn from a stream share: making a learner, reading elements, saving."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, no_type_check

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from throughtime.core.cell import Cell
from throughtime.core.errors import DataError, ModelFolderError, choose
from throughtime.core.randomness import key_for
from throughtime.estimators.parameters import seed_from
from throughtime.networks.architecture import Architecture
from throughtime.tasks import Task
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
    feature_names_in_: Any
    classes_: Any
    random_state: Any
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
            content, arrays = stored
            self._restore(*parse_learner(content, arrays, "the pickled learner"))

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
            self.__dict__.clear()
            self.__dict__.update(before)
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
                    self.__dict__.pop(name, None)
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
                    "x is a dict, and the first elements were arrays, whose features have no names; give "
                    "arrays"
                )
            names = list(x) if known is None else list(known)
            if set(names) != set(x):
                missing, extra = [n for n in names if n not in x], [n for n in x if n not in names]
                raise DataError(
                    f"x has other features than the first element (missing: {missing or 'none'}, unknown: "
                    f"{extra or 'none'}); give {names}"
                )
            x = [x[name] for name in names]
        row = numbers("x", x)
        if row.ndim != 1 or not row.size:
            raise DataError(f"x has shape {row.shape}; give a dict of numbers, or an array [feature]")
        return row[None], names

    def _elements(self, X: Any) -> tuple[np.ndarray, list[Any] | None]:
        """Return elements as `[time, feature]`, and the names of a table's columns."""
        names = list(X.columns) if hasattr(X, "columns") else None
        array = numbers("X", X)
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


def numbers(name: str, given: Any) -> np.ndarray:
    """Return what was given as an array of numbers; raise `DataError` if it is none."""
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
