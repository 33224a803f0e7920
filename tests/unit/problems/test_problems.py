"""Every problem: what it draws, and that its scores without and with all knowledge are as it says."""

import jax
import numpy as np
import pytest

from tests.unit.problems.solvers import SOLVERS, SURE
from throughtime.core.errors import OptionError
from throughtime.problems import (
    PROBLEMS,
    Adding,
    CopyMemory,
    DigitAddition,
    Examples,
    MovingShapes,
    Parity,
    Problem,
    TimedSpikes,
)

DRAWN: tuple[Problem, ...] = (
    Adding(length=30),
    Adding(length=30, version="le"),
    Adding(length=30, version="martens"),
    CopyMemory(delay=7, length=3, symbols=4),
    DigitAddition(digits=1),
    DigitAddition(digits=3),
    Parity(bits=5),
    Parity(bits=4, at_once=True),
    TimedSpikes(interval=4, spikes=3),
    MovingShapes(size=16, seen=3, foretold=2),
)
SOLVED = tuple(problem for problem in DRAWN if type(problem) in SOLVERS)
MANY = 20_000


def draw(problem: Problem, count: int = 40, seed: int = 0) -> Examples:
    return problem.draw(count, np.random.default_rng(seed))


def losses(problem: Problem, outputs: np.ndarray, examples: Examples) -> np.ndarray:
    """Return the loss of every step that counts."""
    each = jax.jit(jax.vmap(jax.vmap(problem.loss)))(outputs.astype(np.float32), examples.targets)
    return np.asarray(each)[examples.mask > 0]


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


@pytest.mark.parametrize("problem", DRAWN, ids=named)
def test_one_seed_draws_one_thing(problem: Problem) -> None:
    first, again, other = draw(problem), draw(problem), draw(problem, seed=1)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    if not isinstance(problem, TimedSpikes):
        assert not np.array_equal(first.inputs, other.inputs)


@pytest.mark.parametrize("problem", SOLVED, ids=named)
def test_knowing_the_answer_is_right_and_optimal(problem: Problem) -> None:
    examples = draw(problem, 200)
    outputs = SOLVERS[type(problem)](problem, examples.inputs, examples.lengths)
    assert problem.right(outputs, examples).all()
    np.testing.assert_allclose(losses(problem, outputs, examples).mean(), problem.optimal_loss, atol=1e-6)


@pytest.mark.parametrize("problem", SOLVED, ids=named)
def test_one_wrong_step_is_wrong(problem: Problem) -> None:
    examples = draw(problem, 3)
    outputs = SOLVERS[type(problem)](problem, examples.inputs, examples.lengths)
    last = np.flatnonzero(examples.mask[:, 1])[-1]
    outputs[last, 1] = np.roll(outputs[last, 1], 1) if problem.output_size > 1 else outputs[last, 1] + 0.041
    assert problem.right(outputs, examples).tolist() == [True, False, True]


@pytest.mark.parametrize("problem", [p for p in SOLVED if not isinstance(p, Adding)], ids=named)
def test_trivial_loss_is_that_of_the_shares_of_each_step(problem: Problem) -> None:
    examples = draw(problem, MANY)
    steps = len(examples.targets)
    at = examples.targets[..., None] == np.arange(problem.output_size)
    shares = at.mean(axis=1, keepdims=True)
    if isinstance(problem, TimedSpikes):
        shares = np.broadcast_to(shares.mean(axis=0), shares.shape)  # it does not know which step this is
    outputs = np.broadcast_to(np.log(np.maximum(shares, 1e-9)), (steps, MANY, problem.output_size))
    found = losses(problem, outputs, examples)
    # Four standard errors, and the bias of shares that are measured on the same sequences.
    margin = 4 * found.std() / np.sqrt(MANY) + 20 / MANY
    assert abs(found.mean() - problem.trivial_loss) < margin


@pytest.mark.parametrize("problem", [p for p in SOLVED if isinstance(p, Adding)], ids=named)
def test_trivial_loss_and_chance_of_adding_are_those_of_the_mean(problem: Problem) -> None:
    examples = draw(problem, MANY)
    mean = examples.targets[examples.mask > 0].mean()
    outputs = np.full(examples.targets.shape, mean)
    found = losses(problem, outputs, examples)
    assert abs(found.mean() - problem.trivial_loss) < 4 * found.std() / np.sqrt(MANY)
    right = problem.right(outputs, examples)
    assert abs(right.mean() - problem.chance) < 4 * right.std() / np.sqrt(MANY)


