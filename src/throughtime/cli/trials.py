"""Models of the same settings but for the seed, trained one after another and compared."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.cli.checkpoints import Checkpoints
from throughtime.cli.evaluation import Evaluation, evaluate_model
from throughtime.cli.progress import ProgressBar
from throughtime.cli.screen import metric_name, plain_table, say, score, show
from throughtime.cli.sources import form_for, labelled, skipped_in_words
from throughtime.data.continuous import Continuous
from throughtime.data.dataset import Encoded
from throughtime.data.encoders import MusicEncoder, SymbolicEncoder
from throughtime.data.readers import Source
from throughtime.tasks import Forecast, TaughtTask
from throughtime.training.arrays import parameter_count
from throughtime.training.model import Model
from throughtime.training.piece_preparation import pieces_of
from throughtime.training.preparation import Prepared
from throughtime.training.pretrained import starting_network
from throughtime.training.runs import prepared_for, train
from throughtime.training.series_preparation import series_of
from throughtime.training.settings import Settings
from throughtime.training.text_preparation import strangers_in_words, text_of


@dataclass(frozen=True)
class Trial:
    """A trained model of one seed, the seconds that training it took, and how it does on the test part."""

    model: Model
    seconds: float
    test: Evaluation | None

    @property
    def seed(self) -> int:
        """The seed."""
        return self.model.settings.seed

    @property
    def validation(self) -> dict[str, int | float]:
        """Loss and metrics of the epoch whose weights were kept, on the validation part, if there is one."""
        row = best_row(self.model.report)
        return {name: row[name] for name in ("loss", *self.model.task.metrics) if name in row}


def best_row(report: dict[str, Any]) -> dict[str, int | float]:
    """Return what a report says about the epoch whose weights were kept."""
    return dict(report["history"][report["best_epoch"] - 1])


def train_trials(
    settings: Settings,
    seeds: int,
    source: Source,
    test: Source | None,
    *,
    checkpoints: Checkpoints | None = None,
    resume: bool = False,
    quiet: bool = False,
    held_out: Source | None = None,
) -> list[Trial]:
    """Return a trained model for each seed from the settings' own on.

    The test part is read to its end before the training begins, so that nothing in it can spoil the run.

    Arguments:
        seeds: how many, at least 1.
        checkpoints: where runs are kept until their model is saved; nowhere when left out.
        resume: go on with the runs that are kept there.
        held_out: the validation part; a part of the source when left out.
    """
    trials = []
    for count in range(seeds):
        of_seed = settings.with_seed(settings.seed + count)
        prepared = prepared_for(source, of_seed, held_out=held_out)
        if count == 0:
            notes = _check_test_part(prepared, test) if test is not None else []
            if not quiet:
                _say_aloud(prepared, of_seed, notes)
            if checkpoints is not None:
                checkpoints.begin(resume=resume)
        label = f"seed {of_seed.seed}" if seeds > 1 else ""
        started = time.perf_counter()
        model = _trained(
            prepared, of_seed, checkpoints, resume, ProgressBar(_shown(of_seed, prepared), label, quiet=quiet)
        )
        seconds = time.perf_counter() - started
        if checkpoints is not None and seeds > 1:
            checkpoints.keep(of_seed.seed, prepared.fingerprint(of_seed), model)
        trials.append(Trial(model, seconds, None if test is None else evaluate_model(model, test)))
    return trials


def best_of(trials: Sequence[Trial]) -> Trial:
    """Return the trial with the best validation score, or without a validation part the lowest loss."""
    training, task = trials[0].model.settings.training, trials[0].model.task
    if not trials[0].validation:
        return min(trials, key=lambda trial: best_row(trial.model.report)["train_loss"])
    sign = -1 if task.more_is_better(training.metric) else 1
    return min(trials, key=lambda trial: sign * trial.validation[training.metric])


def show_trials(trials: Sequence[Trial], kept: Trial) -> None:
    """Print the scores of each seed, their mean and standard deviation."""
    columns: dict[str, list[float]] = {}
    for name in trials[0].validation:
        columns[f"{metric_name(name)}"] = [trial.validation[name] for trial in trials]
    tests = [trial.test.scores for trial in trials if trial.test is not None]
    for name in tests[0] if tests else ():
        columns[f"test {metric_name(name)}"] = [scores[name] for scores in tests]
    table = plain_table("seed", "epochs", "best", *columns)
    for number, trial in enumerate(trials):
        report = trial.model.report
        table.add_row(
            str(trial.seed),
            str(report["epochs"]),
            str(report["best_epoch"]),
            *(score(v[number]) for v in columns.values()),
        )
    table.add_row("mean", "", "", *(score(float(np.mean(values))) for values in columns.values()))
    table.add_row("± std", "", "", *(score(float(np.std(values, ddof=1))) for values in columns.values()))
    chosen = "validation" if trials[0].validation else "training loss, for there is no validation part"
    show(table, f"kept: seed {kept.seed}, the best by {chosen}")


def _trained(
    prepared: Prepared[Any],
    settings: Settings,
    checkpoints: Checkpoints | None,
    resume: bool,
    bar: ProgressBar,
) -> Model:
    if checkpoints is None:
        with bar:
            return train(prepared, settings, watcher=bar)
    if resume and (model := checkpoints.finished(settings.seed, prepared.fingerprint(settings))) is not None:
        return model
    file = checkpoints.file(settings.seed)
    with bar:
        return train(prepared, settings, checkpoint=file, resume=resume and file.exists(), watcher=bar)


def _check_test_part(prepared: Prepared[Any], test: Source) -> list[str]:
    """Read the test part to its end as it will be read after training, and return what to say about it."""
    count, encoder, task = 0, prepared.encoder, prepared.task
    if isinstance(task, Forecast):
        series = series_of(test, encoder.feature_count)
        for one, place in series:
            task.check_length(len(one), place)
        return [test.description, f"test part: {len(series):,} series", *skipped_in_words(test)]
    if isinstance(encoder, MusicEncoder) and not isinstance(task, TaughtTask):
        frames, notes = pieces_of(test, encoder)
        with frames:
            count = int(frames.lengths.sum())
        return [test.description, f"test part: {count:,} frames", *skipped_in_words(test), *notes]
    if not isinstance(task, TaughtTask):
        assert isinstance(encoder, SymbolicEncoder)
        text = Continuous.encode(text_of(test, encoder.kind), encoder, test.name)
        strangers = strangers_in_words(text, encoder, "the test part")
        return [test.description, f"test part: {len(text):,} symbols", *skipped_in_words(test), *strangers]
    form = form_for(test, encoder)
    for record in labelled(test, form, task):
        encoder.encode(record.sequence, record.place)
        count += 1
    changed = [f"test part: {note}" for note in (*test.notes(), *form.notes())]
    return [test.description, f"test part: {count:,} sequences", *changed, *skipped_in_words(test)]


def _say_aloud(prepared: Prepared[Any], settings: Settings, notes: Sequence[str]) -> None:
    for note in prepared.notes:
        say(note)
    train = prepared.train
    parts = [f"{len(train):,} {train.unit} to train on"]
    if prepared.validation is not None:
        parts.append(f"{len(prepared.validation):,} held out for validation")
    if isinstance(train, Encoded):
        lengths = train.lengths
        say(f"{', '.join(parts)}; {int(lengths.min()):,} to {int(lengths.max()):,} elements long")
    else:
        symbols = prepared.encoder.vocabulary_size
        say(f"{', '.join(parts)}; {symbols:,} different ones, the unknown one counted")
    for note in notes:
        say(note)
    network, taken = starting_network(settings, prepared.encoder, prepared.task)
    parameters = parameter_count(network)
    say(f"network: {settings.network.cell}, {parameters:,} parameters")
    for note in taken:
        say(note)


def _shown(settings: Settings, prepared: Prepared[Any]) -> str:
    """Return the metric to show beside the loss: the one that decides, or the task's first."""
    metric = settings.training.metric
    return prepared.task.main_metric if metric == "loss" else metric
