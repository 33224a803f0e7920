"""Sound as a spectrum over time: the logarithms of the energies in bands that widen as pitch is heard."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from throughtime.core.errors import OptionError
from throughtime.core.extras import extra

EXTRA = "audio"

LOWEST_HZ = 20.0
"""Where the lowest band begins; the highest one ends at half the sample rate."""


class Frames(np.ndarray):
    """Log-mel frames `[T, mel_bins]`: an array that nobody takes for samples."""


class LogMel(BaseModel):
    """Log-mel filterbank energies, as Kaldi computes them, without dither.

    **Equations** for a frame of samples `x` (between -1 and 1): the mean is taken off, `x_t - 0.97 x_{t-1}`,
    a window `(0.5 - 0.5 cos(2πt / (n-1)))^0.85`, zeros up to a power of two, `P = |FFT|²`, and in each of the
    triangles that lie evenly on the scale `1127 ln(1 + f / 700)` from 20 Hz to half the sample rate
    `log(max(Σ w P, 1.2e-7))`.

    **Shapes** `[time]` samples give `[T, mel_bins]` with `T = 1 + (time - frame) // shift` whole frames.

    Arguments:
        sample_rate: samples a second (Hz), at least 1.
        mel_bins: bands, at least 1. Default: 40.
        frame_length_ms: length of a frame in milliseconds, above 0. Default: 25.
        frame_shift_ms: from the start of a frame to that of the next, in milliseconds, above 0. Default: 10.

    **Cost** `O(T n log n)` for frames of `n` samples; a frame depends on its own samples alone, so that parts
    of a stream give what the whole gives.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: Annotated[int, Field(ge=1)]
    mel_bins: Annotated[int, Field(ge=1)] = 40
    frame_length_ms: Annotated[float, Field(gt=0)] = 25.0
    frame_shift_ms: Annotated[float, Field(gt=0)] = 10.0

    @model_validator(mode="after")
    def _has_room(self) -> LogMel:
        if self.frame_size < 2 or self.shift_size < 1:
            raise ValueError(
                f"a frame of {self.frame_length_ms:g} ms every {self.frame_shift_ms:g} ms is "
                f"{self.frame_size} samples every {self.shift_size} at {self.sample_rate} Hz; choose longer "
                "ones"
            )
        return self

    @property
    def frame_size(self) -> int:
        """Samples in a frame."""
        return int(self.sample_rate * 0.001 * self.frame_length_ms)

    @property
    def shift_size(self) -> int:
        """Samples from the start of a frame to that of the next."""
        return int(self.sample_rate * 0.001 * self.frame_shift_ms)

    def frames(self, samples: np.ndarray) -> Frames:
        """Return the frames of samples `[time]`; there are none if the samples do not fill one.

        **Raises** `OptionError` for more bands than the frames can tell apart; `MissingExtraError` without
        the extra `audio`.
        """
        count = max(0, 1 + (len(samples) - self.frame_size) // self.shift_size)
        if count == 0:
            return np.zeros((0, self.mel_bins), np.float32).view(Frames)
        bank = self._bank()
        bank.accept_waveform(self.sample_rate, np.ascontiguousarray(samples, np.float32))
        found = np.stack([bank.get_frame(index) for index in range(count)])
        return found.astype(np.float32, copy=False).view(Frames)

    def check(self) -> None:
        """Raise what `frames` would, before there are any samples."""
        self._bank()

    def unused(self, samples: np.ndarray) -> np.ndarray:
        """Return the samples from which frames still to come begin."""
        count = max(0, 1 + (len(samples) - self.frame_size) // self.shift_size)
        return samples[count * self.shift_size :]

    def _bank(self) -> Any:
        library = extra("kaldi_native_fbank", EXTRA)
        options = library.FbankOptions()
        options.frame_opts.samp_freq = self.sample_rate
        options.frame_opts.frame_length_ms = self.frame_length_ms
        options.frame_opts.frame_shift_ms = self.frame_shift_ms
        options.frame_opts.dither = 0.0
        options.frame_opts.snip_edges = True
        options.mel_opts.num_bins = self.mel_bins
        options.mel_opts.low_freq = LOWEST_HZ
        try:
            return library.OnlineFbank(options)
        except ValueError:
            raise OptionError(
                f"mel_bins is {self.mel_bins}, and frames of {self.frame_length_ms:g} ms at "
                f"{self.sample_rate} Hz cannot tell so many bands apart; choose fewer, or longer frames"
            ) from None