@pytest.mark.parametrize("problem", [CopyMemory(delay=2, length=1, symbols=3), Parity(bits=3)], ids=named)
def test_chance_is_what_guessing_gets(problem: Problem) -> None:
    examples = draw(problem, MANY)
    outputs = SOLVERS[type(problem)](problem, examples.inputs, examples.lengths)
    last = np.random.default_rng(5).integers(2 if isinstance(problem, Parity) else 3, size=MANY)
    outputs[-1] = SURE * np.eye(problem.output_size)[last]
    right = problem.right(outputs, examples)
    assert abs(right.mean() - problem.chance) < 4 * right.std() / np.sqrt(MANY)


def test_two_marks_are_where_the_paper_has_them() -> None:
    for version, early, late in (("hochreiter", 10, 49), ("le", 50, 100), ("martens", 10, 50)):
        examples = draw(Adding(length=100, version=version), 5000)
        first, second = (
            np.array([np.flatnonzero(row == 1)[place] for row in examples.inputs[..., 1].T])
            for place in (0, 1)
        )
        assert first.max() == early - 1
        assert first.min() == 0
        assert second.max() == late - 1
        assert examples.lengths.min() == 100
        assert examples.lengths.max() == (100 if version == "le" else 110)


def test_the_ends_are_marked_in_the_version_of_1997() -> None:
    examples = draw(Adding(length=40), 500)
    marks = examples.inputs[..., 1]
    assert set(np.unique(marks[0])) == {-1, 1}
    assert np.all(marks[examples.lengths - 1, np.arange(500)] == -1)


def test_shapes_move_on_straight_lines_and_bounce() -> None:
    problem = MovingShapes(size=24, shapes=1, seen=2, foretold=20)
    inputs, frames, mask, _ = draw(problem, 50)
    assert not inputs[2:].any()
    np.testing.assert_array_equal(inputs[:2], frames[:2])
    assert mask[:, 0].tolist() == [0, 0] + [1] * 20
    pictures = frames.reshape(22, 50, 24, 24)
    where = np.stack(np.meshgrid(np.arange(24), np.arange(24), indexing="ij"), axis=-1)
    mass = pictures.sum(axis=(2, 3))
    centre = np.einsum("tbij,ijk->tbk", pictures, where) / mass[..., None]
    # A shape stays whole and inside; from frame to frame its centre goes at most a twelfth of the picture,
    # and mostly it goes on as before (pixels round it by up to one).
    assert mass.min() > 0.5 * mass.max(axis=0).min()
    speed = np.linalg.norm(np.diff(centre, axis=0), axis=-1)
    assert speed.max() < 24 / 12 + 1
    turned = np.abs(np.diff(centre, n=2, axis=0)).max(axis=-1) > 1.5
    assert 0 < turned.mean() < 0.5
    sure = np.where(frames > 0.5, SURE, -SURE)
    examples = draw(problem, 50)
    assert problem.right(sure, examples).all()
    assert losses(problem, sure, examples).max() < 1e-6
    late = np.roll(sure, 1, axis=0)
    assert problem.right(late, examples).mean() < 0.1


def test_average_picture_is_the_trivial_answer() -> None:
    problem = MovingShapes(size=16, seen=2, foretold=2)
    examples = draw(problem, 3000, seed=3)
    share = np.clip(examples.targets[2:].mean(axis=1, keepdims=True), 1e-4, 1 - 1e-4)
    outputs = np.zeros_like(examples.targets)
    outputs[2:] = np.log(share / (1 - share))
    found = losses(problem, outputs, examples)
    assert abs(found.mean() - problem.trivial_loss) < 0.02 * problem.trivial_loss


def test_names_are_kinds() -> None:
    assert all(name == problem.kind for name, problem in PROBLEMS.items())
    assert {type(problem) for problem in DRAWN} == set(PROBLEMS.values())


@pytest.mark.parametrize(
    ("kind", "sizes", "message"),
    [
        (CopyMemory, {"delay": 0}, "delay is 0; it has to be greater than or equal to 1"),
        (Adding, {"version": "lee"}, "version is 'lee' .did you mean 'le'"),
        (Parity, {"bit": 3}, "there is no setting 'bit' .did you mean 'bits'"),
        (DigitAddition, {"digits": 16}, "digits is 16; it has to be less than or equal to 15"),
    ],
)
def test_sizes_that_make_no_problem(kind: type[Problem], sizes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        kind.parse(sizes)
