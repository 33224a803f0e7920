"""Signal and noise are as loud as the paper has them, and what drowns in the noise is counted as lost."""

import numpy as np
import pytest
from scipy.stats import norm

from throughtime.problems import TwoSequence


def test_the_signal_and_the_noise() -> None:
    for version, spread in (("3a", 0.0), ("3b", np.sqrt(0.2)), ("3c", np.sqrt(0.2))):
        problem = TwoSequence.parse({"version": version, "informative": 3, "length": 40})
        inputs, targets, _, lengths = problem.draw(4000, np.random.default_rng(0))
        answer = targets[0, :, 1]
        kind = np.where(answer == (0.2 if version == "3c" else 1.0), 1, -1)
        signal, noise = inputs[:3, :, 0] * kind, inputs[3:40, :, 0]
        assert abs(signal.mean() - 1) < 4 * spread / np.sqrt(12_000) + 1e-9
        assert abs(signal.std() - spread) < 0.01
        assert abs(noise.var() - 0.2) < 4 * 0.2 * np.sqrt(2 / noise.size)
        assert abs(noise.mean()) < 4 * np.sqrt(0.2 / noise.size)
        assert (lengths.min(), lengths.max()) == (40, 44)
        assert abs(kind.mean()) < 4 / np.sqrt(4000)


def test_targets_are_noisy_in_the_last_version_alone() -> None:
    for version, variance in (("3a", 0.0), ("3b", 0.0), ("3c", 0.1)):
        problem = TwoSequence.parse({"version": version, "length": 40})
        taught, meant = problem.draw(8000, np.random.default_rng(0)).targets[0].T
        assert abs(np.var(taught - meant) - variance) < 4 * variance * np.sqrt(2 / 8000) + 1e-9
        assert set(np.unique(meant)) == ({np.float32(0.2), np.float32(0.8)} if version == "3c" else {0, 1})


def test_one_element_alone_misleads_one_time_in_eighty() -> None:
    problem = TwoSequence(informative=1, version="3b", length=20)
    inputs, targets, *_ = problem.draw(100_000, np.random.default_rng(0))
    answers = np.clip(np.sign(inputs[0, :, 0]), 0, 1)
    wrong = np.mean(answers != targets[0, :, 1])
    assert abs(wrong - norm.cdf(-1 / np.sqrt(0.2))) < 4 * np.sqrt(wrong / 100_000)
    assert 1 / wrong == pytest.approx(80, rel=0.05)


def test_what_drowns_costs_as_much_as_no_answer_can_save() -> None:
    problem = TwoSequence(informative=1, version="3b", length=20)
    inputs, targets, *_ = problem.draw(200_000, np.random.default_rng(1))
    best = 1 / (1 + np.exp(-10 * inputs[0, :, 0]))
    losses = (best - targets[0, :, 0]) ** 2
    assert abs(losses.mean() - problem.optimal_loss) < 4 * losses.std() / np.sqrt(200_000)
    assert problem.optimal_loss == pytest.approx(0.0089, abs=0.001)
