"""How well a reservoir tells inputs apart, and how well it takes like ones for one."""

from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from throughtime.core.cell import Cell, State
from throughtime.core.errors import OptionError, ShapeError
from throughtime.core.unroll import unroll

Sequences: TypeAlias = Float[Array, "T B I"] | Float[np.ndarray, "T B I"]


def spike_distance(
    one: np.ndarray,
    other: np.ndarray,
    *,
    step_ms: float = 1.0,
    width_ms: float = 5.0,
) -> float:
    """Return how far two spike trains are from each other.

    **Equations**

        d = sqrt(mean over t of |u * g - v * g|^2(t)),   g(t) = exp(-(t / width_ms)^2)

    Arguments:
        one, other: u and v, spikes `[T]` or `[T, C]`, of one shape.
        step_ms: how long a step is, above 0.
        width_ms: of the Gaussian that each spike is made of: spikes much nearer to each other are alike.

    **Raises**

        ShapeError: they are not of one shape.
        OptionError: a time is not above 0.

    **Differs from**

        The paper does not say what its norm is divided by; here by the steps, so that longer trains are not
        farther apart.

    **Source**

        Maass, Natschlaeger & Markram 2002, Neural Computation 14(11), legend of figure 2.
    """
    difference = np.asarray(one, float) - _of_shape(other, np.shape(one))
    if not min(step_ms, width_ms) > 0:
        raise OptionError(f"step_ms is {step_ms} and width_ms is {width_ms}; choose numbers above 0")
    reach = int(np.ceil(4 * width_ms / step_ms))
    bump = np.exp(-((np.arange(-reach, reach + 1) * step_ms / width_ms) ** 2))
    flat = difference.reshape(len(difference), -1)
    # `full`, of which the middle is kept: `same` is as long as the longer of the two.
    smooth = [np.convolve(channel, bump)[reach : reach + len(channel)] for channel in flat.T]
    return float(np.sqrt(np.mean(np.sum(np.square(smooth), axis=0))))


def state_distances(
    network: Cell,
    one: Sequences,
    other: Sequences,
    *,
    states: tuple[State, State] | None = None,
) -> Float[Array, "T B"]:
    """Return how far what a network makes of two inputs is apart, step by step: the separation property.

    Arguments:
        network: a cell whose outputs are what a readout sees, such as a liquid with a `SpikeFilter` on top.
        one, other: pairs of inputs.
        states: where the network starts with each; at its initial state when None. Two different ones show
            what a difference at the start still does.

    **Raises**

        ShapeError: the inputs are not of one shape, or do not fit the network.

    **Source**

        Maass, Natschlaeger & Markram 2002, Neural Computation 14(11), section 3.2 and figure 2.
    """
    _of_shape(other, np.shape(one))
    first, second = (None, None) if states is None else states
    _, seen = unroll(network, jnp.asarray(one), first)
    _, also = unroll(network, jnp.asarray(other), second)
    return jnp.linalg.norm(seen - also, axis=-1)


def state_rank(network: Cell, inputs: Sequences, *, tolerance: float = 0.1) -> int:
    """Return in how many directions the last outputs of a network for these inputs differ.

    For inputs that have nothing to do with one another this is the *kernel quality*: as many as there are
    inputs, if a linear readout can answer each as it likes. For jittered versions of one input it is the
    *generalisation rank*: the fewer, the better a readout that learned some of them does on the others. Their
    difference says how well a network computes.

    **Equations**

        the directions along which the centred outputs `[B, O]` have a deviation above tolerance, counted

    Arguments:
        network: as for `state_distances`.
        inputs: B inputs, at least 2.
        tolerance: which deviation is taken for noise, in what the outputs are measured in, above 0.

    **Raises**

        OptionError: there is one input, or the tolerance is not above 0.

    **Differs from**

        The paper counts what is above the rounding error of the machine; its states are not centred.

    **Source**

        Legenstein & Maass 2007, "Edge of chaos and prediction of computational performance for neural circuit
        models", Neural Networks 20(3), sections 4 and 5.
    """
    if not tolerance > 0:
        raise OptionError(f"tolerance is {tolerance}; choose a number above 0")
    if inputs.shape[1] < 2:
        raise OptionError(f"there is {inputs.shape[1]} input; give at least 2, as [time, batch, feature]")
    last = np.asarray(unroll(network, jnp.asarray(inputs))[1][-1], float)
    sizes = np.linalg.svd(last - last.mean(axis=0), compute_uv=False)
    return int(np.sum(sizes > tolerance * np.sqrt(len(last))))


def _of_shape(array: Array | np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if np.shape(array) != shape:
        raise ShapeError(
            f"one has shape {list(shape)} and the other {list(np.shape(array))}; give two of one shape"
        )
    return np.asarray(array, float)
