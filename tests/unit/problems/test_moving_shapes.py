"""Shapes move and bounce, and the average picture is the trivial answer."""

import numpy as np

from tests.unit.problems.solvers import SURE
from tests.unit.problems.test_problems import mean_loss
from throughtime.problems import Examples, MovingShapes, Problem


def draw(problem: Problem, count: int, seed: int = 0) -> Examples:
    return problem.draw(count, np.random.default_rng(seed))


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
    assert mean_loss(problem, sure, examples)[0] < 1e-6
    late = np.roll(sure, 1, axis=0)
    assert problem.right(late, examples).mean() < 0.1


def test_average_picture_is_the_trivial_answer() -> None:
    problem = MovingShapes(size=16, seen=2, foretold=2)
    examples = draw(problem, 3000, seed=3)
    share = np.clip(examples.targets[2:].mean(axis=1, keepdims=True), 1e-4, 1 - 1e-4)
    outputs = np.zeros_like(examples.targets)
    outputs[2:] = np.log(share / (1 - share))
    found, _ = mean_loss(problem, outputs, examples)
    assert abs(found - problem.trivial_loss) < 0.02 * problem.trivial_loss
