"""When an answer is right: the losses that problems share, and the criteria of their papers."""

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Integer, Shaped
from scipy.special import softmax

from throughtime.problems.problem import Examples


def cross_entropy(output: Float[Array, " O"], target: Integer[Array, ""]) -> Float[Array, ""]:
    """Return the cross-entropy in nats of one class."""
    return optax.softmax_cross_entropy_with_integer_labels(output, target)


def cross_entropy_of_set(output: Float[Array, " O"], target: Float[Array, " O"]) -> Float[Array, ""]:
    """Return the cross-entropy in nats of one decision for each unit, added up."""
    return jnp.sum(optax.sigmoid_binary_cross_entropy(output, target))


def all_steps_right(outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
    """Tell in which sequences the likeliest class is the target at every step that counts."""
    return _at_all_steps(outputs.argmax(axis=-1) == examples.targets, examples)


def all_probabilities_near(
    outputs: Float[np.ndarray, "T B O"], examples: Examples, margin: float
) -> Bool[np.ndarray, " B"]:
    """Tell in which sequences every class has a probability off by less than the margin, wherever it counts.

    The criterion of Hochreiter & Schmidhuber for output units from 0 to 1. The probability of the right class
    is off by most, since those of the others add up to what it lacks.
    """
    likely = np.take_along_axis(softmax(outputs, axis=-1), examples.targets[..., None], axis=-1)[..., 0]
    return _at_all_steps(1 - likely < margin, examples)


def all_numbers_near(
    outputs: Float[np.ndarray, "T B"],
    targets: Shaped[np.ndarray, "T B"],
    examples: Examples,
    margin: float,
) -> Bool[np.ndarray, " B"]:
    """Tell in which sequences the answer is off by less than the margin at every step that counts."""
    return _at_all_steps(np.abs(outputs - targets) < margin, examples)


def only_possible_most_active(
    outputs: Float[np.ndarray, "T B O"], possible: Bool[np.ndarray, "T B O"], examples: Examples
) -> Bool[np.ndarray, " B"]:
    """Tell in which sequences all possible classes are above all others, at every step that counts."""
    lowest = np.where(possible, outputs, np.inf).min(axis=-1)
    highest = np.where(possible, -np.inf, outputs).max(axis=-1)
    return _at_all_steps(lowest > highest, examples)


def all_sets_right(outputs: Float[np.ndarray, "T B O"], examples: Examples) -> Bool[np.ndarray, " B"]:
    """Tell in which sequences every unit is on the right side of one half, at every step that counts."""
    return _at_all_steps(np.all((outputs > 0) == (examples.targets > 0.5), axis=-1), examples)


def _at_all_steps(right: Bool[np.ndarray, "T B"], examples: Examples) -> Bool[np.ndarray, " B"]:
    return np.all(right | (examples.mask == 0), axis=0)
