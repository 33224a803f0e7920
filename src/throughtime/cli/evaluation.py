"""A model's answers on a file beside the right ones, in numbers and on the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from throughtime.cli.confusion import confusion_table
from throughtime.cli.screen import metric_name, plain_table, score, show
from throughtime.cli.sources import labelled
from throughtime.core.errors import DataError, Place
from throughtime.data.readers import Source
from throughtime.tasks import Classify
from throughtime.training.model import Model


@dataclass(frozen=True)
class Evaluation:
    """How a model does on a file, and the best answer that does not look at the sequence.

    `confusion` counts how often each class (row) was taken for each class (column); None for numbers.
    """

    records: int
    skipped: int
    scores: dict[str, float]
    trivial: str
    trivial_scores: dict[str, float]
    labels: tuple[str, ...] = ()
    confusion: np.ndarray | None = None

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON has it; a score that does not exist is null."""
        values: dict[str, Any] = {
            "records": self.records,
            "skipped": self.skipped,
            "scores": _finite(self.scores),
            "trivial": {"answer": self.trivial, "scores": _finite(self.trivial_scores)},
        }
        if self.confusion is not None:
            values |= {"labels": list(self.labels), "confusion": self.confusion.tolist()}
        return values


def evaluate_model(model: Model, source: Source) -> Evaluation:
    """Return how a model does on a source, which is read block by block.

    **Raises**

        DataError: a record that the model cannot read, or a target that it does not know.
    """
    task = model.task
    outputs, targets = [], []
    for block, answers in model.predict_records(labelled(source, model.encoder, task)):
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
    )
    if isinstance(task, Classify) and isinstance(truth, np.ndarray):
        return replace(found, labels=task.labels.names, confusion=task.confusion(every, truth))
    return found


def show_evaluation(evaluation: Evaluation, *, with_confusion: bool) -> None:
    """Print scores beside those of the trivial answer, and the confusion matrix if there is one."""
    table = plain_table("", *map(metric_name, evaluation.scores))
    table.add_row("this model", *map(score, evaluation.scores.values()))
    table.add_row(evaluation.trivial, *map(score, evaluation.trivial_scores.values()))
    show(table)
    if with_confusion and evaluation.confusion is not None:
        show("", *confusion_table(evaluation.labels, evaluation.confusion))


def _finite(scores: dict[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in scores.items()}
