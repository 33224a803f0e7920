"""A whole row, measured beside the scan alone."""

import json
import time
from functools import partial
from typing import Any

import numpy as np
import pytest

from benchmarks.kernels import plain_scan
from benchmarks.kernels.choosing import FarBehind
from benchmarks.kernels.grid import Point
from benchmarks.kernels.peers import Peers
from benchmarks.kernels.running import Measurement, reached
from benchmarks.kernels.ways import Builders, Result, Unavailable, Way
from benchmarks.kernels.work import Work

POINT = Point("lstm", 7, 2, 3, 5)


class Faulty:
    """A peer of three ways, none of which may be timed."""

    def refusal(self, work: Work, what: str) -> str | None:
        return None

    def builders(self, work: Work, what: str) -> Builders:
        outputs = np.ones((work.point.steps, work.point.batch, work.point.hidden_size), np.float32)
        return {
            "wrong": lambda: Way(lambda: None, lambda came_out: Result(outputs)),
            "late": partial(_refuse, Unavailable("not compiled within 60 s")),
            "broken": partial(_refuse, ValueError("out of order")),
        }


def _refuse(error: Exception) -> Way:
    raise error


def measured(point: Point, what: Any, present: dict[str, Any]) -> dict[str, Any]:
    peers = Peers(present, {"flax_rnn": "flax not installed"}, {"jax": "1"})
    measurement = Measurement(Work.of(point), what, peers, FarBehind())
    row = measurement.row({"gemm": partial(time.sleep, 0.001)}, time.perf_counter())
    return json.loads(json.dumps(row))


def test_a_row_has_times_ratios_and_rates() -> None:
    row = measured(POINT, "train", {"plain_scan": plain_scan})
    assert set(row["ways"]) == {"ours", "scan"}
    assert row["best_peer"] == "scan"
    assert row["ratio"] == row["ways"]["scan"]["ratio"][1] > 0
    assert row["ways"]["ours"]["rounds"] >= 5
    assert row["ways"]["ours"]["compile_s"] > 0
    rate = 1e9 * row["gemm_gmacs"]
    products = POINT.multiply_adds(4, "train")
    share = products / (1e-3 * row["ways"]["ours"]["ms"]) / rate
    assert row["share_of_gemm"] == pytest.approx(share, rel=1e-2)
    assert row["skipped"] == {"flax_rnn": "flax not installed"}


def test_lengths_are_timed_beside_full_ones() -> None:
    row = measured(Point("gru", 7, 2, 3, 5, "both_ways"), "infer", {"plain_scan": plain_scan})
    assert set(row["ways"]) == {"ours", "ours_full_length", "scan"}
    assert row["lengths_ratio"] > 0


def test_nobody_is_timed_who_is_wrong_late_or_broken(capsys: pytest.CaptureFixture[str]) -> None:
    row = measured(POINT, "infer", {"plain_scan": plain_scan, "faulty": Faulty()})
    assert set(row["ways"]) == {"ours", "scan"}
    assert row["skipped"]["wrong"].startswith("differs: value differs by")
    assert row["skipped"]["late"] == "not compiled within 60 s"
    assert row["skipped"]["broken"] == "failed: ValueError: out of order"
    assert row["reached"] is False
    assert "T=7 B=2 I=3 H=5 infer: wrong differs" in capsys.readouterr().err


def test_a_point_reaches_its_own_bars() -> None:
    row = {
        "what": "train",
        "wiring": "one",
        "hidden_size": 128,
        "batch": 32,
        "ratio": 1.0,
        "share_of_gemm": 0.65,
    }
    assert reached(row)
    assert not reached(row | {"ratio": 0.99})
    assert not reached(row | {"ratio": None})
    assert not reached(row | {"share_of_gemm": 0.64})
    assert reached(row | {"share_of_gemm": 0.1, "batch": 8})
    assert reached(row | {"share_of_gemm": 0.1, "what": "infer"})
    assert reached(row | {"lengths_ratio": 0.6})
    assert not reached(row | {"lengths_ratio": 0.61})
