"""Forecasts from the shell: rows in time order in, scores beside the floors and next values out."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.conftest import Shell


@pytest.fixture(scope="module")
def tides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two places an hour apart, row by row, with a wind that is only read."""
    folder = tmp_path_factory.mktemp("tides")
    steps = np.arange(240)
    draw = np.random.default_rng(0)
    with (folder / "tides.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["place", "hour", "height", "wind"])
        for place in ("north", "south"):
            heights = 2 + np.sin(2 * np.pi * (steps + (place == "south")) / 12.4)
            for hour, height, wind in zip(steps, heights, draw.normal(size=240), strict=True):
                rows.writerow([place, hour, f"{height:.4f}", f"{wind:.3f}"])
    return folder / "tides.csv"


ASKED = [
    "--sequence", "height,wind", "--values", "height", "--group", "place", "--season", "12",
    "--base", "season", "--horizon", "3", "--history", "24", "--cell", "echo_state", "--hidden-size", "60",
    "--optimizer", "ridge", "--regularisation", "0.0001",
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tides: Path) -> Path:
    """A reservoir that foretells the heights of both places."""
    from throughtime.cli import main

    folder = tides.parent / "model"
    assert main(["fit", "forecast", str(tides), "--test", str(tides), "--out", str(folder), *ASKED]) == 0
    return folder


def test_scores_stand_beside_those_that_need_no_learning(shell: Shell, model: Path, tides: Path) -> None:
    shown = shell("evaluate", model, tides).out
    assert "428 forecasts" in shown  # of each of two places, 240 - 24 - 3 + 1
    assert "the last value" in shown
    assert "the value a season of 12 before" in shown
    found = json.loads(shell("evaluate", model, tides, "--json").out)
    assert found["forecasts"] == 428
    assert found["scores"]["mae"] < 0.1 * found["trivial"]["scores"]["mae"]
    assert found["scores"]["mae"] < 0.2 * found["further"][0]["scores"]["mae"]


def test_next_values_come_as_rows_lists_or_text(
    shell: Shell, model: Path, tides: Path, tmp_path: Path
) -> None:
    assert shell("predict", model, tides, "--out", tmp_path / "next.csv").status == 0
    with (tmp_path / "next.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["ahead"]) for row in rows] == [("1", f"{n}") for n in (1, 2, 3)] + [
        ("241", f"{n}") for n in (1, 2, 3)
    ]
    expected = 2 + np.sin(2 * np.pi * np.array([240, 241, 242, 241, 242, 243]) / 12.4)
    np.testing.assert_allclose([float(row["height"]) for row in rows], expected, atol=0.1)
    lines = [
        json.loads(line) for line in shell("predict", model, tides, "--format", "jsonl").out.splitlines()
    ]
    assert [len(line["height"]) for line in lines] == [3, 3]
    assert shell("predict", model, tides).out.splitlines()[0].count(" ") == 2


def test_a_stream_foretells_after_each_line(shell: Shell, model: Path) -> None:
    outcome = shell("stream", model, stdin="2 0.1\n2.5 -0.2\n")
    assert outcome.status == 0
    assert [line.count(" ") for line in outcome.out.splitlines()] == [2, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sequence", "height,wind", "--values", "hight"], "did you mean 'height'"),
        (["--sequence", "place"], "'north' where a number was expected"),
        (["--sequence", "height", "--horizon", "500"], "training part of the series has 432 steps"),
        (["--sequence", "height", "--direction", "both"], "knows nothing of what comes after it"),
        ([], "its columns are 'place', 'hour', 'height', 'wind'"),
    ],
)
def test_what_cannot_be_forecast_is_refused(
    shell: Shell, tides: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    outcome = shell("fit", "forecast", tides, "--out", tmp_path / "none", *arguments)
    assert outcome.status == 2
    assert message in " ".join(outcome.err.split())
    assert not (tmp_path / "none").exists()


def test_rows_of_steps_are_for_forecasts_alone(shell: Shell, model: Path, tides: Path) -> None:
    short = tides.parent / "short.csv"
    short.write_text("\n".join(tides.read_text().splitlines()[:21]) + "\n")
    outcome = shell("evaluate", model, short)
    assert outcome.status == 2
    assert "the series has 20 steps, and 24 are read before" in " ".join(outcome.err.split())
