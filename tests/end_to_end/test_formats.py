"""From each kind of file to a model, its scores and its answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.tiny_data import (
    COUNT,
    TINY,
    classes_csv,
    classes_folder,
    classes_json,
    classes_npz,
    classes_parquet,
    classes_ts,
    dna_csv,
    long_csv,
    numbers_json,
    wide_csv,
)

FORMATS = {
    "csv": (classes_csv, "train.csv", "classify", ()),
    "tsv": (classes_csv, "train.tsv", "classify", ()),
    "parquet": (classes_parquet, "train.parquet", "classify", ()),
    "json lines": (classes_json, "train.jsonl", "classify", ()),
    "folder": (classes_folder, "train", "classify", ()),
    "ts": (classes_ts, "train.ts", "classify", ()),
    "npz": (classes_npz, "train.npz", "classify", ()),
    "wide": (wide_csv, "train.csv", "classify", ("--sequence", "t1,t2,t3,t4,t5", "--target", "kind")),
    "long": (long_csv, "train.csv", "classify", ("--sequence", "x,y", "--group", "id")),
    "symbols": (dna_csv, "train.csv", "classify", ()),
    "subwords": (classes_csv, "train.csv", "classify", ("--kind", "subwords", "--max-vocabulary", "300")),
    "numbers": (numbers_json, "train.jsonl", "regress", ()),
}


@pytest.mark.parametrize(("write", "name", "task", "columns"), FORMATS.values(), ids=FORMATS)
def test_fit_evaluate_predict(
    shell: Shell,
    tmp_path: Path,
    write: Callable[[Path], Path],
    name: str,
    task: str,
    columns: tuple[str, ...],
) -> None:
    file, model = write(tmp_path / name), tmp_path / "model"
    fitted = shell("fit", task, file, "--test", file, "--out", model, *columns, *TINY)
    assert fitted.status == 0, fitted.err
    metric = "R2" if task == "regress" else "macro F1"
    assert metric in fitted.out

    evaluated = shell("evaluate", model, file, "--json")
    scores = json.loads(evaluated.out)
    assert evaluated.status == 0
    assert scores["records"] == COUNT

    predicted = shell("predict", model, file, "--format", "jsonl")
    answers = [json.loads(line) for line in predicted.out.splitlines()]
    assert predicted.status == 0
    assert len(answers) == COUNT
    if task == "classify":
        assert {answer["label"] for answer in answers} <= set(scores["labels"])
        assert all(0 < answer["probability"] <= 1 for answer in answers)
    else:
        assert all(isinstance(answer["value"], float) for answer in answers)

    assert shell("describe", model).status == 0
