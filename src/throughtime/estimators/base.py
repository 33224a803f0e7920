"""What the estimators of sequences share: fitting, going on with new data, answering."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from throughtime.core.errors import OptionError
from throughtime.data.dataset import Encoded
from throughtime.data.memory import MemorySource
from throughtime.estimators.inputs import raw_sequences
from throughtime.estimators.parameters import flat
from throughtime.estimators.saving import SavedEstimator
from throughtime.networks.architecture import Architecture
from throughtime.tasks import Outputs, Target, TaughtTask
from throughtime.training.checkpoint import Position, Run
from throughtime.training.model import Model
from throughtime.training.passes import one_pass, open_run
from throughtime.training.preparation import Prepared, prepare
from throughtime.training.pretrained import starting_network
from throughtime.training.settings import DataSettings, Settings


class SequenceEstimator(SavedEstimator):
    """The base of the estimators: one model, trained on sequences in memory."""

    n_features_in_: int

    def _source(self, X: Any, targets: list[Target]) -> MemorySource:
        """Return what a new model is trained on."""
        return MemorySource(raw_sequences(self, X, reset=True), targets)

    def _start(self, X: Any, targets: list[Target], task: TaughtTask | None) -> None:
        """Make the first pass of all, with an encoder (and a task, if there is none) fitted to this data."""
        settings = self._settings()
        with closing(prepare(self._source(X, targets), _all_for_training(settings), task=task)) as prepared:
            network, notes = starting_network(settings, prepared.encoder, prepared.task)
            run = open_run(network, settings.training)
            told = replace(prepared, notes=(*prepared.notes, *notes))
            self._pass(run, told, settings, prepared.train.boundaries)

    def _go_on(self, X: Any, targets: list[Target]) -> None:
        """Make one more pass, with the encoder and the task as they are."""
        model = self.model_
        settings = self._settings_to_go_on(model.settings)
        source = MemorySource(raw_sequences(self, X, reset=False), targets)
        run = self._run
        if run is None:
            history = self.history_
            position = Position(epoch=len(history), history=tuple(history))
            run = open_run(model.network, settings.training, position)
        prepared = prepare(source, _all_for_training(settings), encoder=model.encoder, task=model.task)
        with closing(prepared):
            self._pass(run, prepared, settings, model.boundaries)

    def _pass(
        self, run: Run, prepared: Prepared[Encoded], settings: Settings, boundaries: tuple[int, ...]
    ) -> None:
        data = replace(prepared.train, boundaries=boundaries)
        run = one_pass(run, prepared.task, data, settings.training, seed=settings.seed)
        history = list(run.position.history)
        report = {
            "train_sequences": len(data),
            "validation_sequences": 0,
            "epochs": len(history),
            "best_epoch": len(history),
            "stopped": "epochs",
            "notes": list(prepared.notes),
            "history": history,
        }
        self.model_ = Model(settings, prepared.encoder, prepared.task, run.network, boundaries, report)
        self._run = run

    def _settings_to_go_on(self, before: Settings) -> Settings:
        """Return the settings for one more pass; raise `OptionError` if they do not fit the weights there
        are."""
        now, then = flat(self._settings()), flat(before)
        fixed = {*DataSettings.model_fields, *Architecture.model_fields, "optimizer"}
        for name, value in now.items():
            if name in fixed and value != then[name]:
                raise OptionError(
                    f"{name} was changed from {then[name]!r} to {value!r}, and the model that partial_fit is "
                    "to go "
                    "on with was made with the former; set it back, or start again with fit"
                )
        return self._settings().model_copy(update={"seed": before.seed, "data": before.data})

    def _outputs(self, X: Any) -> Outputs:
        """Return what the task reads of the network's outputs, or finds, for X."""
        check_is_fitted(self)
        source = MemorySource(raw_sequences(self, X, reset=False))
        with closing(self.model_.encode(source)) as data:
            return self.model_.outputs(data)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _all_for_training(settings: Settings) -> Settings:
    """Hold nothing out: passes over other data each have no best one among them."""
    return settings.model_copy(update={"training": settings.training.model_copy(update={"validation": 0.0})})
