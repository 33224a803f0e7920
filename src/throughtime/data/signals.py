"""Sound and biosignals as they come from a recorder: samples, how many a second, and what they measure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from throughtime.core.errors import ShapeError

Hertz = int | float
"""Samples a second."""

MOST_PARTS = 10_000
"""The largest whole numbers that the ratio of two sample rates is expressed in."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Sound: samples between -1 and 1, and how many of them there are in a second.

    Arguments:
        samples: `[time]`, or `[time, channel]`, real numbers.
        sample_rate: samples a second (Hz), at least 1.

    **Raises** `ShapeError` for other shapes and rates.
    """

    samples: np.ndarray
    sample_rate: Hertz

    def __post_init__(self) -> None:
        _check(self, self.sample_rate, most_axes=2)

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True, eq=False)
class Biosignal:
    """Electrocardiograms and the like: physical values side by side, in channels that have names.

    Arguments:
        samples: `[time, channel]`, in the units of the channels.
        sample_rate: samples a second (Hz), above 0.
        channels: a name for each channel, such as `("MLII", "V5")`; empty where they have none.
        units: the unit of each channel, such as `("mV", "mV")`; empty where it is unknown.

    **Raises** `ShapeError` for other shapes and rates, and unless there is a name for each channel.
    """

    samples: np.ndarray
    sample_rate: Hertz
    channels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self, self.sample_rate, most_axes=2)
        for what in (self.channels, self.units):
            if what and (np.ndim(self.samples) != 2 or len(what) != self.samples.shape[1]):
                raise ShapeError(
                    f"samples have the shape {list(np.shape(self.samples))} and {len(what)} channels are "
                    f"named ({', '.join(what)}); give [time, channel] and a name for each channel"
                )

    def __len__(self) -> int:
        return len(self.samples)


def resampled(samples: np.ndarray, before: Hertz, after: Hertz) -> np.ndarray:
    """Return what the samples would have been at another rate, `[time, ...]` as they are.

    Arguments:
        before, after: samples a second (Hz), above 0.

    **Equations** with `after / before = up / down` in whole numbers of at most 10,000: zeros between samples,
    a low-pass filter of linear phase (a windowed sinc, Kaiser's β = 5) that does not shift in time, every
    `down`-th value. Beyond its ends, the signal is as at its ends.

    **Cost** `O(T)` for a ratio of small whole numbers.
    """
    if before == after or len(samples) == 0:
        return samples
    # Of SciPy, which is there anyway: it has the ratio exactly, no delay, and does not ring at the ends of a
    # signal that is not around zero.
    from scipy.signal import resample_poly

    ratio = (Fraction(after) / Fraction(before)).limit_denominator(MOST_PARTS)
    ratio = ratio or Fraction(1, MOST_PARTS)
    return np.asarray(
        resample_poly(
            np.asarray(samples, np.float64), ratio.numerator, ratio.denominator, axis=0, padtype="edge"
        )
    )


def _check(signal: Recording | Biosignal, sample_rate: Hertz, *, most_axes: int) -> None:
    if not (math.isfinite(sample_rate) and sample_rate > 0):
        raise ShapeError(f"sample_rate is {sample_rate}; give the samples a second (Hz), above 0")
    if not 1 <= np.ndim(signal.samples) <= most_axes:
        raise ShapeError(
            f"samples have the shape {list(np.shape(signal.samples))}; give [time] or [time, channel]"
        )
