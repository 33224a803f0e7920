"""The sizes, and what they cost."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.kernels.budget import Budget
from benchmarks.kernels.grid import Point, full_grid, quick_grid
from benchmarks.kernels.options import parse, seconds
from benchmarks.kernels.work import half_lengths


def test_full_grid_has_every_size_of_every_cell_once() -> None:
    points = full_grid(["lstm", "gru"])
    assert len(set(points)) == len(points)
    square = [p for p in points if p.wiring == "one" and p.input_size == p.hidden_size]
    assert Counter(p.cell for p in square) == {"lstm": 60, "gru": 60}
    assert {p.wiring for p in points} == {"one", "stack", "both_ways"}
    assert any(p.input_size == 1 for p in points)


def test_sizes_of_a_cell_grow_so_that_peers_are_left_out_of_the_larger_ones() -> None:
    for hidden in (32, 512):
        sizes = [
            p.steps * p.batch
            for p in full_grid(["gru"])
            if p.hidden_size == hidden and p.wiring == "one" and p.input_size == hidden
        ]
        assert sizes == sorted(sizes)


def test_quick_grid_is_small_and_asks_for_every_cell() -> None:
    points = quick_grid(["elman", "lstm", "gru"])
    assert len(points) <= 15
    assert {p.cell for p in points} == {"elman", "lstm", "gru"}


def test_multiply_adds_by_hand() -> None:
    point = Point("lstm", 10, 2, 3, 5)
    forward = 4 * 5 * (3 + 5) * 20
    assert point.multiply_adds(4, "infer") == forward
    assert point.multiply_adds(4, "train") == 2 * forward + 4 * 5 * 5 * 20
    stack = Point("lstm", 10, 2, 5, 5, "stack")
    layer = 4 * 5 * (5 + 5) * 20
    assert stack.multiply_adds(4, "infer") == 2 * layer
    # Above another layer, the gradient by the input is a product more.
    assert stack.multiply_adds(4, "train") == 2 * (2 * layer + 4 * 5 * 5 * 20) + 4 * 5 * 5 * 20
    both = Point("lstm", 10, 2, 3, 5, "both_ways")
    assert both.multiply_adds(4, "infer", real_steps=11) == 2 * 4 * 5 * (3 + 5) * 11


@pytest.mark.parametrize(("steps", "batch"), [(100, 8), (784, 32), (7, 2)])
def test_lengths_are_half_the_longest_on_average(steps: int, batch: int, rng: np.random.Generator) -> None:
    lengths = half_lengths(Point("lstm", steps, batch, 4, 4, "both_ways"), rng)
    assert len(lengths) == batch
    assert lengths.max() == steps
    assert lengths.min() >= 1
    assert lengths.mean() == (steps + 1) / 2


def test_budget_is_shared_by_cost() -> None:
    small, large = Point("lstm", 32, 1, 32, 32), Point("lstm", 784, 128, 512, 512)
    budget = Budget(100.0, [(small, "train"), (large, "train")])
    first, second = budget.next(), budget.next()
    assert 0 < first < 10
    assert second == pytest.approx(100, abs=1)
    assert Budget(-1.0, [(small, "train")]).next() == 0


def test_options_are_read_and_refused(capsys: pytest.CaptureFixture[str]) -> None:
    options = parse(["--cells", "lstm,gru", "--what", "train", "--grid", "quick", "--budget", "90s"])
    assert (options.cells, options.what, options.budget_s) == (("lstm", "gru"), ("train",), 90)
    assert "torch_compiled" not in options.peers
    assert parse(["--torch-compile"]).peers[-1] == "torch_compiled"
    assert seconds("1.5h") == 5400
    for wrong, message in (
        (["--cells", "lstn"], "--cells has 'lstn'; choose from elman"),
        (["--budget", "20"], "--budget is '20'; give a number and s, m or h"),
    ):
        with pytest.raises(SystemExit):
            parse(wrong)
        assert message in capsys.readouterr().err
