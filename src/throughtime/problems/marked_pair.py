"""Two marked elements among many: where they stand, by whose rules, for the problems that ask about both."""

from typing import Literal

import numpy as np
from jaxtyping import Integer, Shaped

from throughtime.problems.lengths import draw_lengths, last_steps, longest, real_steps
from throughtime.problems.problem import Examples

PairVersion = Literal["hochreiter", "le", "martens"]
"""By whose rules: Hochreiter & Schmidhuber 1997, Le, Jaitly & Hinton 2015, or Martens & Sutskever 2011."""

MARGIN = 0.04
"""A sequence is answered right if the answer is off by less than this."""


def pair_steps(version: PairVersion, length: int) -> int:
    """Return how many steps the longest sequences have."""
    return length if version == "le" else longest(length)


def pair_lengths(
    version: PairVersion, length: int, count: int, generator: np.random.Generator
) -> Integer[np.ndarray, " B"]:
    """Return the length of each sequence: T, or any of T to 1.1 T."""
    return np.full(count, length) if version == "le" else draw_lengths(length, count, generator)


def draw_pair(
    version: PairVersion, length: int, count: int, generator: np.random.Generator
) -> Integer[np.ndarray, "2 B"]:
    """Return the two steps that are marked in each sequence.

    `"hochreiter"`: one of the first ten, and another one of the first T/2 - 1. `"le"`: one in each half.
    `"martens"`: one in the first tenth, and one behind it in the first half.
    """
    half, tenth = length // 2, length // 10
    if version == "le":
        return np.stack([generator.integers(half, size=count), generator.integers(half, length, count)])
    if version == "martens":
        return np.stack([generator.integers(tenth, size=count), generator.integers(tenth, half, count)])
    first = generator.integers(10, size=count)
    second = generator.integers(half - 2, size=count)
    return np.stack([first, second + (second >= first)])


def first_is_marked(version: PairVersion, length: int) -> float:
    """Return how often the very first step is marked by the rules of 1997, by which it counts otherwise."""
    return 1 / 10 + 9 / 10 / (length // 2 - 2) if version == "hochreiter" else 0.0


def marked_numbers(
    numbers: Shaped[np.ndarray, "T B"], pair: Integer[np.ndarray, "2 B"]
) -> Shaped[np.ndarray, "2 B"]:
    """Return the two numbers that are marked in each sequence."""
    return np.take_along_axis(numbers, pair, axis=0)


def examples_of_pairs(
    version: PairVersion,
    numbers: Shaped[np.ndarray, "T B"],
    pair: Integer[np.ndarray, "2 B"],
    lengths: Integer[np.ndarray, " B"],
    targets: Shaped[np.ndarray, "B *O"],
) -> Examples:
    """Return sequences of numbers and marks, of which the last step is to tell the target."""
    steps, count = numbers.shape
    marks = np.zeros((steps, count))
    if version == "hochreiter":
        marks[0], marks[lengths - 1, np.arange(count)] = -1, -1
    np.put_along_axis(marks, pair, 1, axis=0)
    inputs = np.stack([numbers, marks], axis=-1) * real_steps(lengths, steps)[..., None]
    return Examples(
        inputs.astype(np.float32),
        np.broadcast_to(targets, (steps, *targets.shape)),
        last_steps(lengths, steps),
        lengths,
    )
