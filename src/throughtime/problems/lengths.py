"""Sequences of different lengths side by side: which of their steps are real, and which is the last."""

import numpy as np
from jaxtyping import Bool, Float, Integer

PADDING = 32
"""Where lengths have no bound, batches are as long as a multiple of this, so that few shapes are compiled."""


def draw_lengths(length: int, count: int, generator: np.random.Generator) -> Integer[np.ndarray, " B"]:
    """Return lengths of T to 1.1 T steps, each as likely as the others."""
    return generator.integers(length, longest(length) + 1, count)


def longest(length: int) -> int:
    """Return the greatest whole number of steps that is at most 1.1 T."""
    return length + length // 10


def padded(steps: int) -> int:
    """Return how long a batch is whose longest sequence has so many steps."""
    return -(-steps // PADDING) * PADDING


def real_steps(lengths: Integer[np.ndarray, " B"], steps: int) -> Bool[np.ndarray, "T B"]:
    """Tell which steps are not padding."""
    return np.arange(steps)[:, None] < lengths


def last_steps(lengths: Integer[np.ndarray, " B"], steps: int) -> Float[np.ndarray, "T B"]:
    """Return a mask that is 1 at the last step of each sequence."""
    return (np.arange(steps)[:, None] == lengths - 1).astype(np.float32)


def one_hot(
    symbols: Integer[np.ndarray, "T B"], count: int, lengths: Integer[np.ndarray, " B"]
) -> Float[np.ndarray, "T B I"]:
    """Return symbols as vectors with a single 1, and padding as vectors without any."""
    vectors = np.eye(count, dtype=np.float32)[symbols]
    return vectors * real_steps(lengths, len(symbols))[..., None].astype(np.float32)
