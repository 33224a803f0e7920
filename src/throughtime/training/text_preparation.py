"""From a text, or records joined to one, to a training part and the part behind it."""

from __future__ import annotations

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.continuous import Continuous, Text, cut, joined, lines_of, unknown_count
from throughtime.data.encoders import SequenceEncoder, SymbolicEncoder, fit_encoder
from throughtime.data.forms import Form
from throughtime.data.records import Source
from throughtime.tasks import GenerateSymbols
from throughtime.tasks.symbol_counts import SymbolCounts
from throughtime.training.forms import kind_of
from throughtime.training.preparation import Prepared, usable
from throughtime.training.settings import DataSettings, Settings

KINDS_OF_TEXT = ("characters", "bytes", "subwords", "words", "symbols")
"""What a text can be cut into."""


def prepare_text(
    source: Source, settings: Settings, *, held_out: Source | None = None
) -> Prepared[Continuous]:
    """Read a source and return it as one text, split into training and validation part.

    Arguments:
        held_out: the validation part; when left out, the last part of the source's text, as large as the
            settings have it.

    **Raises**

        DataError: a record that cannot be used (unless the settings skip those), or a text that is too short.
        OptionError: settings that do not go with the data.

    **Cost**

        memory for the whole text, and for its symbols
    """
    kind, because = kind_of_text(source, settings.data)
    text = text_of(source, kind)
    notes = [source.description, f"the text is read in {kind}: {because}"]
    if source.skipped.count:
        notes.append(f"skipped {source.skipped.count} bad rows, the first: {source.skipped.messages[0]}")
    behind: Text = ""
    name = source.name
    if held_out is not None:
        behind, name = text_of(held_out, kind), held_out.name
    elif settings.training.validation > 0:
        text, behind = cut(text, settings.training.validation)
    encoder = fit_encoder(
        kind,
        lines_of(text, kind),
        min_count=settings.data.min_count,
        max_vocabulary=settings.data.max_vocabulary,
        lowercase=settings.data.lowercase,
        frames_per_quarter=settings.data.frames_per_quarter,
    )
    assert isinstance(encoder, SymbolicEncoder)
    train = Continuous.encode(text, encoder, source.name)
    train.check_lanes(settings.training.batch_size, settings.training.chunk_size, source.name)
    validation = None
    if behind:
        validation = Continuous.encode(behind, encoder, f"{name} (the part for validation)")
        notes += strangers_in_words(validation, encoder, "the part for validation")
    task = GenerateSymbols(counts=SymbolCounts.of(train.ids, encoder.vocabulary_size))
    task.check_metric(settings.training.metric)
    return Prepared(encoder, task, train, validation, tuple(notes))


def kind_of_text(source: Source, settings: DataSettings) -> tuple[str, str]:
    """Return what a text is cut into and why: characters, unless the settings say otherwise or the source
    holds lists of symbols.

    **Raises**

        OptionError: the kind has no symbols, or more to a step than one.
    """
    kind, because = kind_of(source, settings)
    if settings.kind is None and isinstance(next(iter(source)).sequence, str):
        return "characters", "as usual (another kind can be set)"
    if settings.kind is None and kind == "tokens":
        kind = "symbols"
    if kind not in KINDS_OF_TEXT:
        raise OptionError(
            f"{source.name} is read as {kind} ({because}), and a text is made of one symbol after another; "
            f"set the kind to one of {', '.join(KINDS_OF_TEXT)}, or to music"
        )
    return kind, because


def text_of(source: Source, kind: str) -> Text:
    """Return the records of a source joined to one text.

    **Raises**

        DataError: a record that is no text, or nothing but such.
    """
    text = joined(usable(source, Form(kind)))
    if not text:
        raise DataError(f"every record is bad, the first: {source.skipped.messages[0]}", Place(source.name))
    return text


def strangers_in_words(text: Continuous, encoder: SequenceEncoder, what: str) -> list[str]:
    """Return a line about the symbols of a text that the training part did not hold, if there are any."""
    assert isinstance(encoder, SymbolicEncoder)
    count = unknown_count(text.ids, encoder)
    if not count:
        return []
    return [
        f"{count:,} of the {len(text.ids):,} symbols of {what} are not in the training part and count as one "
        "unknown symbol"
    ]
