"""A stream from the shell: a line in is a line out at once, and what stopped goes on as if it had not."""

import json
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.end_to_end.conftest import Shell, process
from tests.end_to_end.test_bad_input import one_line
from throughtime import RTRL, OnlineLearner, OnlineRegressor

SMALL = ("--cell", "elman", "--hidden-size", 3, "--learning-rate", 0.01)


def lines(numbers: Sequence[float]) -> list[str]:
    """Elements with two features, whose target is the first feature of the one before."""
    return [
        json.dumps({"now": now, "twice": 2 * now, "target": before})
        for before, now in zip([0.0, *numbers], numbers, strict=False)
    ]


STREAM = lines(np.random.default_rng(0).normal(size=8).round(3).tolist())


def answered(run: "subprocess.Popen[str]", line: str) -> str:
    """Write a line, and wait for the answer with the pipe still open."""
    assert run.stdin is not None
    assert run.stdout is not None
    run.stdin.write(f"{line}\n")
    run.stdin.flush()
    return run.stdout.readline()


def test_each_line_is_answered_at_once_and_what_is_interrupted_goes_on(shell: Shell, tmp_path: Path) -> None:
    whole = shell("learn", "--online", tmp_path / "whole", "-", *SMALL, stdin="\n".join(STREAM))
    assert (whole.status, whole.err) == (0, "")
    run = process("learn", "--online", tmp_path / "stopped", "-", *SMALL, stdin=subprocess.PIPE)
    answers = [answered(run, line) for line in STREAM[:5]]
    run.send_signal(signal.SIGINT)
    rest, errors = run.communicate(timeout=60)
    assert (rest, run.returncode) == ("", 130)
    assert errors == (
        f"interrupted; {tmp_path / 'stopped'} holds the learner after 5 elements; run the same command to go "
        "on from there\n"
    )
    again = shell("learn", "--online", tmp_path / "stopped", "-", stdin="\n".join(STREAM[5:]))
    assert "".join(answers) + again.out == whole.out
    both = [(tmp_path / name / "learner.safetensors").read_bytes() for name in ("whole", "stopped")]
    assert both[0] == both[1]

    # As the estimator of the same settings has it.
    model = OnlineRegressor(cell="elman", hidden_size=3, learning_rate=0.01, random_state=0)
    for line, answer in zip(STREAM, whole.out.split(), strict=True):
        element = json.loads(line)
        assert model.read_one(element, element.pop("target"))["value"] == float(answer)


def test_a_bad_line_stops_the_stream_or_is_passed_over(shell: Shell, tmp_path: Path) -> None:
    bad = [*STREAM[:2], '{"now": 1.0, "target": 2}', "[0.5, 1.0]", *STREAM[2:3]]
    folder = tmp_path / "stream"
    outcome = shell("learn", "--online", folder, "-", *SMALL, "--save-every", 1, stdin="\n".join(bad))
    assert outcome.status == 2
    assert len(outcome.out.splitlines()) == 2
    told, error = outcome.err.splitlines()
    assert "holds the learner after 2 elements" in told
    one_line(
        f"{error}\n", r"standard input, row 3: x has other features than the first.*missing: \['twice'\]"
    )

    file = tmp_path / "stream.jsonl"
    file.write_text("\n".join(bad))
    outcome = shell("learn", "--online", folder, file, "--skip-bad-rows", "--format", "jsonl")
    assert outcome.status == 0
    assert [json.loads(line)["row"] for line in outcome.out.splitlines()] == [1, 2, 4, 5]
    assert "stream.jsonl, row 3: x has other features" in outcome.err
    assert "skipped 1 of 5 lines" in outcome.err


def test_labels_have_probabilities(shell: Shell, tmp_path: Path) -> None:
    stream = "\n".join(f'{{"speed": [0.1, 0.2], "label": {label}}}' for label in (1, 0, '"1"', "null"))
    options = ("--classes", "0, 1", "--format", "csv", *SMALL)
    outcome = shell("learn", "--online", tmp_path / "labels", "-", *options, stdin=stream)
    assert outcome.status == 0, outcome.err
    heading, *rows = outcome.out.splitlines()
    assert heading == "row,label,probability"
    assert len(rows) == 4
    assert {row.split(",")[1] for row in rows} <= {"0", "1"}
    outcome = shell("learn", "--online", tmp_path / "labels", "-", stdin='{"speed": [0.1, 0.2], "y": 7}')
    assert "error: standard input, row 1: y holds the label '7', which is not among" in outcome.err


def test_what_cannot_be_learned_is_refused(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "stream"
    one_line(shell("learn", "-").err, "--online is missing; name the folder of the learner")
    for options, message in (
        (("--cell", "lsttm"), "--cell is 'lsttm' .did you mean 'lstm'"),
        (("--order", "2"), "order is 2 and rule is 'rtrl', which has no such option"),
        (("--start-from", tmp_path / "none"), "none: there is no"),
    ):
        outcome = shell("learn", "--online", folder, "-", *options, stdin=STREAM[0])
        assert outcome.status == 2
        one_line(outcome.err, message)
    assert shell("learn", "--online", folder, "-", stdin="").status == 2
    assert not folder.exists()
    (tmp_path / "diary").mkdir()
    one_line(shell("learn", "--online", tmp_path / "diary", "-").err, r"learner\.json is missing")


def test_a_learner_is_made_once(shell: Shell, tmp_path: Path) -> None:
    import jax

    from throughtime import Elman

    learner = OnlineLearner(Elman(1, 1, key=jax.random.key(0)), lambda y, t: (y[0] - t) ** 2, rule=RTRL())
    learner.save(tmp_path / "plain")
    outcome = shell("learn", "--online", tmp_path / "plain", "-", "--seed", 3)
    one_line(outcome.err, "--seed is for a new learner, and .*plain holds one already")
    one_line(shell("learn", "--online", tmp_path / "plain", "-").err, "saved without an estimator")
