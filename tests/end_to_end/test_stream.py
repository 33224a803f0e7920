"""`throughtime stream`: an answer for each line, as it comes."""

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell, process
from tests.end_to_end.tiny_data import TINY, classes_json

LINES = ["1.0 0.5", "[0.9, 1.1]", "1.2,0.8", "", "-1 -0.5", "bad", "-0.9 -1.1"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny classifier of two numbers a time step."""
    from throughtime.cli import main

    folder = tmp_path_factory.mktemp("stream")
    arguments = ["fit", "classify", classes_json(folder / "train.jsonl"), "--out", folder / "model", *TINY]
    assert main([str(argument) for argument in arguments]) == 0
    return folder / "model"


def test_an_answer_comes_before_the_next_line_goes(model: Path) -> None:
    with process("stream", model, stdin=subprocess.PIPE) as going:
        assert going.stdin is not None
        assert going.stdout is not None
        for line in LINES[:3]:
            going.stdin.write(f"{line}\n")
            going.stdin.flush()
            assert going.stdout.readline() in ("up\n", "down\n")
        going.stdin.close()
        assert going.wait() == 0


def test_a_blank_line_begins_anew_and_a_bad_one_is_named(shell: Shell, model: Path, tmp_path: Path) -> None:
    outcome = shell("stream", model, stdin="\n".join(LINES))
    assert outcome.status == 2
    assert len(outcome.out.splitlines()) == 4
    assert "standard input, row 6" in outcome.err
    outcome = shell("stream", model, "--skip-bad-rows", stdin="\n".join(LINES))
    assert outcome.status == 0
    assert len(outcome.out.splitlines()) == 5
    assert "skipped 1 lines" in outcome.err
    first, anew = (
        shell("stream", model, "--format", "jsonl", stdin=text).out.splitlines()
        for text in ("-1 -0.5", "1 1\n\n-1 -0.5")
    )
    assert first[0].partition(",")[2] == anew[1].partition(",")[2]


def test_a_stream_goes_on_where_it_was_left(shell: Shell, model: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    whole = shell("stream", model, "--format", "csv", stdin="1 2\n3 4\n").out.splitlines()
    parts = [
        shell("stream", model, "--format", "csv", "--state", state, stdin=line) for line in ("1 2", "3 4")
    ]
    assert [part.out.splitlines()[1].partition(",")[2] for part in parts] == [
        line.partition(",")[2] for line in whole[1:]
    ]
    state.write_bytes(b"?")
    outcome = shell("stream", model, "--state", state, stdin="1 2")
    assert outcome.status == 2
    assert "not the state of a stream of this model" in outcome.err
    assert state.read_bytes() == b"?"
