"""What the sequences of a source are made of, and the form they are brought to, before any is encoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

from pydantic import ValidationError

from throughtime.core.errors import DataError, OptionError
from throughtime.data.encoders.audio import SoundForm, usual_sample_rate
from throughtime.data.encoders.biosignals import SignalForm, usual_signal
from throughtime.data.encoders.residues import ResidueForm
from throughtime.data.forms import Form, NumberForm
from throughtime.data.kinds import Kind, as_numbers, recognise
from throughtime.data.log_mel import LogMel
from throughtime.data.records import Record, Source
from throughtime.training.settings import DataSettings

SAMPLE = 1000
"""Records that the kind of a sequence, and what is usual among them, is recognised from."""

FORMED_BY = {"channels": ("biosignals",), "sample_rate": ("audio", "biosignals")} | dict.fromkeys(
    ("mel_bins", "frame_length_ms", "frame_shift_ms"), ("audio",)
)
"""The settings that are for some kinds alone."""


def kind_of(source: Source, settings: DataSettings) -> tuple[Kind, str]:
    """Return what the sequences of a source are made of, as set or recognised from the first, and why."""
    if source.holds is not None:
        if settings.kind not in (None, source.holds):
            raise OptionError(
                f"kind is {settings.kind!r}, and {source.name} holds {source.holds}; leave kind out, or give "
                "another file"
            )
        return source.holds, "nothing else is in such files"
    if settings.kind is not None:
        return settings.kind, "as set"
    found = recognise([record.sequence for record in islice(source, SAMPLE)])
    return found.kind, f"{found.because} (another kind can be set)"


def form_of(source: Source, kind: Kind, settings: DataSettings) -> Form:
    """Return the form that the sequences of a source are brought to: as the settings have it or else as most
    of the first records do.

    **Raises**

        OptionError: settings that are of no use for the kind, or that no form can have.
        DataError: sound of which neither settings nor files say the sample rate.
    """
    for name, kinds in FORMED_BY.items():
        given = getattr(settings, name)
        if given != DataSettings.model_fields[name].default and kind not in kinds:
            raise OptionError(
                f"{name} is {given!r} and the sequences are {kind}, which have no use for it; leave it out, "
                f"or set the kind to {' or '.join(kinds)}"
            )
    if kind == "numbers":
        return NumberForm(width_of(source))
    if kind == "audio":
        return _form_of_sound(source, settings)
    if kind == "biosignals":
        return _form_of_signals(source, settings)
    if kind == "bases" or kind == "amino_acids":
        return ResidueForm("bases" if kind == "bases" else "amino_acids")
    return Form(kind)


def _form_of_sound(source: Source, settings: DataSettings) -> SoundForm:
    rate = settings.sample_rate
    if rate is None:
        rate = usual_sample_rate((record.sequence, record.place) for record in islice(source, SAMPLE))
    if rate is None:
        raise DataError(
            "the sample rate of the sound is not known: give it in Hz (sample_rate), or files or Recordings, "
            "which have it"
        )
    try:
        features = LogMel(
            sample_rate=round(rate),
            mel_bins=settings.mel_bins,
            frame_length_ms=settings.frame_length_ms,
            frame_shift_ms=settings.frame_shift_ms,
        )
    except ValidationError as error:
        raise OptionError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None
    features.check()
    return SoundForm(features)


def _form_of_signals(source: Source, settings: DataSettings) -> SignalForm:
    first = list(islice(source, SAMPLE))
    channels, rate = usual_signal((record.sequence, record.place) for record in first)
    if settings.channels is not None:
        channels = tuple(name.strip() for name in settings.channels.split(","))
    rate = settings.sample_rate or rate
    if rate is None:
        raise DataError(
            "the sample rate of the biosignals is not known: give it in Hz (sample_rate), or records or "
            "Biosignals, which have it"
        )
    return SignalForm(channels or (), rate, None if channels else width_of(first))


def width_of(records: Iterable[Record]) -> int | None:
    """Return how many numbers most of the first records have in a time step; None if none of them has any."""
    widths = Counter[int]()
    for record in islice(records, SAMPLE):
        # What is no sequence of numbers is refused, or skipped, where all records are read.
        with suppress(DataError):
            value = getattr(record.sequence, "samples", record.sequence)
            widths[as_numbers(value, record.place).shape[1]] += 1
    return widths.most_common(1)[0][0] if widths else None
