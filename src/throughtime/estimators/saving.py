"""An estimator on disk and in a pickle: in both, the model as the two files of its folder."""

from __future__ import annotations

import warnings
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import jax
from safetensors.numpy import load, save
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from throughtime.core.errors import ModelFolderError
from throughtime.data.memory import MemorySource
from throughtime.estimators.parameters import SequenceParameters
from throughtime.training.arrays import named_arrays, with_arrays
from throughtime.training.checkpoint import Position, Run
from throughtime.training.model import Model
from throughtime.training.model_folder import from_bytes, load_model, save_model, to_bytes
from throughtime.training.runs import prepared_for, train
from throughtime.training.steps import start_optimizer

_REPORT = "estimator"
"""Where the report of a saved model keeps what only the estimator knows."""

Saved = TypeVar("Saved", bound="SavedEstimator")


class SavedEstimator(SequenceParameters):
    """An estimator that can be written to a model folder, pickled and copied."""

    model_: Model
    _run: Run | None = None
    """Where `partial_fit` goes on, with the state of its optimiser."""

    @property
    def history_(self) -> list[dict[str, Any]]:
        """A row of losses and metrics for each pass over the data."""
        return list(self.model_.report["history"])

    def _fit(self, source: MemorySource) -> None:
        """Train a new model; to be called by `fit` itself, whose caller a warning points at."""
        settings = self._settings()
        with closing(prepared_for(source, settings)) as prepared:
            self.model_ = train(prepared, settings)
        self._run = None
        report = self.model_.report
        if report["stopped"] == "diverged":
            warnings.warn(
                f"the weights are those of epoch {report['best_epoch']}: {report['explanation']}",
                ConvergenceWarning,
                stacklevel=3,
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder, which the shell's commands can read too.

        Arguments:
            folder: where to; everything is written, or nothing.
            overwrite: whether an older model there is replaced.

        **Raises**

            ModelFolderError: the folder exists and is not to be replaced, or is no model folder.
            UsageError: the disk is full or cannot be written to.
        """
        check_is_fitted(self)
        if Path(folder).exists() and not overwrite:
            raise ModelFolderError(f"{folder}: exists already; choose another folder, or pass overwrite=True")
        report = self.model_.report | {_REPORT: self._described()}
        save_model(replace(self.model_, report=report), folder, overwrite=overwrite)

    @classmethod
    def load(cls: type[Saved], folder: str | Path) -> Saved:
        """Return the estimator that a model folder holds, written by `save` or by the shell.

        Its parameters are the settings of the training, and `random_state` is the seed. A `partial_fit` that
        follows starts with a fresh optimiser.

        **Raises**

            ModelFolderError: the folder is missing, damaged, foreign, or holds a model of another task.
        """
        model = load_model(folder)
        if model.settings.task != cls.task_name:
            raise ModelFolderError(
                f"{folder}: the model in it was trained to {model.settings.task}, and {cls.__name__} is "
                f"there to {cls.task_name}; load it with the estimator of its task"
            )
        report = dict(model.report)
        described = report.pop(_REPORT, {})
        estimator = cls._with_settings(model.settings)
        estimator.model_ = replace(model, report=report)
        estimator._restore(described)
        return estimator

    def _described(self) -> dict[str, Any]:
        """Return what the estimator knows and the model does not, as JSON can hold it."""
        return {name: getattr(self, name) for name in ("n_features_in_",) if hasattr(self, name)}

    def _restore(self, described: dict[str, Any]) -> None:
        """Set what `_described` returned, or what the model alone tells."""
        if "n_features_in_" in described:
            self.n_features_in_ = described["n_features_in_"]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "model_" in state:
            state["model_"] = to_bytes(state["model_"])
        if (run := state.pop("_run", None)) is not None:
            state["_run"] = save(named_arrays(run.optimizer_state)), asdict(run.position)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        if "model_" in state:
            card, weights = state["model_"]
            state["model_"] = from_bytes(card, weights, "the pickled model")
            if "_run" in state:
                state["_run"] = _run(state["model_"], *state["_run"])
        super().__setstate__(state)


def _run(model: Model, arrays: bytes, position: dict[str, Any]) -> Run:
    training = model.settings.training
    shapes = jax.eval_shape(lambda: start_optimizer(model.network, training, 1))
    optimizer_state = with_arrays(shapes, load(arrays), "the pickled optimiser")
    return Run(model.network, optimizer_state, model.network, Position(**position))
