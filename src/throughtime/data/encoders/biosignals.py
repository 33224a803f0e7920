"""Electrocardiograms and other biosignals: chosen channels at one sample rate, scaled."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AllowInfNan, Field

from throughtime.core.errors import DataError, Place, nearest
from throughtime.data.encoders.encoder import Encoder
from throughtime.data.encoders.numbers import NumberEncoder
from throughtime.data.forms import Form, check_width, ordered, share
from throughtime.data.kinds import as_numbers
from throughtime.data.number_text import reads_as_numbers
from throughtime.data.places import file_named
from throughtime.data.readers.wfdb_records import read_signal, signal_header
from throughtime.data.signals import Biosignal, Hertz, resampled

HERTZ_ALIKE = 1e-6
"""Sample rates that differ by no more than this part of them are the same."""


class SignalForm(Form):
    """Biosignals, whatever they come as, as numbers `[T, channels]` in physical units.

    A raw sequence is the path of a WFDB record (seen from the folder of the table that it stands in), a
    `Biosignal`, or an array that has the channels and the sample rate already.

    Arguments:
        channels: names of the channels to read, in this order; empty where channels have no names.
        sample_rate: samples a second (Hz).
        width: how many channels; None where it does not matter.
    """

    is_numbers = True

    def __init__(self, channels: tuple[str, ...], sample_rate: Hertz, width: int | None = None):
        self.kind = "biosignals"
        self.channels, self.sample_rate = channels, sample_rate
        self.width = len(channels) or width
        self._count = 0
        self._rates = Counter[Hertz]()

    def __call__(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Return one raw sequence as numbers.

        **Raises** `DataError` for records that cannot be read, lack a channel, or have gaps in it.
        """
        if isinstance(value, str) and not reads_as_numbers(value):
            value = read_signal(file_named(value, place), place)
        if isinstance(value, Biosignal):
            samples = _chosen(value, self.channels, place)
            self._count += 1
            if abs(value.sample_rate - self.sample_rate) > HERTZ_ALIKE * self.sample_rate:
                self._rates[value.sample_rate] += 1
                samples = resampled(as_numbers(samples, place), value.sample_rate, self.sample_rate)
            value = samples
        sequence = as_numbers(value, place)
        if self.width is not None:
            check_width(sequence, self.width, place)
        return sequence

    def notes(self) -> list[str]:
        """Return what was resampled."""
        if not self._rates:
            return []
        of = share(self._rates.total(), self._count, "signals")
        return [f"resampled to {self.sample_rate:g} Hz (from {ordered(self._rates)} Hz): {of}"]


class BiosignalEncoder(Encoder):
    """Scaled channels `[T, channels]` in float32.

    **Equations** `(x - mean) / scale`, channel by channel, over all samples of the training part, as in
    `NumberEncoder`.

    **Raises** `DataError` for records that cannot be read or lack a channel, and for gaps in a channel.
    """

    kind: Literal["biosignals"] = "biosignals"
    sample_rate: Annotated[float, AllowInfNan(False), Field(gt=0)]
    channels: tuple[str, ...] = ()
    scaling: NumberEncoder

    @classmethod
    def fit(cls, values: Iterable[Any], form: SignalForm) -> "BiosignalEncoder":
        """Learn mean and scale of each channel from a stream of raw sequences or records, in one pass."""
        scaling = NumberEncoder.fit(form.all(values))
        return cls(sample_rate=form.sample_rate, channels=form.channels, scaling=scaling)

    @property
    def vocabulary_size(self) -> None:
        return None

    @property
    def feature_count(self) -> int:
        return self.scaling.feature_count

    @property
    def sample_rate_heard(self) -> float:
        return self.sample_rate

    def form(self) -> SignalForm:
        """Return what brings raw sequences to the form that `encode` takes."""
        return SignalForm(self.channels, self.sample_rate, self.feature_count)

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one raw sequence into scaled channels `[T, channels]`."""
        return self.scaling.encode(self.form()(value, place), place)

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        return self.scaling.encode_batch(self.form().all(values))


def usual_signal(
    values: Iterable[tuple[Any, Place | None]],
) -> tuple[tuple[str, ...] | None, Hertz | None]:
    """Return the channels and the sample rate that most records have; None for what none of them says."""
    channels, rates = Counter[tuple[str, ...]](), Counter[Hertz]()
    for value, place in values:
        if isinstance(value, Biosignal):
            names, rate = value.channels, value.sample_rate
        elif isinstance(value, str) and not reads_as_numbers(value):
            try:
                names, rate = signal_header(file_named(value, place), place)
            except DataError:
                continue  # what cannot be read is refused, or skipped, where all records are read
        else:
            continue
        channels[names] += 1
        rates[rate] += 1
    if not channels:
        return None, None
    return channels.most_common(1)[0][0], rates.most_common(1)[0][0]


def _chosen(signal: Biosignal, wanted: tuple[str, ...], place: Place | None) -> np.ndarray:
    samples = np.asarray(signal.samples)
    if not wanted or not signal.channels:
        return samples
    missing = [name for name in wanted if name not in signal.channels]
    if missing:
        raise DataError(
            f"has no channel {missing[0]!r}{nearest(missing[0], signal.channels)}; its channels are "
            f"{', '.join(signal.channels)}; choose channels that every record has (channels), or leave the "
            "record out",
            place,
        )
    return samples[:, [signal.channels.index(name) for name in wanted]]
