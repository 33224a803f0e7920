"""What the estimators that learn from a stream share: making a learner, reading elements, saving."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, TypeVar, no_type_check

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from throughtime.core.errors import DataError, ModelFolderError, choose
from throughtime.core.sequence_map import Network
from throughtime.estimators.online_elements import Names, many_elements, one_element
from throughtime.estimators.online_settings import NETWORK, STEP, StreamArchitecture, StreamStepSettings
from throughtime.estimators.online_start import Start, fresh_start, start_from_model
from throughtime.estimators.parameters import seed_from
from throughtime.learning.rule import check_is_cell
from throughtime.tasks import TASKS
from throughtime.training.online import OnlineLearner
from throughtime.training.online_folder import (
    SavedLearner,
    learner_bytes,
    parse_learner,
    read_learner,
    write_learner,
)
from throughtime.training.optimizers import OPTIMIZERS
from throughtime.training.steps import optimizer_of

Online = TypeVar("Online", bound="OnlineEstimator")

_NETWORK, _STEP = StreamArchitecture(), StreamStepSettings()


class OnlineEstimator(BaseEstimator):
    """What the estimators of streams share. The stream is one sequence: what came before is remembered."""

    task_name: ClassVar[str]
    """Name of the task, as in `Settings.task`."""

    start_from: Any
    random_state: Any
    learner_: OnlineLearner
    start_: Start
    seed_: int
    classes_: np.ndarray
    n_features_in_: int
    feature_names_in_: np.ndarray
    _target: ClassVar[float | int]

    # As scikit-learn has it, nothing is refused here: the first element does, with the parameter's name.
    @no_type_check
    def __init__(
        self,
        *,
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
            cell: name of the recurrent cell; several, joined by commas, name the cell of each layer.
            hidden_size: units of each recurrent layer, at least 1.
            layers: number of recurrent layers, at least 1.
            start_from: folder of a saved model of numbers whose network, scales and classes the stream starts
                from; cell, hidden_size and layers are then the model's. Fresh weights when None.
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
        self.start_from = start_from
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

    @abstractmethod
    def _columns(self, output: np.ndarray) -> dict[str, Any]:
        """Return the answer that an output is, by name."""

    @abstractmethod
    def _encoded(self, y: Any) -> np.ndarray:
        """Return targets as the learner takes them, `[time]`."""

    def read_one(self, x: Any, y: Any = None) -> dict[str, Any]:
        """Return the answer to an element, and then learn from its target: both at the cost of learning.

        Arguments:
            x: a dict of numbers by name, always the same names, or an array `[feature]`.
            y: its target; without one, memory goes on and nothing is learned.

        **Raises**

            ValueError: x or y cannot be used, or a parameter is out of range (`DataError`, `OptionError`).
            DivergedError: something became infinite or not a number; the model is as it was before.
        """
        rows, names = self._element(x)
        return self._columns(self._read(rows, names, None if y is None else [y])[0])

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
        learner = self.learner_
        write_learner(
            Path(folder),
            learner.position(),
            learner.arrays(),
            overwrite=overwrite,
            estimator=self._described(),
        )

    @classmethod
    def load(cls: type[Online], folder: str | Path) -> Online:
        """Return the estimator that `save` wrote, which goes on as if there had been no stop.

        **Raises**

            ModelFolderError: the folder is missing, damaged, foreign, or of another estimator.
        """
        saved = read_learner(Path(folder))
        described = saved.estimator
        if described.get("class") != cls.__name__:
            raise ModelFolderError(
                f"{folder}: holds {described.get('class', 'a learner without an estimator')}, and this is "
                f"{cls.__name__}; load it with what saved it"
            )
        estimator = cls(**described["parameters"])
        estimator._restore(saved)
        return estimator

    def _described(self) -> dict[str, Any]:
        parameters = _plain(self.get_params(deep=False) | {"random_state": self.seed_})
        described = {
            "class": type(self).__name__,
            "parameters": parameters,
            "start": self.start_.model_dump(mode="json"),
        }
        if hasattr(self, "feature_names_in_"):
            described["names"] = self.feature_names_in_.tolist()
        if hasattr(self, "classes_"):
            described["classes"] = [self.classes_.tolist(), self.classes_.dtype.str]
        return described

    def _restore(self, saved: SavedLearner) -> None:
        described = saved.estimator
        self.seed_ = described["parameters"]["random_state"]
        self.start_ = Start.parse(described["start"], saved.source)
        self.n_features_in_ = self.start_.inputs.feature_count
        if "names" in described:
            self.feature_names_in_ = np.array(described["names"], object)
        if "classes" in described:
            self.classes_ = np.array(*described["classes"])
        learner = self._learner(self.start_.network(self.seed_))
        learner.take(saved)
        self.learner_ = learner

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if (learner := state.pop("learner_", None)) is not None:
            state["learner_"] = learner_bytes(learner.position(), learner.arrays(), self._described())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        stored = state.pop("learner_", None)
        super().__setstate__(state)
        if stored is not None:
            card, arrays = stored
            self._restore(parse_learner(card, arrays, "the pickled learner"))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "learner_")

    def _learner(self, network: Network) -> OnlineLearner:
        """Return a learner of a network; raise `OptionError` on the first parameter that is wrong."""
        given = _plain(self.get_params(deep=False))
        choose("optimizer", given["optimizer"], OPTIMIZERS)
        settings = StreamStepSettings.parse({name: given[name] for name in STEP})
        return OnlineLearner(
            check_is_cell(given["rule"], network),
            TASKS[self.task_name].loss,
            rule=settings.made_rule(),
            optimizer=optimizer_of(settings, 1),
            target=self._target,
            seed=self.seed_,
        )

    def _begin(self, features: int, names: Names) -> None:
        """Make the learner for the first elements; a classifier's classes are known by then."""
        parameters = self.get_params(deep=False)
        self.seed_ = seed_from(self.random_state)
        if self.start_from is None:
            given = {name: parameters[name] for name in NETWORK}
            self.start_ = fresh_start(_plain(given), features, len(getattr(self, "classes_", ())))
            network = self.start_.network(self.seed_)
        else:
            defaults = type(self)().get_params(deep=False)
            self.start_, network, classes = start_from_model(
                self.start_from, parameters, defaults, self.task_name
            )
            if len(classes):
                self.classes_ = classes
        self.n_features_in_ = self.start_.inputs.feature_count
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        self.learner_ = self._learner(network)

    def _read(self, rows: np.ndarray, names: Names, y: Any) -> np.ndarray:
        """Answer elements and learn from their targets; leave all as it was if that fails."""
        before = None if hasattr(self, "learner_") else dict(vars(self))
        try:
            if before is not None:
                self._begin(rows.shape[1], names)
            rows = self._scaled(rows)
            if y is None:
                unknown = np.full(len(rows), self._target, np.asarray(self._target).dtype)
                learned = self.learner_.learn_many(rows, unknown, np.zeros(len(rows)))
            else:
                learned = self.learner_.learn_many(rows, self._encoded(y))
        except BaseException:
            if before is not None:
                self.__dict__ = before
            raise
        return learned.outputs.astype(np.float64)

    def _again(self: Online) -> Online:
        """Forget all that was learned."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            delattr(self, name)
        return self

    def _scaled(self, rows: np.ndarray) -> np.ndarray:
        if rows.shape[1] != self.n_features_in_:
            raise DataError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        if not np.isfinite(rows).all():
            raise DataError("x holds NaN or infinity; leave such elements out, or fill them")
        return self.start_.inputs.encode(rows) if len(rows) else rows.astype(np.float32)

    @property
    def _names(self) -> Names:
        return list(self.feature_names_in_) if hasattr(self, "feature_names_in_") else None

    def _element(self, x: Any) -> tuple[np.ndarray, Names]:
        return one_element(x, self._names, begun=hasattr(self, "learner_"))

    def _elements(self, X: Any) -> tuple[np.ndarray, Names]:
        return many_elements(X, self._names)

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        rows, _ = self._elements(X)
        return self.learner_.predict_many(self._scaled(rows)).astype(np.float64)

    def _output(self, x: Any) -> np.ndarray | None:
        """Return the output for an element that comes next; nothing before the first one."""
        rows, _ = self._element(x)
        if not hasattr(self, "learner_"):
            return None
        return self.learner_.predict_one(self._scaled(rows)[0]).astype(np.float64)


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON and pydantic take them, without arrays, NumPy's numbers and paths."""
    return {
        name: value.tolist()
        if isinstance(value, np.ndarray | np.generic)
        else str(value)
        if isinstance(value, Path)
        else value
        for name, value in parameters.items()
    }
