"""Strings by hand, and tests that are longer than what was learned from."""

import numpy as np
import pytest

from throughtime.core.randomness import generator_for
from throughtime.problems import AnBn, AnBnCn, Problem
from throughtime.problems.counted_language import CountedLanguage


@pytest.mark.parametrize(
    ("problem", "n", "given", "following"),
    [
        (AnBn(most=4), 1, "Sab", ["a", "ab", "T"]),
        (AnBn(most=4), 3, "Saaabbb", ["a", "ab", "ab", "ab", "b", "b", "T"]),
        (AnBnCn(most=3), 1, "Sabc", ["a", "ab", "c", "T"]),
        (AnBnCn(most=3), 2, "Saabbcc", ["a", "ab", "ab", "b", "c", "c", "T"]),
    ],
)
def test_strings_by_hand(problem: CountedLanguage, n: int, given: str, following: list[str]) -> None:
    inputs, targets, mask, lengths = problem.draw(100, np.random.default_rng(0))
    row = int(np.flatnonzero(lengths == len(given))[0])
    letters = "abc"[: problem.letters]
    assert "".join(("S" + letters)[symbol] for symbol in inputs[: len(given), row].argmax(axis=-1)) == given
    for step, symbols in enumerate(following):
        assert targets[step, row].tolist() == [float(unit in symbols) for unit in letters + "T"]
    assert mask[:, row].sum() == len(given) == problem.letters * n + 1


@pytest.mark.parametrize("kind", [AnBn, AnBnCn])
def test_all_counts_come(kind: type[CountedLanguage]) -> None:
    problem = kind(most=5)
    lengths = problem.draw(2000, generator_for(0, "counts")).lengths
    counts = np.bincount((lengths - 1) // problem.letters, minlength=6)
    assert counts[0] == 0
    assert counts[1:].min() > 300


def test_tests_can_be_longer() -> None:
    problem: Problem = AnBn(most=5, test_most=50)
    tested = problem.tested_on.draw(500, np.random.default_rng(0))
    assert tested.lengths.max() == 101
    assert problem.draw(500, np.random.default_rng(0)).lengths.max() == 11
    assert problem.tested_on.trivial_loss < problem.trivial_loss
    assert AnBn(most=5).tested_on == AnBn(most=5)
