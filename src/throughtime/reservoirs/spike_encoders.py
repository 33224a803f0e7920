"""Numbers as spikes: by their rate, by what a filter makes of them, by when they come, and by who fires."""

import math

import numpy as np
from jaxtyping import Float

from throughtime.core.errors import OptionError, ShapeError

Train = Float[np.ndarray, "T C"]
"""Spikes of C channels at T steps, 0 or 1."""


def poisson_spikes(rates_hz: np.ndarray, *, step_ms: float = 1.0, generator: np.random.Generator) -> Train:
    """Return spikes that come at random, as often as the rates say.

    **Equations**

        P(spike at t) = 1 - exp(-rates_hz[t] step_ms / 1000),   each by itself

    Arguments:
        rates_hz: `[T, C]`, spikes a second, at least 0, of each channel at each step.
        step_ms: how long a step is, above 0.
        generator: where they are drawn from.

    **Raises**

        OptionError: a rate is negative or no number, or the step not above 0.
        ShapeError: the rates are no `[T, C]`.
    """
    rates = _train("rates_hz", rates_hz)
    _check_above_zero(step_ms=step_ms)
    if not np.all((rates >= 0) & np.isfinite(rates)):
        raise OptionError(
            f"rates_hz goes from {rates.min():g} to {rates.max():g}; give finite rates of at least 0"
        )
    return (generator.random(rates.shape) < -np.expm1(-rates * step_ms / 1000)).astype(np.float32)


def ben_spikes(signal: np.ndarray, taps: np.ndarray, *, threshold: float = 0.955) -> Train:
    """Return spikes that a filter turns back into the signal, or nearly: Ben's spiker algorithm.

    **Equations**

        a spike at t where  sum_k |x_{t+k} - taps_k| <= sum_k |x_{t+k}| - threshold sum_k taps_k
        and then            x_{t+k} = x_{t+k} - taps_k,   step after step

    Arguments:
        signal: x `[T, C]`; at least 0 in what spikes can make of it, as they only add.
        taps: what one spike adds to the signal at its step and those after it, K of them, of a sum above 0.
        threshold: which part of what a spike adds has to be missing, at most 1; less makes more spikes.

    **Raises**

        OptionError: the taps are of no use, or something is no number.
        ShapeError: the signal is no `[T, C]`, or the taps no `[K]`.

    **Cost**

        T C K

    **Differs from**

        The paper's threshold is a number for a filter that adds up to 1; here it goes with the filter.

    **Source**

        Schrauwen & Van Campenhout 2003, "BSA, a fast and accurate spike train encoding scheme", IJCNN.
    """
    rest = _train("signal", signal).astype(float)
    kernel = np.asarray(taps, float)
    if kernel.ndim != 1 or not kernel.size:
        raise ShapeError(f"taps have shape {list(kernel.shape)}; give a filter [K] of at least one number")
    if not (np.isfinite(kernel).all() and kernel.sum() > 0):
        raise OptionError(f"taps add up to {kernel.sum():g}; give finite ones that add up to more than 0")
    if not threshold <= 1:
        raise OptionError(f"threshold is {threshold}; choose one of at most 1, above which nothing fires")
    if not np.isfinite(rest).all():
        raise OptionError("the signal has numbers that are infinite or none; give finite numbers")
    spikes = np.zeros(rest.shape, np.float32)
    for t in range(len(rest)):
        ahead = rest[t : t + len(kernel)]
        part = kernel[: len(ahead), None]
        fires = np.abs(ahead - part).sum(axis=0) <= np.abs(ahead).sum(axis=0) - threshold * part.sum()
        ahead -= part * fires
        spikes[t] = fires
    return spikes


def latency_spikes(values: np.ndarray, *, duration_ms: float, step_ms: float = 1.0) -> Train:
    """Return one spike in each channel, which comes the earlier, the larger the value.

    **Equations**

        a spike at (1 - value) (T - 1), rounded;  T = duration_ms / step_ms, rounded;  none for a value of 0

    Arguments:
        values: `[C]`, one for each channel, 0 to 1.
        duration_ms: how long the train is, at least a step.
        step_ms: how long a step is, above 0.

    **Raises**

        OptionError: a value is not from 0 to 1, or there is no step.
        ShapeError: the values are no `[C]`.
    """
    given = np.asarray(values, float)
    if given.ndim != 1:
        raise ShapeError(f"values have shape {list(given.shape)}; give one number for each channel, [C]")
    if not np.all((given >= 0) & (given <= 1)):
        raise OptionError(f"values go from {given.min():g} to {given.max():g}; scale them to 0 to 1")
    _check_above_zero(step_ms=step_ms, duration_ms=duration_ms)
    steps = round(duration_ms / step_ms)
    if steps < 1:
        raise OptionError(f"duration_ms is {duration_ms:g} and step_ms {step_ms:g}; give at least one step")
    spikes = np.zeros((steps, len(given)), np.float32)
    fires = np.flatnonzero(given > 0)
    spikes[np.rint((1 - given[fires]) * (steps - 1)).astype(int), fires] = 1
    return spikes


def population_code(
    values: np.ndarray, *, low: float, high: float, fields: int = 8, overlap: float = 1.5
) -> Float[np.ndarray, "*S fields"]:
    """Return how much each neuron of a population likes a value, 0 to 1; a rate or a latency makes it spikes.

    **Equations**

        likes_i = exp(-(value - centre_i)^2 / (2 width^2)),   i = 1, ..., m
        centre_i = low + (2 i - 3) / 2 * (high - low) / (m - 2),   width = (high - low) / (overlap (m - 2))

    Arguments:
        values: numbers, of any shape.
        low, high: between which they usually are, low below high.
        fields: m, neurons for each number, at least 3.
        overlap: the larger, the narrower what a neuron likes, above 0.

    **Raises**

        OptionError: a setting is out of range.

    **Source**

        Bohte, Kok & La Poutre 2002, "Error-backpropagation in temporally encoded networks of spiking
        neurons", Neurocomputing 48, section 4.1.
    """
    if isinstance(fields, bool) or fields < 3:
        raise OptionError(f"fields is {fields}; choose a whole number of at least 3")
    if not -math.inf < low < high < math.inf:
        raise OptionError(f"low is {low} and high is {high}; choose low below high")
    _check_above_zero(overlap=overlap)
    between = (high - low) / (fields - 2)
    centres = low + (2 * np.arange(1, fields + 1) - 3) / 2 * between
    away = np.asarray(values, float)[..., None] - centres
    return np.asarray(np.exp(-(away**2) / (2 * (between / overlap) ** 2)))


def _train(name: str, values: np.ndarray) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 2:
        raise ShapeError(f"{name} has shape {list(array.shape)}; give [time, channel]")
    return array


def _check_above_zero(**numbers: float) -> None:
    for name, value in numbers.items():
        if not 0 < value < math.inf:
            raise OptionError(f"{name} is {value}; choose a number above 0")
