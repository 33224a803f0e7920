"""Two marked elements stand where each paper has them, and the first step counts as its paper says."""

import numpy as np
import pytest

from throughtime.problems import Adding, Examples, Multiplication, Problem, Xor


def draw(problem: Problem, count: int, seed: int = 0) -> Examples:
    return problem.draw(count, np.random.default_rng(seed))


def test_two_marks_are_where_the_paper_has_them() -> None:
    for version, early, late in (("hochreiter", 10, 49), ("le", 50, 100), ("martens", 10, 50)):
        examples = draw(Adding.parse({"length": 100, "version": version}), 5000)
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


def places_of_ones(inputs: np.ndarray) -> np.ndarray:
    return np.array([np.flatnonzero(row == 1) for row in inputs[..., 1].T])


@pytest.mark.parametrize("problem", [Multiplication(version="martens"), Xor()], ids=repr)
def test_the_other_problems_mark_by_the_same_rules(problem: Problem) -> None:
    places = places_of_ones(draw(problem, 4000).inputs)
    np.testing.assert_array_equal(places.min(axis=0), [0, 10])
    np.testing.assert_array_equal(places.max(axis=0), [9, 49])


def test_a_marked_first_step_is_the_neutral_number_in_the_version_of_1997() -> None:
    adding, multiplication = draw(Adding(length=30), 500), draw(Multiplication(length=30), 500)
    for examples, neutral in ((adding, 0.5), (multiplication, 0.0)):
        places = places_of_ones(examples.inputs)
        [rows] = np.nonzero(places[:, 0] == 0)
        assert 40 < len(rows) < 160  # 17 %
        other = examples.inputs[places[rows, 1], rows, 0]
        scale = 4 if neutral else 1
        np.testing.assert_allclose(examples.targets[0, rows, 0], neutral + other / scale, rtol=1e-5)


def test_bits_are_fair_and_so_is_what_is_asked() -> None:
    examples = draw(Xor(length=40), 5000)
    assert set(np.unique(examples.inputs[..., 0])) == {0, 1}
    assert abs(examples.targets[0].mean() - 0.5) < 4 * 0.5 / np.sqrt(5000)
