"""Spikes from numbers, and how far apart they and what a liquid makes of them are."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import (
    Liquid,
    SpikeFilter,
    Stack,
    ben_spikes,
    latency_spikes,
    poisson_spikes,
    population_code,
    spike_distance,
    state_distances,
    state_rank,
)
from throughtime.core.errors import OptionError, ShapeError


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_poisson_spikes_come_as_often_as_said() -> None:
    rates = np.tile([0.0, 20.0, 200.0], (50_000, 1))
    spikes = poisson_spikes(rates, step_ms=0.5, generator=generator())
    expected = 1 - np.exp(-rates[0] * 0.0005)
    assert np.all(np.abs(spikes.mean(axis=0) - expected) <= 5 * np.sqrt(expected / len(spikes)))
    together = (spikes[1:, 2] * spikes[:-1, 2]).mean()
    assert abs(together - expected[2] ** 2) < 5 * expected[2] / np.sqrt(len(spikes)), (
        "spikes know one another"
    )


def test_ben_spikes_are_turned_back_into_the_signal() -> None:
    taps = np.hanning(26)[1:-1]
    taps /= taps.sum() / 2
    time = np.arange(400)
    signal = np.stack([1 + 0.8 * np.sin(time / 30), 0.7 + 0.4 * np.cos(time / 50)], axis=1) * 0.8
    spikes = ben_spikes(signal, taps)
    heard = np.stack([np.convolve(channel, taps)[:400] for channel in spikes.T], axis=1)
    error = (heard - signal)[40:]
    assert np.sqrt(np.mean(error**2)) < 0.05 * signal.std()
    assert 0.05 < spikes.mean() < 0.95
    assert ben_spikes(signal, taps, threshold=0.5).sum() > spikes.sum()
    # A signal that is spikes, filtered, gives these spikes.
    train = np.zeros((120, 1))
    train[[5, 40, 43, 90]] = 1
    made = np.convolve(train[:, 0], taps)[:120, None]
    np.testing.assert_array_equal(ben_spikes(made, taps), train)


def test_large_values_come_early() -> None:
    spikes = latency_spikes(np.array([1.0, 0.5, 0.0, 0.1]), duration_ms=10.5, step_ms=0.5)
    assert [np.flatnonzero(channel).tolist() for channel in spikes.T] == [[0], [10], [], [18]]


def test_neurons_of_a_population_like_their_own_values() -> None:
    code = population_code(np.array([[0.0, 5.0, 10.0]]), low=0.0, high=10.0, fields=6)
    centres = np.array([-1.25, 1.25, 3.75, 6.25, 8.75, 11.25])
    away = np.array([0.0, 5.0, 10.0])[:, None] - centres
    np.testing.assert_allclose(code[0], np.exp(-(away**2) / (2 * (2.5 / 1.5) ** 2)))


def test_distance_of_spike_trains() -> None:
    one = np.zeros((1000, 1))
    one[500] = 1
    # The square of a Gaussian exp(-(t / w)^2) has the integral w sqrt(pi / 2).
    expected = np.sqrt(5 * np.sqrt(np.pi / 2) / 1000)
    assert spike_distance(one, np.zeros_like(one)) == pytest.approx(expected, rel=1e-6)
    apart = [spike_distance(one, np.roll(one, shift, axis=0)) for shift in (0, 1, 3, 8, 100)]
    assert apart[0] == 0
    assert np.all(np.diff(apart) > 0)
    assert apart[-1] == pytest.approx(expected * np.sqrt(2), rel=1e-6)
    assert spike_distance(np.zeros((3, 1)), np.eye(3)[:, :1]) > 0, "shorter than the Gaussian"


def liquid() -> Stack:
    return Stack([Liquid(2, 27, input_scaling=2.0, key=jax.random.key(1)), SpikeFilter(27)])


def test_states_are_apart_as_inputs_are() -> None:
    draw = generator()
    one = (draw.random((150, 12, 2)) < 0.04).astype(np.float32)
    near = np.roll(one, 1, axis=0)
    far = (draw.random((150, 12, 2)) < 0.04).astype(np.float32)
    network = liquid()
    same, little, much = (
        float(state_distances(network, one, other)[30:].mean()) for other in (one, near, far)
    )
    assert same == 0
    assert 0 < little < 0.8 * much


def test_rank_of_states() -> None:
    draw = generator()
    network = liquid()
    different = (draw.random((120, 10, 2)) < 0.06).astype(np.float32)
    alike = np.tile(different[:, :1], (1, 10, 1))
    assert state_rank(network, alike) == 0
    assert state_rank(network, different) >= 8
    nearly = np.stack([np.roll(alike[:, 0], row % 2, axis=0) for row in range(10)], axis=1)
    assert state_rank(network, nearly) <= 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: poisson_spikes(np.full((2, 1), -1.0), generator=generator()), OptionError, "rates_hz goes"),
        (lambda: poisson_spikes(np.ones(3), generator=generator()), ShapeError, r"rates_hz has shape \[3\]"),
        (lambda: ben_spikes(np.ones((3, 1)), np.array([1.0, -1.0])), OptionError, "taps add up to 0"),
        (lambda: ben_spikes(np.ones((3, 1)), np.ones((2, 2))), ShapeError, r"taps have shape \[2, 2\]"),
        (lambda: ben_spikes(np.full((3, 1), np.nan), np.ones(2)), OptionError, "give finite numbers"),
        (lambda: ben_spikes(np.ones((3, 1)), np.ones(2), threshold=1.1), OptionError, "threshold is 1.1"),
        (lambda: latency_spikes(np.array([1.5]), duration_ms=5.0), OptionError, "values go from 1.5 to 1.5"),
        (lambda: latency_spikes(np.ones((2, 2)), duration_ms=5.0), ShapeError, "give one number for each"),
        (lambda: latency_spikes(np.ones(2), duration_ms=0.1), OptionError, "give at least one step"),
        (lambda: population_code(np.ones(2), low=1.0, high=1.0), OptionError, "low is 1.0 and high is 1.0"),
        (lambda: population_code(np.ones(2), low=0.0, high=1.0, fields=2), OptionError, "fields is 2"),
        (lambda: spike_distance(np.ones((3, 1)), np.ones((2, 1))), ShapeError, "give two of one shape"),
        (
            lambda: spike_distance(np.ones((3, 1)), np.ones((3, 1)), width_ms=0.0),
            OptionError,
            "width_ms is 0",
        ),
        (lambda: state_rank(liquid(), jnp.ones((3, 1, 2))), OptionError, "there is 1 input; give at least 2"),
        (lambda: state_rank(liquid(), jnp.ones((3, 2, 2)), tolerance=0.0), OptionError, "tolerance is 0.0"),
        (lambda: SpikeFilter(2, filter_ms=0.0), OptionError, "filter_ms is 0.0; choose a number above 0"),
    ],
)
def test_what_makes_no_spikes(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
