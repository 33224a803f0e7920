"""`throughtime fit`: from a file of labelled sequences to a trained, saved model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.application import FAILED
from throughtime.cli.checkpoints import Checkpoints, check_writable
from throughtime.cli.compilations import keep_compilations
from throughtime.cli.evaluation import show_evaluation
from throughtime.cli.recipe import read_recipe
from throughtime.cli.screen import say, scores_in_words, show
from throughtime.cli.setting_options import GROUPS, given_settings, takes_settings
from throughtime.cli.sources import open_for
from throughtime.cli.trials import Trial, best_of, show_trials, train_trials
from throughtime.core.errors import InterruptedFit, OptionError
from throughtime.training.model_folder import check_free, load_model, save_model


@takes_settings(GROUPS)
def fit(
    task: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK",
            help="classify (a label), label (one for each element), regress (a number), forecast (the next "
            "values), generate (a text, music) or transduce (another sequence).",
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        str | None,
        typer.Argument(
            metavar="TRAIN",
            help="CSV, TSV, JSON Lines, Parquet, .ts, NPZ, FASTA, FASTQ, GenBank, .hea, a folder of such, or "
            "of class folders; for a text also .txt, for music MIDI or MusicXML, or a folder of such files.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(show_default=False, metavar="FOLDER", help="Folder to save the model in.")
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(show_default=False, metavar="FILE", help="File to evaluate the trained model on."),
    ] = None,
    validate_on: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="File to choose the best weights by; a part of TRAIN if none.",
        ),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="TOML file of settings; options come before what it says.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace an older model, and drop an interrupted run."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that was interrupted.")
    ] = False,
    seeds: Annotated[
        int,
        typer.Option(
            metavar="INTEGER", min=1, help="Train this many models, and keep the best by validation."
        ),
    ] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the scores alone.")] = False,
    **settings: Any,
) -> int | None:
    """Train a model on a file of labelled sequences.

    Example: throughtime fit classify reviews.csv --out runs/reviews --cell gru

    With a recipe that names task and files: throughtime fit --recipe FILE --out FOLDER
    """
    chosen = read_recipe(recipe, task, given_settings(settings))
    train_file, test_file = train or chosen.files.train, test or chosen.files.test
    held_out_file = validate_on or chosen.files.validation
    if train_file is None:
        raise OptionError(
            "the file to train on is missing; give it after the task, or as [files] train in the recipe"
        )
    if out is None:
        raise OptionError("--out is missing; name the folder to save the model in")
    check_free(out, overwrite=overwrite)
    check_writable(out)
    checkpoints = Checkpoints(out)
    checkpoints.check(resume=resume, overwrite=overwrite)
    if chosen.training.start_from is not None:
        load_model(chosen.training.start_from)  # to fail before the data is read
    data = chosen.data
    source, test_source, held_out = (
        open_for(data, file, task=chosen.task, skip_bad_rows=data.skip_bad_rows) if file else None
        for file in (train_file, test_file, held_out_file)
    )
    assert source is not None
    for given in (source, test_source, held_out):
        if given is not None and not given.rereadable:
            raise OptionError(
                f"{given.name} can be read only once, and training reads more often; save it to a file"
            )

    keep_compilations()
    try:
        trials = train_trials(
            chosen.settings,
            seeds,
            source,
            test_source,
            checkpoints=checkpoints,
            resume=resume,
            quiet=quiet,
            held_out=held_out,
        )
        best = best_of(trials)
        save_model(best.model, out, overwrite=overwrite)
    except KeyboardInterrupt:
        raise InterruptedFit(checkpoints.how_to_go_on()) from None
    finally:
        checkpoints.remove_if_empty()
    checkpoints.remove()
    return _show(trials, best, out)


def _show(trials: list[Trial], best: Trial, out: Path) -> int | None:
    report = best.model.report
    if len(trials) > 1:
        show_trials(trials, best)
    else:
        why = {"epochs": "all of them done", "patience": "no better since", "diverged": "then it diverged"}
        show(f"best epoch {report['best_epoch']} of {report['epochs']} ({why[report['stopped']]})")
        if best.validation:
            show(f"validation: {scores_in_words(best.validation)}")
        if best.test is not None:
            show(f"test part: {best.test.records:,} {best.test.unit}")
    if best.test is not None:
        show_evaluation(best.test, with_confusion=len(trials) == 1)
    show(f"model saved in {out}")
    diverged = [trial for trial in trials if trial.model.report["stopped"] == "diverged"]
    for trial in diverged:
        say(f"error: {trial.model.report['explanation']}")
    return FAILED if diverged else None
