"""Rounds, who takes part in them, and ratios round by round."""

import time

import pytest

from benchmarks.kernels.timing import (
    LEAST_ROUNDS,
    MOST_ROUNDS,
    ROUNDS_BEHIND,
    ROUNDS_FAR_BEHIND,
    Times,
    in_turn,
    most_rounds,
    pilot,
)
from benchmarks.kernels.ways import Result, Way


def way_that_takes(seconds: float, calls: list[float]) -> Way:
    def run() -> None:
        calls.append(seconds)
        time.sleep(seconds)

    def read(came_out: object) -> Result:
        raise NotImplementedError

    return Way(run, read)


def test_ratios_are_of_the_same_round() -> None:
    ours = Times((1.0, 2.0, 4.0, 1.0), 1)
    theirs = Times((2.0, 4.0, 8.0, None), 1)
    assert theirs.ratio_to(ours) == (2.0, 2.0, 2.0)
    assert theirs.median == 4.0
    assert Times((3.0, None), 1).quartiles == (3.0, 3.0)


def test_slow_ways_take_part_in_few_rounds() -> None:
    assert most_rounds(0.01, ours=0.01) == MOST_ROUNDS
    assert most_rounds(0.06, ours=0.01) == ROUNDS_FAR_BEHIND
    assert most_rounds(3.0, ours=1.0) == ROUNDS_BEHIND
    assert most_rounds(6.0, ours=1.0) == 1
    assert most_rounds(1.5, ours=1.0) == MOST_ROUNDS


def test_every_round_times_everyone_until_the_limit() -> None:
    calls: dict[str, list[float]] = {"ours": [], "near": [], "far": []}
    ways = {
        "ours": way_that_takes(0.002, calls["ours"]),
        "near": way_that_takes(0.004, calls["near"]),
        "far": way_that_takes(0.02, calls["far"]),
    }
    pilots = {"ours": 0.002, "near": 0.004, "far": 0.02}
    of_product: list[float] = []
    product = way_that_takes(0.001, of_product)
    times, seconds = in_turn(ways, pilots, {"gemm": product.run}, limit_s=0)
    assert times["ours"].runs_at_once == 5
    assert times["far"].runs_at_once == 1
    assert len(times["ours"].measured) == len(times["near"].measured) == LEAST_ROUNDS
    assert len(times["far"].measured) == ROUNDS_FAR_BEHIND
    # All but long runs come after one that is not timed.
    assert len(calls["far"]) == ROUNDS_FAR_BEHIND * 2
    assert len(calls["ours"]) == LEAST_ROUNDS * (5 + 1)
    assert len(of_product) == LEAST_ROUNDS
    assert times["near"].median >= 0.004
    assert seconds["gemm"] >= 0.001


def test_pilot_repeats_short_runs_and_believes_long_ones() -> None:
    calls: list[float] = []
    assert pilot(way_that_takes(0.001, calls), first_s=9.0) == 9.0
    assert not calls
    assert pilot(way_that_takes(0.001, calls), first_s=0.1) == pytest.approx(0.001, abs=0.05)
    assert len(calls) > 1
