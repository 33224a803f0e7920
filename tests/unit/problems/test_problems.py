"""Every problem: what it draws, and that its scores without and with all knowledge are as it says."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.unit.problems.guessers import GUESSERS
from tests.unit.problems.solvers import SOLVERS
from throughtime.core.errors import OptionError
from throughtime.problems import (
    PROBLEMS,
    Adding,
    AnBn,
    AnBnCn,
    ContinualReber,
    CopyMemory,
    DigitAddition,
    DistantBrackets,
    EmbeddedReber,
    Examples,
    InfluenceBalancing,
    Lorenz,
    MackeyGlass,
    MemoryCapacity,
    MovingShapes,
    Multiplication,
    Narma10,
    NoiseFreeLag,
    NoiselessMemorisation,
    Parity,
    Problem,
    RandomPermutation,
    SpikeTemplates,
    TemporalOrder,
    TimedSpikes,
    TwoSequence,
    Xor,
)

DRAWN: tuple[Problem, ...] = (
    Adding(length=30),
    Adding(length=30, version="le"),
    Adding(length=30, version="martens"),
    Multiplication(length=30),
    Multiplication(length=30, version="martens"),
    Xor(length=30),
    TemporalOrder(length=30),
    TemporalOrder(length=30, bits=3),
    TemporalOrder(length=30, version="martens"),
    TemporalOrder(length=30, bits=3, version="martens"),
    NoiseFreeLag(symbols=5),
    NoiseFreeLag(symbols=5, version="2b"),
    NoiseFreeLag(symbols=5, lag=4, version="2c"),
    TwoSequence(length=20, version="3a"),
    TwoSequence(length=20, informative=2, version="3b"),
    TwoSequence(length=20, informative=2),
    RandomPermutation(length=6, symbols=5),
    NoiselessMemorisation(delay=4, length=3),
    NoiselessMemorisation(delay=4, length=2, values=5),
    CopyMemory(delay=7, length=3, symbols=4),
    EmbeddedReber(),
    ContinualReber(length=30),
    AnBn(most=6),
    AnBnCn(most=4),
    DistantBrackets(letters=3, lines=2),
    DistantBrackets(inside=2, between=3, letters=3, lines=1),
    DigitAddition(digits=1),
    DigitAddition(digits=3),
    Parity(bits=5),
    Parity(bits=4, at_once=True),
    TimedSpikes(interval=4, spikes=3),
    SpikeTemplates(
        templates=3, channels=2, duration_ms=60, common_ms=20, rate_hz=50, jitter_ms=1, step_ms=0.5
    ),
    InfluenceBalancing(units=5, positive=2, steps=40),
    MovingShapes(size=16, seen=3, foretold=2),
    Narma10(length=60, washout=20),
    MackeyGlass(length=60, washout=0),
    Lorenz(length=60, washout=20),
    MemoryCapacity(length=60, washout=20, delays=5),
)
SOLVED = tuple(problem for problem in DRAWN if type(problem) in SOLVERS)
GUESSED = tuple(problem for problem in DRAWN if type(problem) in GUESSERS)
ALWAYS_THE_SAME = (TimedSpikes, InfluenceBalancing)
IN_NUMBERS = (Adding, Multiplication, TwoSequence, InfluenceBalancing)
KNOW_THE_SYMBOL_AT_HAND = (EmbeddedReber, ContinualReber, AnBn, AnBnCn)
MANY = 4000


def draw(problem: Problem, count: int = 40, seed: int = 0) -> Examples:
    return problem.draw(count, np.random.default_rng(seed))


@functools.cache
def losses_of(kind: type[Problem]) -> Callable[..., Any]:
    return quick_jit(jax.vmap(jax.vmap(kind.loss)))


def mean_loss(problem: Problem, outputs: np.ndarray, examples: Examples) -> tuple[float, float]:
    """Return the mean loss over the steps that count, and its standard error over the sequences."""
    each = losses_of(type(problem))(outputs.astype(np.float32), examples.targets)
    losses, counts = (np.asarray(each) * examples.mask).sum(axis=0, dtype=float), examples.mask.sum(axis=0)
    mean = losses.sum() / counts.sum()
    return mean, np.std(losses - mean * counts) / np.sqrt(len(counts)) / counts.mean()


def named(problem: Problem) -> str:
    return repr(problem)


@pytest.mark.parametrize("problem", DRAWN, ids=named)
def test_what_is_drawn(problem: Problem) -> None:
    inputs, targets, mask, lengths = draw(problem)
    steps = len(inputs)
    assert inputs.shape == (steps, 40, problem.feature_count)
    assert inputs.dtype == mask.dtype == np.float32
    assert targets.shape[:2] == mask.shape == (steps, 40)
    assert lengths.shape == (40,)
    assert lengths.max() <= steps
    beyond = np.arange(steps)[:, None] >= lengths
    assert not inputs[beyond].any()
    assert not mask[beyond].any()
    assert set(np.unique(mask)) <= {0, 1}
    assert mask.any(axis=0).all()
    if np.issubdtype(targets.dtype, np.integer):
        asked = targets[mask > 0]
        assert asked.min() >= 0
        assert asked.max() < problem.output_size


@pytest.mark.parametrize("problem", DRAWN, ids=named)
def test_one_seed_draws_one_thing(problem: Problem) -> None:
    first, again, other = draw(problem), draw(problem), draw(problem, seed=1)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    if not isinstance(problem, ALWAYS_THE_SAME):
        assert first.inputs.shape != other.inputs.shape or not np.array_equal(first.inputs, other.inputs)


@pytest.mark.parametrize("problem", SOLVED, ids=named)
def test_knowing_the_answer_is_right_and_optimal(problem: Problem) -> None:
    examples = draw(problem, 10 * MANY if isinstance(problem, TwoSequence) else 400)  # doubt is rare
    outputs = SOLVERS[type(problem)](problem, examples.inputs, examples.lengths)
    assert problem.right(outputs, examples).mean() >= problem.success
    found, error = mean_loss(problem, outputs, examples)
    assert abs(found - problem.optimal_loss) < 4 * error + 1e-6


@pytest.mark.parametrize("problem", SOLVED, ids=named)
def test_one_wrong_step_is_wrong(problem: Problem) -> None:
    examples = draw(problem, 3)
    outputs = SOLVERS[type(problem)](problem, examples.inputs, examples.lengths)
    last = np.flatnonzero(examples.mask[:, 1])[-1]
    if isinstance(problem, DistantBrackets):  # the end of a line is no letter
        last -= 2
    margins = {TwoSequence: 0.25, InfluenceBalancing: 0.11}
    outputs[last, 1] = (
        np.roll(outputs[last, 1], 1)
        if problem.output_size > 1
        else outputs[last, 1] + margins.get(type(problem), 0.041)
    )
    assert problem.right(outputs, examples).tolist() == [True, False, True]


@pytest.mark.parametrize(
    "problem",
    [p for p in SOLVED if not isinstance(p, IN_NUMBERS + KNOW_THE_SYMBOL_AT_HAND)],
    ids=named,
)
def test_trivial_loss_is_that_of_the_shares_of_each_step(problem: Problem) -> None:
    examples = draw(problem, 4 * MANY)
    at = (examples.targets[..., None] == np.arange(problem.output_size)) & (examples.mask > 0)[..., None]
    shares = at.sum(axis=1, keepdims=True) / np.maximum(examples.mask.sum(axis=1), 1)[:, None, None]
    if isinstance(problem, TimedSpikes):
        shares = np.broadcast_to(shares.mean(axis=0), shares.shape)  # it does not know which step this is
    outputs = np.broadcast_to(np.log(np.maximum(shares, 1e-9)), at.shape)
    found, error = mean_loss(problem, outputs, examples)
    # The bias of shares that are measured on the same sequences is below the second term.
    assert abs(found - problem.trivial_loss) < 4 * error + 5 * problem.output_size / MANY / 4


@pytest.mark.parametrize("problem", [p for p in SOLVED if isinstance(p, KNOW_THE_SYMBOL_AT_HAND)], ids=named)
def test_trivial_loss_is_that_of_the_shares_after_each_symbol(problem: Problem) -> None:
    examples = draw(problem, MANY)
    symbol = examples.inputs.argmax(axis=-1)
    in_sets = isinstance(problem, (AnBn, AnBnCn))
    asked = examples.targets if in_sets else np.eye(problem.output_size)[examples.targets]
    shares = np.empty(asked.shape)
    for one in range(problem.feature_count):
        here = symbol == one
        shares[here] = asked[here & (examples.mask > 0)].mean(axis=0)
    shares = np.clip(shares, 1e-9, 1 - 1e-7)
    outputs = np.log(shares / (1 - shares)) if in_sets else np.log(shares)
    found, error = mean_loss(problem, outputs, examples)
    assert abs(found - problem.trivial_loss) < 4 * error + 1e-3
    assert error < 0.02


@pytest.mark.parametrize(
    "problem", [p for p in SOLVED if isinstance(p, (Adding, Multiplication, TwoSequence))], ids=named
)
def test_trivial_loss_is_that_of_the_mean(problem: Problem) -> None:
    examples = draw(problem, 4 * MANY)
    taught = examples.targets[..., :1]
    outputs = np.full(taught.shape, taught[examples.mask > 0].mean())
    found, error = mean_loss(problem, outputs, examples)
    assert abs(found - problem.trivial_loss) < 4 * error


@pytest.mark.parametrize("problem", GUESSED, ids=named)
def test_chance_is_what_guessing_gets(problem: Problem) -> None:
    examples = draw(problem, MANY)
    outputs = GUESSERS[type(problem)](problem, examples, np.random.default_rng(5))
    right = problem.right(outputs, examples)
    assert abs(right.mean() - problem.chance) < 4 * right.std() / np.sqrt(MANY)


def test_names_are_kinds() -> None:
    assert all(name == problem.kind for name, problem in PROBLEMS.items())
    assert {type(problem) for problem in DRAWN} == set(PROBLEMS.values())


def test_every_problem_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "problems.md").read_text(encoding="utf-8")
    assert [name for name in PROBLEMS if f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", PROBLEMS)
def test_usual_sizes_make_a_problem_that_can_be_solved(name: str) -> None:
    usual = PROBLEMS[name]()
    assert 0 <= usual.chance < usual.success <= 1
    assert usual.optimal_loss < usual.trivial_loss
    assert isinstance(usual.tested_on, PROBLEMS[name])
    assert usual.tested_on.tested_on == usual.tested_on


@pytest.mark.parametrize(
    ("kind", "sizes", "message"),
    [
        (CopyMemory, {"delay": 0}, "delay is 0; it has to be greater than or equal to 1"),
        (Adding, {"version": "lee"}, "version is 'lee' .did you mean 'le'"),
        (Parity, {"bit": 3}, "there is no setting 'bit' .did you mean 'bits'"),
        (DigitAddition, {"digits": 16}, "digits is 16; it has to be less than or equal to 15"),
        (TemporalOrder, {"bits": "4"}, "bits is '4'; it has to be less than or equal to 3"),
        (Multiplication, {"version": "le"}, "version is 'le'; choose one of hochreiter, martens"),
        (TwoSequence, {"informative": 100}, "informative is 100 and length is 100; the elements that tell"),
        (
            InfluenceBalancing,
            {"positive": 12},
            "positive is 12 and units is 23; fewer than half of the units",
        ),
        (SpikeTemplates, {"step_ms": 300}, "duration_ms is 250 and step_ms is 300; give at least one step"),
        (SpikeTemplates, {"rate_hz": 1}, "rate_hz is 1 and duration_ms is 250, which is not one spike"),
        (InfluenceBalancing, {"steps": 100}, "steps is 100 and units is 23; give at least 184 steps"),
    ],
)
def test_sizes_that_make_no_problem(kind: type[Problem], sizes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        kind.parse(sizes)
