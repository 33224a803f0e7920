"""Answers in every format, from files and from standard input."""

import csv
import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell, process
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.tiny_data import classes_csv, texts

LINES = "so good good\nbad bad bad\nit was fair\n"


def test_a_line_of_standard_input_is_a_record(shell: Shell, tiny: Path) -> None:
    outcome = shell("predict", tiny, "-", stdin=LINES)
    assert outcome.status == 0
    assert len(outcome.out.splitlines()) == 3
    assert set(outcome.out.split()) <= {"good", "bad", "fair"}
    assert outcome.err == ""


def test_json_on_standard_input(shell: Shell, tiny: Path) -> None:
    objects = "".join(json.dumps({"text": line}) + "\n" for line in LINES.splitlines())
    text = shell("predict", tiny, "-", stdin=LINES)
    assert shell("predict", tiny, "-", stdin=objects).out == text.out


def test_nothing_on_standard_input(shell: Shell, tiny: Path) -> None:
    outcome = shell("predict", tiny, "-", stdin="")
    one_line(outcome.err, "standard input: no line arrived; write one record a line to it")
    assert outcome.status == 2


def test_formats_agree(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    file = classes_csv(tmp_path / "new.csv", count=7)
    text = shell("predict", tiny, file).out.splitlines()
    for suffix, name in ((".txt", "text"), (".csv", "csv"), (".jsonl", "jsonl"), (".ndjson", "jsonl")):
        out = tmp_path / f"out{suffix}"
        printed = shell("predict", tiny, file, "--format", name)
        written = shell("predict", tiny, file, "--out", out)
        assert (printed.status, written.status, written.out) == (0, 0, "")
        assert printed.out == out.read_text()
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    objects = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["label"] for row in rows] == [row["label"] for row in objects] == text
    assert [int(row["row"]) for row in rows] == [row["row"] for row in objects] == list(range(1, 8))
    assert [float(row["probability"]) for row in rows] == [row["probability"] for row in objects]
    assert all(1 / 3 <= row["probability"] <= 1 for row in objects)


def test_no_target_column_is_needed(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    with_target = classes_csv(tmp_path / "with.csv", count=5)
    without = tmp_path / "without.csv"
    without.write_text("text\n" + "".join(f"{sentence}\n" for sentence, _ in texts(5)))
    assert shell("predict", tiny, without).out == shell("predict", tiny, with_target).out
    renamed = tmp_path / "renamed.csv"
    renamed.write_text(without.read_text().replace("text", "comment", 1).replace("\n", ",x\n"))
    assert shell("predict", tiny, renamed, "--sequence", "comment").out == shell("predict", tiny, without).out


def test_files_of_a_folder_are_named(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.txt").write_text("so good")
    answer = json.loads(shell("predict", tiny, tmp_path / "texts", "--format", "jsonl").out)
    assert answer["file"] == str(tmp_path / "texts" / "one.txt")
    assert shell("predict", tiny, tmp_path / "texts").out == f"{answer['label']}\n"


@pytest.mark.parametrize("arguments", [("predict",), ("evaluate",)])
def test_nobody_reads_the_output(tmp_path: Path, tiny: Path, arguments: tuple[str, ...]) -> None:
    run = process(*arguments, tiny, classes_csv(tmp_path / "new.csv"))
    assert run.stdout is not None
    run.stdout.close()
    assert run.wait(timeout=120) == 141
    assert run.stderr is not None
    assert "Traceback" not in run.stderr.read()
    run.stderr.close()


def test_standard_input_of_a_process(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "lines").write_text(LINES)
    with open(tmp_path / "lines") as lines:
        out, errors = process("predict", tiny, "-", "--format", "jsonl", stdin=lines).communicate(timeout=120)
    assert errors == ""
    assert [json.loads(line)["row"] for line in out.splitlines()] == [1, 2, 3]


def test_training_from_standard_input_is_refused(shell: Shell, tmp_path: Path) -> None:
    outcome = shell("fit", "classify", "-", "--out", tmp_path / "model", stdin=LINES)
    one_line(outcome.err, "standard input can be read only once, and training reads more often; save it")
