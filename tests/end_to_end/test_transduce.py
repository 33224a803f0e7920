"""From pairs in a file to targets for new sources, by a decoder and by temporal classification."""

import csv
import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.test_bad_input import one_line
from throughtime import SequenceTransducer
from throughtime.cli import main

TINY = ("--hidden-size", "16", "--embedding-size", "8", "--validation", "0", "--quiet")
LEARNING = ("--epochs", "50", "--learning-rate", "0.02", "--batch-size", "48")
WORDS = tuple(f"{first}{second}{third}" for first in "abcd" for second in "abcd" for third in ("", "a", "d"))
"""Sources; each letter of a target is its source's in capitals, so that a tiny network learns it."""


def pairs_jsonl(path: Path) -> Path:
    """Write words and their letters in capitals, as a list of symbols of two letters."""
    rows = [{"word": word, "said": [letter.upper() * 2 for letter in word]} for word in WORDS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained model, beside it the file it was trained on."""
    folder = tmp_path_factory.mktemp("transduce")
    file = pairs_jsonl(folder / "pairs.jsonl")
    columns = ("--sequence", "word", "--target", "said")
    options = ("--input-feeding", "--reverse-source")
    out = ("--out", str(folder / "model"))
    assert main(["fit", "transduce", str(file), *out, *columns, *options, *TINY, *LEARNING]) == 0
    return folder / "model"


def test_a_model_of_pairs_knows_its_columns_and_learns(shell: Shell, said: Path) -> None:
    file = said.parent / "pairs.jsonl"
    outcome = shell("evaluate", said, file, "--json")
    found = json.loads(outcome.out)
    assert found["records"] == len(WORDS)
    assert found["scores"]["exact_match"] > 0.8
    assert found["scores"]["symbol_error"] < 0.2 < found["trivial"]["scores"]["symbol_error"]


def test_predictions_in_every_format_and_more_than_one(shell: Shell, tmp_path: Path, said: Path) -> None:
    words = tmp_path / "words.csv"
    words.write_text("word\nab\ndca\n")
    lines = shell("predict", said, words).out.splitlines()
    rows = list(
        csv.DictReader(shell("predict", said, words, "--format", "csv", "--n-best", "2").out.splitlines())
    )
    objects = [
        json.loads(line) for line in shell("predict", said, words, "--format", "jsonl").out.splitlines()
    ]
    assert [row["target"] for row in rows] == lines == [" ".join(row["target"]) for row in objects]
    assert all(float(row["score"]) >= float(row["score_2"]) for row in rows)
    assert all(row["target"] != row["target_2"] for row in rows)


def test_alignments_are_shown_and_drawn(shell: Shell, tmp_path: Path, said: Path) -> None:
    words = tmp_path / "words.csv"
    words.write_text("word\nabc\nd\n")
    picture = tmp_path / "seen.png"
    outcome = shell("alignments", said, words, "--out", picture, "--json")
    assert outcome.status == 0, outcome.err
    first, second = json.loads(outcome.out)["alignments"]
    assert (first["source"], second["source"]) == (["a", "b", "c"], ["d"])
    assert first["target"][-1] == "∎"
    for weights in first["weights"]:
        assert len(weights) == 3
        assert abs(sum(weights) - 1) < 1e-3
    assert second["weights"] == [[1.0]] * len(second["target"])
    assert picture.stat().st_size > 1000


def test_estimator_with_temporal_classification() -> None:
    model = SequenceTransducer(
        writer="ctc", stretch=2, hidden_size=16, direction="both", learning_rate=0.03, epochs=40,
        batch_size=48, validation=0, random_state=0, n_best=2,
    )  # fmt: skip
    shouted = [word.upper() for word in WORDS]
    assert model.fit(WORDS, shouted).score(WORDS, shouted) > 0.5
    best = model.predict_n_best(["ab", "dd"])
    assert [row[0][0] for row in best] == model.predict(["ab", "dd"])
    assert all(row[0][1] >= row[1][1] for row in best)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("source,said\nab,AB\n,B\n", "the sequence is empty"),
        ("source,said\nab,AB\nb,\n", "the label is missing; fill it in"),
        ("source\nab\n", "which column holds the target?"),
    ],
)
def test_pairs_that_are_none(shell: Shell, tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(content)
    outcome = shell("fit", "transduce", file, "--sequence", "source", "--out", tmp_path / "model", *TINY)
    assert outcome.status == 2
    one_line(outcome.err, message)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--pooling", "mean"), "pooling is 'mean', which is for one answer a sequence"),
        (("--optimizer", "hessian_free"), "which the task 'transduce' cannot use"),
        (("--rule", "rtrl"), "cannot learn by the online rule 'rtrl'; use the rule 'bptt'"),
        (("--chunk-size", "5"), "must see whole sequences, so it cannot be trained in chunks of 5"),
        (("--head", "crf"), "the task 'transduce' has no use for it"),
        (("--writer", "ctc"), "set stretch to 2, or leave the record out"),
    ],
)
def test_settings_that_are_not_for_it(
    shell: Shell, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("source,said\n" + "ab,ABA\nb,BB\n" * 8)
    outcome = shell(
        "fit", "transduce", file, "--sequence", "source", "--out", tmp_path / "model", *TINY, *options
    )
    assert outcome.status == 2
    one_line(outcome.err, message)


def test_a_search_for_a_model_that_does_not_search(shell: Shell, tiny: Path) -> None:
    outcome = shell("predict", tiny, "-", "--beam", "3", stdin="so good\n")
    assert outcome.status == 2
    one_line(outcome.err, "--beam is 3, and a model of the task 'classify' does not search for its answers")


def test_alignments_of_a_model_that_looks_at_nothing(shell: Shell, tiny: Path) -> None:
    outcome = shell("alignments", tiny, "-", stdin="so good\n")
    assert outcome.status == 2
    one_line(outcome.err, "a model of the task 'classify' without a decoder looks at nothing")
