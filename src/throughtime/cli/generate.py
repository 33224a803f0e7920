"""`throughtime generate`: a saved model writes on, symbol by symbol, or composes, frame by frame."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from throughtime.cli.evaluate import ModelArgument

if TYPE_CHECKING:
    from throughtime.training.model import Model

LENGTH = 500
TEMPO = 90.0


def generate(
    model: ModelArgument,
    prompt: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            metavar="TEXT",
            help="What to go on from (the end of a line if none); of music a file (silence if none).",
        ),
    ] = None,
    length: Annotated[
        int | None,
        typer.Option(
            show_default=False,
            metavar="INTEGER",
            min=0,
            help=f"How many symbols to write at most, {LENGTH} when left out; of music how many frames, as "
            "many as 64 quarter notes have.",
        ),
    ] = None,
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
    out: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="Of music: the MIDI file to write.",
            rich_help_panel="Music",
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
            metavar="FILE",
            help="Of music: draw it as a piano roll: .png, .svg or .pdf by the ending.",
            rich_help_panel="Music",
        ),
    ] = None,
    opening: Annotated[
        int | None,
        typer.Option(
            show_default=False,
            metavar="INTEGER",
            help="Of music: how many frames of the prompt to go on from; all when left out.",
            rich_help_panel="Music",
        ),
    ] = None,
    tempo: Annotated[
        float,
        typer.Option(
            metavar="NUMBER", min=1, help="Of music: quarter notes a minute.", rich_help_panel="Music"
        ),
    ] = TEMPO,
) -> None:
    """Write on, symbol by symbol, or compose, frame by frame.

    What goes on from a text is written each symbol as soon as it is drawn; music goes to a file, with the
    prompt before it.

    Example: throughtime generate runs/sonnets --prompt "Shall I compare" --temperature 0.7

    Example: throughtime generate runs/chorales --out chorale.mid --picture chorale.png
    """
    from throughtime.core.errors import OptionError
    from throughtime.tasks.generate_frames import GenerateFrames
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
        sampling = Sampling.parse(options)
        if isinstance(loaded.task, GenerateFrames):
            _compose(loaded, prompt, opening, length, seed, sampling, stop, out, picture, tempo)
            return
        for name, given in (("out", out), ("picture", picture), ("opening", opening)):
            if given is not None:
                raise OptionError(
                    f"{name} is {str(given)!r}, which is for music, and this model writes text to standard "
                    "output; leave it out"
                )
        pieces = loaded.write(
            prompt,
            length=LENGTH if length is None else length,
            stop=stop or (),
            seed=seed,
            sampling=sampling,
        )
    except OptionError as error:
        names = (*options, "length", "seed", "stop", "out", "picture", "opening", "prompt")
        raise _of_the_shell(error, names) from None
    sys.stdout.write(prompt or "")
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")


def _compose(
    model: Model,
    prompt: str | None,
    opening: int | None,
    length: int | None,
    seed: int,
    sampling: Any,
    stop: list[str] | None,
    out: Path | None,
    picture: Path | None,
    tempo: float,
) -> None:
    from throughtime.analysis.piano_rolls import draw_roll
    from throughtime.analysis.pictures import check_picture, save_figure
    from throughtime.cli.screen import say, show
    from throughtime.core.errors import OptionError
    from throughtime.data.midi import check_midi_name, midi_of
    from throughtime.data.readers.music_files import read_music
    from throughtime.training.atomic import write_file
    from throughtime.training.composition import music_encoder

    if out is None:
        raise OptionError("out is missing; name the MIDI file to write")
    check_midi_name(out)
    if picture is not None:
        check_picture(picture)
    if stop:
        raise OptionError(f"stop is {stop[0]!r}, and music has no text to stop before; leave it out")
    encoder = music_encoder(model)
    notes = None if prompt is None else read_music(prompt)
    roll = model.compose(notes, opening=opening, length=length, seed=seed, sampling=sampling)
    composed = encoder.decode(roll)
    write_file(out, midi_of(composed, quarters_per_minute=tempo))
    if picture is not None:
        begins = len(roll) - (64 * encoder.frames_per_quarter if length is None else length)
        save_figure(draw_roll(roll, encoder.frames_per_quarter, prompt=begins), picture)
        say(f"drawn in {picture}")
    show(f"{len(roll):,} frames, {len(composed):,} notes, written to {out}")


def _of_the_shell(error: Exception, names: tuple[str, ...]) -> Exception:
    """Return an error about a setting as one about the option that stands for it."""
    from throughtime.cli.setting_options import option_name

    first, _, rest = str(error).partition(" ")
    return type(error)(f"{option_name(first)} {rest}") if first in names else error
