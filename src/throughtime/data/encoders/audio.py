"""Sound as log-mel frames, each band moved and scaled to mean 0 and standard deviation 1."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders.encoder import Encoder
from throughtime.data.encoders.numbers import NumberEncoder
from throughtime.data.forms import Form, ordered, share
from throughtime.data.kinds import as_numbers
from throughtime.data.log_mel import Frames, LogMel
from throughtime.data.number_text import reads_as_numbers
from throughtime.data.places import file_named
from throughtime.data.readers.audio import read_recording, sample_rate_of
from throughtime.data.signals import Recording, resampled


class SoundForm(Form):
    """Sound, whatever it comes as, as log-mel frames `[T, mel_bins]`.

    A raw sequence is the path of a file (seen from the folder of the table that it stands in), a `Recording`,
    or samples `[time]` at the sample rate of the features. Channels are mixed into one, and sound of another
    sample rate is resampled; `notes` tells of both.
    """

    is_numbers = True

    def __init__(self, features: LogMel):
        self.kind = "audio"
        self.features = features
        self._count = 0
        self._rates = Counter[float]()
        self._channels = Counter[int]()

    def __call__(self, value: Any, place: Place | None = None) -> Frames:
        """Return one raw sequence as frames.

        **Raises** `DataError` for files that cannot be read, and for sound shorter than a frame.
        """
        if isinstance(value, Frames):
            return value
        recording = as_recording(value, place, self.features.sample_rate)
        samples = self.samples(recording, place)
        frames = self.features.frames(samples)
        if len(frames) == 0:
            raise DataError(
                f"the sound is {1000 * len(samples) / self.features.sample_rate:.3g} ms long, and a frame "
                f"takes {self.features.frame_length_ms:g} ms; give longer sound, or leave the record out",
                place,
            )
        return frames

    def samples(self, recording: Recording, place: Place | None) -> np.ndarray:
        """Return sound as one channel `[time]` at the sample rate of the features."""
        samples = recording.samples
        self._count += 1
        if samples.ndim == 2:
            if samples.shape[1] > 1:
                self._channels[samples.shape[1]] += 1
            samples = samples.mean(axis=1)
        if len(samples) == 0:
            raise DataError("holds no sound, it is 0 samples long; leave it out", place)
        if recording.sample_rate != self.features.sample_rate:
            self._rates[recording.sample_rate] += 1
            samples = resampled(samples, recording.sample_rate, self.features.sample_rate)
        return samples

    def notes(self) -> list[str]:
        """Return what was resampled, and what was mixed."""
        found = []
        for counted, unit, what in (
            (self._rates, "Hz", f"resampled to {self.features.sample_rate:g} Hz"),
            (self._channels, "channels", "mixed into one channel, their mean"),
        ):
            if counted:
                of = share(counted.total(), self._count, "recordings")
                found.append(f"{what} (from {ordered(counted)} {unit}): {of}")
        return found

    def kept(self, numbers: np.ndarray) -> Frames:
        """Return frames that were kept as a plain array."""
        return numbers.view(Frames)


class AudioEncoder(Encoder):
    """Scaled log-mel frames `[T, mel_bins]` in float32.

    **Equations** those of `LogMel`, then `(x - mean) / scale`, band by band, over all frames of the training
    part, as in `NumberEncoder`.

    **Raises** `DataError` for files that cannot be read, and for sound shorter than a frame;
    `MissingExtraError` without the extra `audio`.
    """

    kind: Literal["audio"] = "audio"
    features: LogMel
    scaling: NumberEncoder

    @classmethod
    def fit(cls, values: Iterable[Any], features: LogMel) -> "AudioEncoder":
        """Learn mean and scale of each band from a stream of raw sequences or records, in one pass."""
        form = SoundForm(features)
        return cls(features=features, scaling=NumberEncoder.fit(form.all(values)))

    @property
    def vocabulary_size(self) -> None:
        return None

    @property
    def feature_count(self) -> int:
        return self.features.mel_bins

    @property
    def sample_rate_heard(self) -> int:
        return self.features.sample_rate

    def form(self) -> SoundForm:
        """Return what brings raw sequences to the form that `encode` takes."""
        return SoundForm(self.features)

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one raw sequence into scaled frames `[T, mel_bins]`."""
        return self.scaling.encode(self.form()(value, place), place)

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        return self.scaling.encode_batch(self.form().all(values))

    def frames_of_part(
        self, waiting: np.ndarray, part: Any, place: Place | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the scaled frames that the next part of a stream completes, and the samples that later ones
        begin from; all frames together are those of the whole.

        Arguments:
            waiting: the samples that this returned for the part before; none, `[0]`, for the first.
            part: as for `encode`, at the sample rate of the features, however short.

        **Raises** `DataError` for sound of another sample rate, of which parts cannot be resampled by
        themselves.
        """
        recording = as_recording(part, place, self.features.sample_rate)
        if recording.sample_rate != self.features.sample_rate:
            raise DataError(
                f"the sound has {recording.sample_rate:g} samples a second, and this model hears "
                f"{self.features.sample_rate:g}; a stream is not resampled, so record it so, or use predict",
                place,
            )
        samples = np.concatenate([waiting, self.form().samples(recording, place)]).astype(np.float32)
        frames = self.features.frames(samples)
        scaled = self.scaling.encode(frames, place) if len(frames) else np.asarray(frames)
        return scaled, self.features.unused(samples)


def as_recording(value: Any, place: Place | None, sample_rate: int) -> Recording:
    """Return sound from the path of a file, a `Recording`, or samples `[time]` at `sample_rate`.

    **Raises** `DataError` for anything else.
    """
    if isinstance(value, Recording):
        return value
    if isinstance(value, str) and not reads_as_numbers(value):
        return read_recording(file_named(value, place), place)
    samples = as_numbers(value, place)
    if samples.shape[1] != 1:
        raise DataError(
            f"the samples have the shape {list(samples.shape)}; give one channel as [time], or a Recording "
            "of several",
            place,
        )
    return Recording(samples, sample_rate)


def usual_sample_rate(values: Iterable[tuple[Any, Place | None]]) -> int | None:
    """Return the sample rate that most recordings have; None if none of them says."""
    rates = Counter[int]()
    for value, place in values:
        if isinstance(value, Recording):
            rates[int(value.sample_rate)] += 1
        elif isinstance(value, str) and not reads_as_numbers(value):
            try:
                rates[sample_rate_of(file_named(value, place), place)] += 1
            except DataError:
                continue  # what cannot be read is refused, or skipped, where all records are read
    return rates.most_common(1)[0][0] if rates else None
