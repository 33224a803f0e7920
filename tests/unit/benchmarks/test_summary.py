"""The tables say what the rows say."""

import json
from typing import Any

import pytest

from benchmarks.kernels.summary import BEGIN, END, last_rows, write
from benchmarks.kernels.tables import all_tables, bars, by_peer, lengths, shares

ROW: dict[str, Any] = {
    "run": "2030-01-02T03:04:05+00:00",
    "grid": "full",
    "cell": "lstm",
    "what": "train",
    "steps": 100,
    "batch": 32,
    "input_size": 128,
    "hidden_size": 128,
    "wiring": "one",
    "gemm_gmacs": 75.0,
    "share_of_gemm": 0.7,
    "skipped": {"flax_rnn": "flax not installed", "torchrecurrent_layers": "no such layer"},
    "instruction_set": "avx2",
    "peer_versions": {"torch": "2.13.0"},
    "versions": {"jax": "0.10"},
    "machine": {"cores": 2, "cpu": "Some Processor"},
    "commit": "0123456789abcdef",
}


def row(ratios: dict[str, float], **changes: Any) -> dict[str, Any]:
    ways = {name: {"ms": ratio, "ratio": [ratio, ratio, ratio]} for name, ratio in ratios.items()}
    best = min(ratios, key=ratios.__getitem__)
    made: dict[str, Any] = {"ways": {"ours": {"ms": 1.0}, **ways}, "best_peer": best, "ratio": ratios[best]}
    return ROW | made | changes


def cells_of(table: str) -> list[list[str]]:
    return [[part.strip() for part in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_bars_are_of_the_mean_and_of_the_lowest_point() -> None:
    rows = [row({"torch": 4.0, "scan": 5.0}), row({"torch": 3.0, "scan": 1.0}, batch=128)]
    assert cells_of(bars(rows)) == [
        [
            "`lstm`",
            "train",
            "2",
            "**2.00**",
            "≥ 1.4, reached",
            "1.00 (T=100 B=128 I=128 H=128, `lax.scan`)",
            "0, reached",
            "2.00",
        ]
    ]
    behind = [row({"torch": 0.9, "scan": 5.0}), row({"torch": 1.2}, batch=128)]
    (line,) = cells_of(bars(behind))
    assert line[3:5] == ["**1.04**", "≥ 1.4, missed"]
    assert line[6] == "1, missed"


def test_bar_of_inference_is_about_pytorch_and_onnx_runtime() -> None:
    rows = [row({"torch": 3.0, "onnxruntime": 1.5, "scan": 1.2}, what="infer")]
    (line,) = cells_of(bars(rows))
    assert line[3] == "**1.50**"
    assert line[-1] == "1.20"


def test_shares_are_of_large_sizes_alone() -> None:
    rows = [
        row({"torch": 2.0}),
        row({"torch": 2.0}, batch=128, share_of_gemm=0.6),
        row({"torch": 2.0}, batch=8, share_of_gemm=0.1),
        row({"torch": 2.0}, hidden_size=64, share_of_gemm=0.1),
    ]
    expected = ["`lstm`", "train", "2", "65 %", "60 % (T=100 B=128 I=128 H=128)", "1 of 2, missed"]
    assert cells_of(shares(rows)) == [expected]


def test_a_peer_counts_where_it_was_timed() -> None:
    table = by_peer([row({"torch": 2.0, "flax": 8.0}), row({"torch": 8.0})])
    assert cells_of(table) == [["`lstm`", "train", "4.00 (2)", "8.00 (1)"]]


def test_lengths_have_their_bar() -> None:
    rows = [
        row({"torch": 4.0, "scan": 3.0}, wiring="both_ways", lengths_ratio=ratio) for ratio in (0.55, 0.95)
    ]
    verdicts = [line[3:6] for line in cells_of(lengths(rows))]
    assert verdicts == [["**0.55**", "≤ 0.6, reached", "4.00"], ["**0.95**", "≤ 0.6, missed", "4.00"]]


def test_the_last_run_of_each_cell_counts() -> None:
    rows = [
        row({"torch": 1.0}, run="1"),
        row({"torch": 1.0}, run="1", cell="gru"),
        row({"torch": 2.0}, run="2"),
        row({"torch": 3.0}, run="3", grid="quick"),
        {"cell": "lstm", "of_another_form": True},
    ]
    kept = last_rows([json.dumps(one) for one in rows], "full")
    assert [(one["cell"], one["run"]) for one in kept] == [("gru", "1"), ("lstm", "2")]


def test_tables_go_between_the_marks() -> None:
    rows = [row({"torch": 2.0})]
    page = f"before\n{BEGIN}old\n{END}\nafter\n"
    written = write(page, rows)
    assert all_tables(rows) in written
    assert "old" not in written
    assert written.startswith("before\n")
    assert written.endswith(f"{END}\nafter\n")
    assert write(written, rows) == written
    assert "flax_rnn: flax not installed" in written
    assert "no such layer" not in written
    with pytest.raises(ValueError, match="no marks"):
        write("a page", rows)
