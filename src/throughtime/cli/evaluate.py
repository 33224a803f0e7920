"""`throughtime evaluate`: how good a saved model is on a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Folder of a trained model.", show_default=False)
]
FileArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV, JSON Lines, Parquet, .ts, NPZ, .txt, MIDI, MusicXML, FASTA, FASTQ, GenBank, .wav, "
        ".hea, a folder of those or of classes, or - for standard input.",
        show_default=False,
    ),
]
SequenceOption = Annotated[
    str | None,
    typer.Option(
        show_default=False, metavar="COLUMN", help="Column with the sequence; as in training when left out."
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        show_default=False, metavar="COLUMN", help="Column with the answer; as in training when left out."
    ),
]
GroupOption = Annotated[
    str | None,
    typer.Option(
        show_default=False,
        metavar="COLUMN",
        help="Column that says which rows belong together; as in training when left out.",
    ),
]
SkipOption = Annotated[
    bool,
    typer.Option("--skip-bad-rows", help="Count records that cannot be used and leave them out."),
]
BeamOption = Annotated[
    int | None,
    typer.Option(
        show_default=False,
        metavar="INTEGER",
        help="Of transduce: targets that the search keeps under way; as in training when left out.",
    ),
]
PenaltyOption = Annotated[
    float | None,
    typer.Option(
        show_default=False,
        metavar="NUMBER",
        help="Of transduce: how much longer targets are favoured; as in training when left out.",
    ),
]


def evaluate(
    model: ModelArgument,
    file: FileArgument,
    sequence: SequenceOption = None,
    target: TargetOption = None,
    group: GroupOption = None,
    skip_bad_rows: SkipOption = False,
    beam: BeamOption = None,
    length_penalty: PenaltyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Score a model on a file of labelled sequences.

    Prints accuracy, macro F1 and a confusion matrix for labels; R2, RMSE and MAE for numbers; exact matches,
    edits a symbol and, of texts, BLEU and chrF for targets; loss, perplexity and bits per character for a
    text; loss and accuracy of frames for music; and beside them the scores of the best answer that does not
    look at the sequence.
    """
    from throughtime.cli.compilations import keep_compilations
    from throughtime.cli.evaluation import evaluate_model, show_evaluation
    from throughtime.cli.screen import say, show
    from throughtime.cli.searching import searching
    from throughtime.cli.sources import open_for, skipped_in_words
    from throughtime.training.model_folder import load_model

    keep_compilations()
    loaded = searching(load_model(model), beam=beam, length_penalty=length_penalty)
    source = open_for(
        loaded.settings.data,
        file,
        task=loaded.settings.task,
        sequence=sequence,
        target=target,
        group=group,
        skip_bad_rows=skip_bad_rows,
    )
    evaluation = evaluate_model(loaded, source)
    if as_json:
        show(json.dumps(evaluation.as_json()))
        return
    for line in (source.description, *skipped_in_words(source), *evaluation.notes):
        say(line)
    show(f"{evaluation.records:,} {evaluation.unit}")
    show_evaluation(evaluation, with_confusion=True)
