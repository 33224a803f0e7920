"""Sequences with known answers: one problem a file, with its sizes as in its paper."""

from throughtime.problems.adding import Adding
from throughtime.problems.copy_memory import CopyMemory
from throughtime.problems.digit_addition import DigitAddition
from throughtime.problems.moving_shapes import MovingShapes
from throughtime.problems.parity import Parity
from throughtime.problems.problem import Examples, Problem
from throughtime.problems.timed_spikes import TimedSpikes

PROBLEMS: dict[str, type[Problem]] = {
    problem.kind: problem
    for problem in (Adding, CopyMemory, DigitAddition, MovingShapes, Parity, TimedSpikes)
}
"""Every problem by its name."""

__all__ = [
    "PROBLEMS",
    "Adding",
    "CopyMemory",
    "DigitAddition",
    "Examples",
    "MovingShapes",
    "Parity",
    "Problem",
    "TimedSpikes",
]
