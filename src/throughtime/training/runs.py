"""Whole runs: from a source and settings to a trained model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from throughtime.core.errors import DivergedError
from throughtime.data.continuous import Continuous
from throughtime.data.dataset import Encoded
from throughtime.data.records import Source
from throughtime.learning.readout import SOLVERS
from throughtime.tasks import Forecast, Generate
from throughtime.training.checkpoint_writer import CheckpointFile
from throughtime.training.loop import Fitted, fit
from throughtime.training.model import Model
from throughtime.training.piece_preparation import is_of_music, prepare_pieces
from throughtime.training.preparation import Prepared, prepare
from throughtime.training.pretrained import starting_network
from throughtime.training.progress import SILENT, Watcher
from throughtime.training.series_preparation import prepare_series
from throughtime.training.settings import Settings
from throughtime.training.solved_readout import solve_readout
from throughtime.training.text_preparation import prepare_text


def prepared_for(
    source: Source, settings: Settings, *, held_out: Source | None = None
) -> Prepared[Encoded] | Prepared[Continuous]:
    """Return the data of a source as the settings' task wants them.

    Arguments:
        held_out: the validation part; a part of the source when left out.

    **Raises**

        DataError, OptionError: see `prepare`, `prepare_text`, `prepare_pieces` and `prepare_series`.
    """
    if settings.task == Generate.model_fields["name"].default:
        if is_of_music(source, settings.data):
            return prepare_pieces(source, settings, held_out=held_out)
        return prepare_text(source, settings, held_out=held_out)
    if settings.task == Forecast.model_fields["name"].default:
        return prepare_series(source, settings, held_out=held_out)
    return prepare(source, settings, held_out=held_out)


def train(
    prepared: Prepared[Any],
    settings: Settings,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    watcher: Watcher = SILENT,
) -> Model:
    """Return the model that the settings make of prepared data.

    Arguments:
        checkpoint: file to write the run's progress to, see `fit`; none when left out.
        resume: go on from that file.
        watcher: is told how the run goes.

    **Raises**

        DivergedError: the loss was no finite number before a first epoch was complete. Later on, the model of
            the best epoch is returned, and its report says `"stopped": "diverged"`.
        InterruptedFit: the user pressed Ctrl-C; the checkpoint is on disk.
        ModelFolderError, OptionError: the model to start from is none, or does not fit.
    """
    network, notes = starting_network(settings, prepared.encoder, prepared.task)
    prepared = replace(prepared, notes=(*prepared.notes, *notes))
    file = None
    if checkpoint is not None:
        file = CheckpointFile(checkpoint, prepared.fingerprint(settings), resume)
    parts = network, prepared.task, prepared.train, prepared.validation, settings.training
    if settings.training.optimizer in SOLVERS:
        fitted = solve_readout(*parts, seed=settings.seed, watcher=watcher)
    else:
        fitted = fit(*parts, seed=settings.seed, checkpoint=file, watcher=watcher)
    if fitted.stopped == "diverged" and fitted.best_epoch == 0:
        raise DivergedError(diverged_message(settings, fitted))
    return Model(
        settings,
        prepared.encoder,
        prepared.task,
        fitted.network,
        getattr(prepared.train, "boundaries", ()),
        _report(prepared, settings, fitted),
    )


def diverged_message(settings: Settings, fitted: Fitted) -> str:
    """Return what happened and what to try when a loss was no finite number."""
    training = settings.training
    clipping = (
        f"clips gradients at {training.clip_norm:g}" if training.clip_norm else "does not clip gradients"
    )
    return (
        f"the loss became infinite or not a number in epoch {len(fitted.history) + 1}; the run has a "
        f"learning rate of {training.learning_rate:g} and {clipping}; try a smaller learning rate or a "
        "smaller clip norm"
    )


def _report(prepared: Prepared[Any], settings: Settings, fitted: Fitted) -> dict[str, object]:
    report: dict[str, object] = {
        f"train_{prepared.train.unit}": len(prepared.train),
        f"validation_{prepared.train.unit}": 0 if prepared.validation is None else len(prepared.validation),
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "stopped": fitted.stopped,
        "notes": list(prepared.notes),
        "history": list(fitted.history),
    }
    if fitted.stopped == "diverged":
        report["explanation"] = diverged_message(settings, fitted)
    return report
