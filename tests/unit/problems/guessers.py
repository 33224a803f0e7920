"""Answers to each problem that know all but what has to be remembered, and guess that."""

from typing import Any

import numpy as np

from tests.unit.problems.solvers import SOLVERS, SURE
from throughtime.problems import (
    Adding,
    AnBn,
    AnBnCn,
    ContinualReber,
    CopyMemory,
    DistantBrackets,
    EmbeddedReber,
    Examples,
    Multiplication,
    NoiseFreeLag,
    NoiselessMemorisation,
    Parity,
    Problem,
    RandomPermutation,
    SpikeTemplates,
    TemporalOrder,
    TwoSequence,
    Xor,
)


def solved(problem: Problem, examples: Examples) -> np.ndarray:
    return SOLVERS[type(problem)](problem, examples.inputs, examples.lengths)


def mean(problem: Problem, examples: Examples, generator: np.random.Generator) -> np.ndarray:
    return np.full(examples.targets.shape, examples.targets[examples.mask > 0].mean())


def any_class(problem: Problem, examples: Examples, generator: np.random.Generator) -> np.ndarray:
    guess = generator.integers(problem.output_size, size=examples.mask.shape)
    return SURE * np.eye(problem.output_size)[guess]


def one_of(
    problem: Problem,
    examples: Examples,
    generator: np.random.Generator,
    where: np.ndarray,
    classes: list[int],
) -> np.ndarray:
    """Return what is right, but one of these classes at some steps `[T, B]`."""
    outputs = solved(problem, examples)
    guess = generator.choice(classes, size=int(where.sum()))
    outputs[where] = SURE * np.eye(problem.output_size)[guess]
    return outputs


def noise_free_lag(problem: NoiseFreeLag, examples: Examples, generator: np.random.Generator) -> np.ndarray:
    last = np.arange(len(examples.mask))[:, None] == examples.lengths - 1
    x = problem.symbols - 1 + (problem.version == "2c")
    return one_of(problem, examples, generator, last, [x, x + 1])


def two_sequence(problem: TwoSequence, examples: Examples, generator: np.random.Generator) -> np.ndarray:
    return generator.choice(np.unique(examples.targets[..., 1]), size=(*examples.mask.shape, 1))


def random_permutation(
    problem: RandomPermutation, examples: Examples, generator: np.random.Generator
) -> np.ndarray:
    last = np.zeros(examples.mask.shape, bool)
    last[-1] = True
    return one_of(problem, examples, generator, last, [0, 1])


def memory(
    problem: CopyMemory | NoiselessMemorisation, examples: Examples, generator: np.random.Generator
) -> np.ndarray:
    said = examples.targets < problem.output_size - 1
    return one_of(problem, examples, generator, said, list(range(problem.output_size - 1)))


def reber(problem: Problem, examples: Examples, generator: np.random.Generator) -> np.ndarray:
    ended = examples.inputs.argmax(axis=-1) == 6
    comes_again = ended & np.isin(examples.targets, [1, 2]) & (examples.mask > 0)
    return one_of(problem, examples, generator, comes_again, [1, 2])


def counted(problem: AnBn | AnBnCn, examples: Examples, generator: np.random.Generator) -> np.ndarray:
    outputs = solved(problem, examples)
    letter = examples.inputs.argmax(axis=-1)
    share = 2 / (problem.most + 1)
    for behind_a in range(2, problem.output_size):
        ends = (letter == behind_a) & (generator.random(letter.shape) < share)
        outputs[letter == behind_a] = -SURE
        outputs[(letter == behind_a) & ~ends, behind_a - 1] = SURE
        outputs[ends, behind_a] = SURE
    return outputs


def distant_brackets(
    problem: DistantBrackets, examples: Examples, generator: np.random.Generator
) -> np.ndarray:
    place = np.arange(len(examples.mask)) % problem.line_length
    second = np.isin(place, problem.inside + problem.between + 3 + np.arange(problem.inside))
    where = np.broadcast_to(second[:, None], examples.mask.shape)
    return one_of(problem, examples, generator, where, list(range(problem.letters)))


GUESSERS: dict[type[Problem], Any] = {
    Adding: mean,
    Multiplication: mean,
    Xor: any_class,
    TemporalOrder: any_class,
    Parity: any_class,
    SpikeTemplates: any_class,
    NoiseFreeLag: noise_free_lag,
    TwoSequence: two_sequence,
    RandomPermutation: random_permutation,
    NoiselessMemorisation: memory,
    CopyMemory: memory,
    EmbeddedReber: reber,
    ContinualReber: reber,
    AnBn: counted,
    AnBnCn: counted,
    DistantBrackets: distant_brackets,
}
"""Every problem in which something can be guessed right now and then."""
