"""Training on problems: it learns, tests what it says it tests, stops when it should, and is repeatable."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime.core.randomness import generator_for
from throughtime.networks.architecture import Architecture
from throughtime.problems import Adding, Parity, Problem
from throughtime.training import solving
from throughtime.training.settings import SolvingSettings
from throughtime.training.solving import Attempt, Check, solve

EASY = Parity(bits=2)
QUICK = SolvingSettings(batch_size=16, iterations=160, check_every=40, test_sequences=50, learning_rate=0.03)


def network(problem: Problem = EASY, **settings: Any) -> Any:
    architecture = Architecture(**{"cell": "elman", "hidden_size": 6} | settings)
    sizes = {"feature_count": problem.feature_count, "output_size": problem.output_size}
    return architecture.build(**sizes, key=jax.random.key(1))


@pytest.fixture(scope="module")
def attempt() -> Attempt:
    return solve(EASY, network(), QUICK, seed=3)


def test_it_learns(attempt: Attempt) -> None:
    first, last = attempt.checks[0], attempt.last
    assert last.loss < 0.1 < 0.6 < first.loss
    assert last.right == 1.0 > first.right


def test_tests_are_where_they_should_be(attempt: Attempt) -> None:
    assert [check.iteration for check in attempt.checks] == [0, 40, 80, 120, 160]
    assert [check.sequences for check in attempt.checks] == [0, 640, 1280, 1920, 2560]
    assert attempt.solved_after is None  # nobody said how many are enough
    assert not attempt.diverged


def test_one_seed_gives_one_attempt(attempt: Attempt) -> None:
    again = solve(EASY, network(), QUICK, seed=3)
    assert again.checks == attempt.checks
    for one, other in zip(jax.tree.leaves(again.network), jax.tree.leaves(attempt.network), strict=True):
        np.testing.assert_array_equal(one, other)
    assert solve(EASY, network(), QUICK, seed=4).last != attempt.last


def test_it_stops_when_enough_are_right() -> None:
    told: list[Check] = []
    settings = QUICK.model_copy(update={"enough": 0.9, "iterations": 400})
    attempt = solve(EASY, network(), settings, seed=3, watcher=told.append)
    assert tuple(told) == attempt.checks
    assert attempt.solved_after == attempt.last.sequences < 6400
    assert all(check.right < 0.9 for check in attempt.checks[:-1])


def test_the_last_stretch_may_be_shorter() -> None:
    attempt = solve(EASY, network(), QUICK.model_copy(update={"iterations": 44}), seed=3)
    assert [check.iteration for check in attempt.checks] == [0, 40, 44]


def test_the_given_network_is_not_changed() -> None:
    given = network()
    before = [np.array(leaf) for leaf in jax.tree.leaves(given)]
    solve(EASY, given, QUICK, seed=0)
    for leaf, old in zip(jax.tree.leaves(given), before, strict=True):
        np.testing.assert_array_equal(leaf, old)


def test_the_loss_of_a_test_is_the_mean_over_the_steps_that_count() -> None:
    problem = Adding(length=20)
    constant = jax.tree.map(jnp.zeros_like, network(problem))
    attempt = solve(problem, constant, QUICK.model_copy(update={"iterations": 1}), seed=5)
    drawn = [problem.draw(16, generator_for(5, "test sequences", number)) for number in range(4)]
    targets = np.concatenate([examples.targets[examples.mask > 0] for examples in drawn])
    assert targets.shape == (64, 1)  # 50 in batches of 16
    np.testing.assert_allclose(attempt.checks[0].loss, np.mean(targets**2), rtol=1e-5)
    assert attempt.checks[0].right == np.mean(np.abs(targets) < 0.04)


def test_training_sees_no_test_sequence_and_never_the_same_one_twice() -> None:
    seen: list[bytes] = []

    class Watched(Adding):
        def draw(self, count: int, generator: np.random.Generator) -> Any:
            examples = super().draw(count, generator)
            seen.append(examples.inputs.tobytes())
            return examples

    problem = Watched(length=20)
    solve(problem, network(problem), QUICK.model_copy(update={"iterations": 3}), seed=5)
    assert len(seen) == len(set(seen)) == 7


def test_a_loss_that_is_no_number_ends_it() -> None:
    hopeless = QUICK.model_copy(
        update={"learning_rate": 1e30, "optimizer": "sgd", "clip_norm": 0.0, "check_every": 2}
    )
    problem = Adding(length=20)
    attempt = solve(problem, network(problem, cell="elman"), hopeless, seed=0)
    assert attempt.diverged
    assert attempt.last.iteration < 160


def test_dropout_is_on_in_training_and_off_in_tests(attempt: Attempt) -> None:
    noisy = network(hidden_size=30, dropout=0.5)
    settings = QUICK.model_copy(update={"iterations": 1, "check_every": 1})
    first, second = (solve(EASY, noisy, settings, seed=seed) for seed in (1, 1))
    assert first.checks == second.checks
    quiet = solve(EASY, network(hidden_size=30), settings, seed=1)
    assert quiet.checks[0].loss == pytest.approx(first.checks[0].loss, rel=1e-5)
    assert quiet.checks[1].loss != pytest.approx(first.checks[1].loss, rel=1e-3)


def test_another_step_size_needs_no_other_gradient() -> None:
    once = QUICK.model_copy(update={"iterations": 1})
    solve(EASY, network(), once, seed=0)
    compiled = solving._gradient._cache_size()
    solve(EASY, network(), once.model_copy(update={"learning_rate": 0.5, "check_every": 7}), seed=0)
    assert solving._gradient._cache_size() == compiled > 0
