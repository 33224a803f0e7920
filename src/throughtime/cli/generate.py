"""`throughtime generate`: a saved model writes on, symbol by symbol."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from throughtime.cli.evaluate import ModelArgument

LENGTH = 500


def generate(
    model: ModelArgument,
    prompt: Annotated[
        str | None,
        typer.Option(
            show_default=False, metavar="TEXT", help="What to go on from; the end of a line when left out."
        ),
    ] = None,
    length: Annotated[
        int, typer.Option(metavar="INTEGER", min=0, help="How many symbols to write at most.")
    ] = LENGTH,
    temperature: Annotated[
        float,
        typer.Option(
            metavar="NUMBER",
            help="1 for the network's own chances, less for likelier symbols, 0 for the likeliest.",
        ),
    ] = 1.0,
    top_k: Annotated[
        int | None,
        typer.Option(
            show_default=False,
            metavar="INTEGER",
            help="Draw from this many symbols, the likeliest; all if none.",
        ),
    ] = None,
    top_p: Annotated[
        float,
        typer.Option(
            metavar="NUMBER",
            help="Draw from the likeliest symbols that make up this share of all probability.",
        ),
    ] = 1.0,
    repetition_penalty: Annotated[
        float,
        typer.Option(
            metavar="NUMBER", help="What makes a symbol that was written lately less likely; 1 for none."
        ),
    ] = 1.0,
    repetition_window: Annotated[
        int, typer.Option(metavar="INTEGER", help="How many symbols count as written lately.")
    ] = 64,
    no_repeat: Annotated[
        int | None,
        typer.Option(
            show_default=False,
            metavar="INTEGER",
            help="Write no row of this many symbols twice; any if none.",
        ),
    ] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(
            show_default=False, metavar="TEXT", help="Stop before this text; may be given several times."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="INTEGER", help="What chance comes from, 0 to 2**32 - 1.")] = 0,
) -> None:
    """Write on, symbol by symbol.

    What goes on from the prompt is written each symbol as soon as it is drawn.

    Example: throughtime generate runs/sonnets --prompt "Shall I compare" --temperature 0.7
    """
    from throughtime.core.errors import OptionError
    from throughtime.tasks.sampling import Sampling
    from throughtime.training.model_folder import load_model

    loaded = load_model(model)
    options = {
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "repetition_penalty": repetition_penalty,
        "repetition_window": repetition_window,
        "no_repeat": no_repeat,
    }
    try:
        pieces = loaded.write(
            prompt, length=length, stop=stop or (), seed=seed, sampling=Sampling.parse(options)
        )
    except OptionError as error:
        raise _of_the_shell(error, (*options, "length", "seed", "stop")) from None
    sys.stdout.write(prompt or "")
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")


def _of_the_shell(error: Exception, names: tuple[str, ...]) -> Exception:
    """Return an error about a setting as one about the option that stands for it."""
    from throughtime.cli.setting_options import option_name

    first, _, rest = str(error).partition(" ")
    return type(error)(f"{option_name(first)} {rest}") if first in names else error
