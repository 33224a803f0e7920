"""`throughtime predict`: what a saved model answers to each sequence of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from throughtime.cli.evaluate import (
    BeamOption,
    FileArgument,
    GroupOption,
    ModelArgument,
    PenaltyOption,
    SequenceOption,
    SkipOption,
)


def predict(
    model: ModelArgument,
    file: FileArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="File to write to, whole or not at all; standard output if none.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            metavar="NAME",
            help="text (an answer a line), csv or jsonl; of labels also conll (an element a line) or marked "
            "(names in brackets); by --out's suffix when left out, else text.",
        ),
    ] = None,
    sequence: SequenceOption = None,
    group: GroupOption = None,
    skip_bad_rows: SkipOption = False,
    beam: BeamOption = None,
    length_penalty: PenaltyOption = None,
    n_best: Annotated[
        int | None,
        typer.Option(
            show_default=False, metavar="INTEGER", help="Of transduce: targets to give for each source."
        ),
    ] = None,
) -> None:
    """Answer for each sequence of a file.

    The file needs no column of answers. CSV and JSON Lines have the record's row, the answer and, for labels,
    its probability; for targets, their score: the logarithm of the probability, over the length penalty.
    Labels of a CoNLL file come back as one. Forecasts go on from the end of each series, and CSV has a row
    for each step ahead.
    """
    from throughtime.cli.answers import FORMATS, Answered, answered, asked_format, format_for, opened
    from throughtime.cli.compilations import keep_compilations
    from throughtime.cli.screen import say
    from throughtime.cli.searching import searching
    from throughtime.cli.sources import form_for, open_for, skipped_in_words
    from throughtime.core.errors import OptionError
    from throughtime.tasks import Forecast
    from throughtime.training.model_folder import load_model
    from throughtime.training.preparation import usable

    asked = asked_format(format, out)
    if out is not None and out.exists() and Path(file).exists() and out.samefile(file):
        raise OptionError(f"--out is {str(out)!r}, the file to read from; choose another one")
    keep_compilations()
    loaded = searching(load_model(model), beam=beam, length_penalty=length_penalty, n_best=n_best)
    task = loaded.answering
    has_steps = isinstance(task, Forecast)
    labelled_from = None if task.answers_once or has_steps else file
    write = FORMATS[format_for(asked, labelled_from=labelled_from, has_steps=has_steps)]
    source = open_for(
        loaded.settings.data,
        file,
        task=loaded.settings.task,
        sequence=sequence,
        group=group,
        needs_target=False,
        skip_bad_rows=skip_bad_rows,
    )

    form = form_for(source, loaded.encoder)
    records = usable(source, form)

    def rows() -> Iterator[Answered]:
        for block, outputs in loaded.predict_records(records):
            yield from answered(block, task.columns(outputs), names_file=Path(file).is_dir())

    with opened(out) as stream:
        write(rows(), stream)
    for line in [*source.notes(), *form.notes(), *skipped_in_words(source)]:
        say(line)
