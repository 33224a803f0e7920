"""Sequences with known answers: one problem a file, with its sizes as in its paper."""

from throughtime.problems.adding import Adding
from throughtime.problems.continual_reber import ContinualReber
from throughtime.problems.copy_memory import CopyMemory
from throughtime.problems.counted_language import AnBn, AnBnCn
from throughtime.problems.digit_addition import DigitAddition
from throughtime.problems.distant_brackets import DistantBrackets
from throughtime.problems.embedded_reber import EmbeddedReber
from throughtime.problems.influence_balancing import InfluenceBalancing
from throughtime.problems.lorenz import Lorenz
from throughtime.problems.mackey_glass import MackeyGlass
from throughtime.problems.memory_capacity import MemoryCapacity
from throughtime.problems.moving_shapes import MovingShapes
from throughtime.problems.multiplication import Multiplication
from throughtime.problems.narma10 import Narma10
from throughtime.problems.noise_free_lag import NoiseFreeLag
from throughtime.problems.noiseless_memorisation import NoiselessMemorisation
from throughtime.problems.parity import Parity
from throughtime.problems.problem import Examples, Problem
from throughtime.problems.random_permutation import RandomPermutation
from throughtime.problems.spike_templates import SpikeTemplates
from throughtime.problems.temporal_order import TemporalOrder
from throughtime.problems.timed_spikes import TimedSpikes
from throughtime.problems.two_sequence import TwoSequence
from throughtime.problems.xor import Xor

PROBLEMS: dict[str, type[Problem]] = {
    problem.kind: problem
    for problem in (
        Adding,
        Multiplication,
        Xor,
        TemporalOrder,
        NoiseFreeLag,
        TwoSequence,
        RandomPermutation,
        NoiselessMemorisation,
        CopyMemory,
        EmbeddedReber,
        ContinualReber,
        AnBn,
        AnBnCn,
        DistantBrackets,
        Parity,
        TimedSpikes,
        SpikeTemplates,
        InfluenceBalancing,
        DigitAddition,
        MovingShapes,
        Narma10,
        MackeyGlass,
        Lorenz,
        MemoryCapacity,
    )
}
"""Every problem by its name."""

__all__ = [
    "PROBLEMS",
    "Adding",
    "AnBn",
    "AnBnCn",
    "ContinualReber",
    "CopyMemory",
    "DigitAddition",
    "DistantBrackets",
    "EmbeddedReber",
    "Examples",
    "InfluenceBalancing",
    "Lorenz",
    "MackeyGlass",
    "MemoryCapacity",
    "MovingShapes",
    "Multiplication",
    "Narma10",
    "NoiseFreeLag",
    "NoiselessMemorisation",
    "Parity",
    "Problem",
    "RandomPermutation",
    "SpikeTemplates",
    "TemporalOrder",
    "TimedSpikes",
    "TwoSequence",
    "Xor",
]
