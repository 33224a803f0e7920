"""Recordings and biosignals: what they can be, and what resampling makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime import Biosignal, Recording
from throughtime.core.errors import ShapeError
from throughtime.data.signals import resampled


@pytest.mark.parametrize(("before", "after"), [(8000, 16000), (44100, 16000), (360, 250), (62.5, 125)])
def test_a_slow_wave_is_the_same_wave_at_another_rate(before: float, after: float) -> None:
    seconds = np.arange(int(4000 * before / after)) / before
    hertz = after / 40
    found = resampled(2 + np.sin(2 * np.pi * hertz * seconds), before, after)
    expected = 2 + np.sin(2 * np.pi * hertz * np.arange(len(found)) / after)
    assert len(found) == pytest.approx(len(seconds) * after / before, abs=1)
    np.testing.assert_allclose(found[200:-200], expected[200:-200], atol=5e-3)


def test_a_constant_stays_one_to_its_ends_and_a_wave_above_half_the_rate_goes() -> None:
    np.testing.assert_allclose(resampled(np.full((500, 2), 7.0), 500, 200), 7, rtol=1e-3)
    fast = np.sin(2 * np.pi * 150 * np.arange(2000) / 500)
    assert np.abs(resampled(fast, 500, 200)[50:-50]).max() < 0.02


def test_the_same_rate_changes_nothing() -> None:
    samples = np.arange(5.0)
    assert resampled(samples, 360, 360.0) is samples


def test_what_is_no_signal_is_refused() -> None:
    assert len(Recording(np.zeros(3), 8000)) == len(Biosignal(np.zeros((3, 2)), 62.5)) == 3
    with pytest.raises(ShapeError, match=r"sample_rate is 0; give the samples a second \(Hz\), above 0"):
        Recording(np.zeros(3), 0)
    with pytest.raises(ShapeError, match=r"samples have the shape \[1, 1, 1\]; give \[time\] or"):
        Recording(np.zeros((1, 1, 1)), 8000)
    with pytest.raises(ShapeError, match=r"shape \[3, 2\] and 1 channels are named \(II\); give"):
        Biosignal(np.zeros((3, 2)), 360, ("II",))
