"""`throughtime stream`: what a saved model says of one sequence, as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from throughtime.cli.evaluate import ModelArgument, SkipOption


def stream(
    model: ModelArgument,
    state: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="File to go on from, if it is there, and to save in where the stream ends.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            show_default=False, metavar="NAME", help="text (an answer a line), csv or jsonl. Default: text."
        ),
    ] = None,
    skip_bad_rows: SkipOption = False,
) -> None:
    """Answer after each line of standard input, element by element.

    A line is the next part of one sequence: the numbers of a time step, a word or more, or symbols; of sound,
    samples or the path of a file, and there is no answer as long as no frame is complete. The
    answer is that for the sequence so far or, of a model that labels elements, the labels of the line. A
    blank line begins another sequence. Memory does not grow.

    Example: sensor | throughtime stream runs/model
    """
    from throughtime.cli.answers import FORMATS, Answered, Flushed, asked_format, format_for
    from throughtime.cli.compilations import keep_compilations
    from throughtime.cli.interruption import Interruption
    from throughtime.cli.screen import say
    from throughtime.cli.stream_lines import raw_lines
    from throughtime.core.errors import DataError
    from throughtime.data.records import Record
    from throughtime.training.model_folder import load_model

    write = FORMATS[format_for(asked_format(format, None))]
    keep_compilations()
    going = load_model(model).stream()
    if state is not None and state.exists():
        going.restore(state)
    skipped = 0

    def answers(interruption: Interruption) -> Iterator[Answered]:
        nonlocal skipped
        for part, place in raw_lines(interruption):
            try:
                if isinstance(part, DataError):
                    raise part
                if part is None:
                    going.reset()
                    continue
                columns = going.step(part, place)
            except DataError as error:
                if not skip_bad_rows:
                    raise
                skipped += 1
                say(f"skipped: {error}")
            else:
                if columns:
                    yield Answered(Record([], None, place), columns)

    try:
        with Interruption().minded() as interruption:
            write(answers(interruption), Flushed())
    finally:
        if state is not None:
            going.save(state)
    if skipped:
        say(f"skipped {skipped:,} lines")
