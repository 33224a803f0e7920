"""A model's answers on a file beside the right ones, in numbers and on the screen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from throughtime.cli.confusion import confusion_table
from throughtime.cli.screen import metric_name, plain_table, score, show
from throughtime.cli.sources import form_for, labelled
from throughtime.core.errors import DataError, Place
from throughtime.core.noise import without_noise
from throughtime.data.continuous import Continuous
from throughtime.data.dataset import Encoded
from throughtime.data.encoders import MusicEncoder, SymbolicEncoder
from throughtime.data.readers import Source
from throughtime.tasks import Classify, Forecast, GenerateFrames, GenerateSymbols
from throughtime.tasks.forecast_scores import Forecasts, joined
from throughtime.training.judging import mean_loss, tallied
from throughtime.training.model import Model
from throughtime.training.piece_preparation import pieces_of
from throughtime.training.series_preparation import series_of
from throughtime.training.text_preparation import text_of

STEPS_AT_ONCE = 1024
"""Steps of a text that are read at once."""


@dataclass(frozen=True)
class Evaluation:
    """How a model does on a file, and the best answer that does not look at the sequence.

    `records`: how many there are, or of a text or of music how many symbols or frames are predicted; `unit`
    says which. `further`: the scores of other trivial answers, by what they are. `confusion` counts how often
    each class (row) was taken for each class (column); None but for labels. `notes`: what to say aloud.
    """

    records: int
    skipped: int
    scores: dict[str, float]
    trivial: str
    trivial_scores: dict[str, float]
    labels: tuple[str, ...] = ()
    confusion: np.ndarray | None = None
    unit: str = "records"
    further: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON has it; a score that does not exist is null."""
        values: dict[str, Any] = {
            self.unit: self.records,
            "skipped": self.skipped,
            "scores": _finite(self.scores),
            "trivial": {"answer": self.trivial, "scores": _finite(self.trivial_scores)},
        }
        if self.further:
            values["further"] = [
                {"answer": answer, "scores": _finite(scores)} for answer, scores in self.further.items()
            ]
        if self.confusion is not None:
            values |= {"labels": list(self.labels), "confusion": self.confusion.tolist()}
        return values


def evaluate_model(model: Model, source: Source) -> Evaluation:
    """Return how a model does on a source, which is read block by block, or as one text or whole pieces of
    music where the model writes such.

    **Raises**

        DataError: a record that the model cannot read, or a target that it does not know.
    """
    if isinstance(model.task, GenerateSymbols):
        return _evaluate_text(model, model.task, source)
    if isinstance(model.task, GenerateFrames):
        return _evaluate_pieces(model, model.task, source)
    if isinstance(model.task, Forecast):
        return _evaluate_series(model, model.task, source)
    task = model.taught
    outputs, targets = [], []
    form = form_for(source, model.encoder)
    for block, answers in model.predict_records(labelled(source, form, task)):
        outputs.append(answers)
        targets += [task.encode(record.target) for record in block if record.target is not None]
    if not outputs:
        raise DataError(f"every record is bad, the first: {source.skipped.messages[0]}", Place(source.name))
    every, truth = task.joined(outputs), task.kept(targets)
    found = Evaluation(
        records=len(targets),
        skipped=source.skipped.count,
        scores=task.scores(every, truth),
        trivial=task.trivial,
        trivial_scores=task.trivial_scores(truth),
        notes=(*source.notes(), *form.notes()),
    )
    if isinstance(task, Classify) and isinstance(truth, np.ndarray):
        return replace(found, labels=task.labels.names, confusion=task.confusion(every, truth))
    return found


def _evaluate_text(model: Model, task: GenerateSymbols, source: Source) -> Evaluation:
    text = read_text(model, source)
    # In one lane, so that every symbol is predicted from all that are before it.
    loss = mean_loss(without_noise(model.network), task, text, lanes=1, chunk_size=STEPS_AT_ONCE)
    (trivial, trivial_scores), *further = task.floors(text).items()
    return Evaluation(
        records=text.predicted,
        skipped=source.skipped.count,
        scores=task.scores(loss, text),
        trivial=trivial,
        trivial_scores=trivial_scores,
        unit=text.unit,
        further=dict(further),
    )


def _evaluate_pieces(model: Model, task: GenerateFrames, source: Source) -> Evaluation:
    assert isinstance(model.encoder, MusicEncoder)
    frames, notes = pieces_of(source, model.encoder)
    with Encoded(frames, frames, model.boundaries) as pieces:
        tally = tallied(without_noise(model.network), task, pieces, model.settings.training.batch_size)
        (trivial, trivial_scores), *further = task.floors(pieces).items()
    return Evaluation(
        records=int(tally.frames),
        skipped=source.skipped.count,
        scores=task.scores(tally),
        trivial=trivial,
        trivial_scores=trivial_scores,
        unit="frames",
        further=dict(further),
        notes=tuple(notes),
    )


def _evaluate_series(model: Model, task: Forecast, source: Source) -> Evaluation:
    series = series_of(source, model.encoder.feature_count)
    for one, place in series:
        task.check_length(len(one), place)
    with model.encode([one for one, _ in series]) as data:
        outputs = model.outputs(data)
    truth: list[np.ndarray] = []
    answers: dict[str, list[Forecasts]] = {}
    for (one, _), output in zip(series, outputs, strict=True):
        origins = task.origins(len(one))
        truth.append(task.truth(one, origins))
        every = {"": task.forecasts(output[origins])} | task.floors(one, origins)
        for what, forecasts in every.items():
            answers.setdefault(what, []).append(forecasts)
    scores = {what: task.judged(joined(parts), np.concatenate(truth)) for what, parts in answers.items()}
    ours = scores.pop("")
    (trivial, trivial_scores), *further = scores.items()
    return Evaluation(
        records=sum(map(len, truth)),
        skipped=source.skipped.count,
        scores=ours,
        trivial=trivial,
        trivial_scores=trivial_scores,
        unit="forecasts",
        further=dict(further),
    )


def read_text(model: Model, source: Source) -> Continuous:
    """Return a source as the text that a model reads.

    **Raises**

        DataError: a record that it cannot read, or too little text.
    """
    assert isinstance(model.encoder, SymbolicEncoder)
    return Continuous.encode(text_of(source, model.encoder.kind), model.encoder, source.name)


def show_evaluation(evaluation: Evaluation, *, with_confusion: bool) -> None:
    """Print scores beside those of the trivial answer, and the confusion matrix if there is one."""
    table = plain_table("", *map(metric_name, evaluation.scores))
    table.add_row("this model", *map(score, evaluation.scores.values()))
    for answer, scores in {evaluation.trivial: evaluation.trivial_scores, **evaluation.further}.items():
        table.add_row(answer, *(score(scores[name]) if name in scores else "" for name in evaluation.scores))
    show(table)
    if with_confusion and evaluation.confusion is not None:
        show("", *confusion_table(evaluation.labels, evaluation.confusion))


def _finite(scores: dict[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in scores.items()}
