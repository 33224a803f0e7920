"""`throughtime alignments`: where a decoder looks while it writes."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from throughtime.cli.evaluate import FileArgument, GroupOption, ModelArgument, SequenceOption, SkipOption


def alignments(
    model: ModelArgument,
    file: FileArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it: .png, .svg or .pdf by the ending.", show_default=False),
    ] = None,
    sequence: SequenceOption = None,
    group: GroupOption = None,
    skip_bad_rows: SkipOption = False,
    sequences: Annotated[
        int, typer.Option(metavar="INTEGER", min=1, help="How many sources, the first ones.")
    ] = 6,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Show where a decoder with attention looks while it writes.

    For each symbol of the best target found, prints the element of the source that it saw most of, and how
    much.

    Example: throughtime alignments runs/sounds words.csv --out alignments.png
    """
    from throughtime.analysis.alignments import alignments_of, draw_alignments
    from throughtime.analysis.pictures import check_picture, save_figure
    from throughtime.cli.compilations import keep_compilations
    from throughtime.cli.screen import say, show
    from throughtime.cli.sources import form_for, open_for
    from throughtime.training.model_folder import load_model
    from throughtime.training.preparation import usable

    if out is not None:
        check_picture(out)
    keep_compilations()
    loaded = load_model(model)
    source = open_for(
        loaded.settings.data,
        file,
        task=loaded.settings.task,
        sequence=sequence,
        group=group,
        needs_target=False,
        skip_bad_rows=skip_bad_rows,
    )
    records = islice(usable(source, form_for(source, loaded.encoder)), sequences)
    found = alignments_of(loaded, [record.sequence for record in records])
    if out is not None:
        save_figure(draw_alignments(found), out)
    if as_json:
        rows = [one._asdict() | {"weights": one.weights.round(4).tolist()} for one in found]
        show(json.dumps({"alignments": rows}, ensure_ascii=False))
        return
    for one in found:
        most = one.weights.argmax(1)
        seen = (
            f"{symbol}←{one.source[place]} {weights[place]:.0%}"
            for symbol, place, weights in zip(one.target, most.tolist(), one.weights, strict=True)
        )
        show("  ".join(seen))
    if out is not None:
        say(f"drawn in {out}")
