"""What cannot be used: a line that names file, row, column and remedy; status 2; nothing half-written."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.tiny_data import TINY, classes_csv, numbers_json

OTHERS = '{"sequence": [[5, 6]], "label": "b"}\n'
NUMBERS = '{"sequence": [[1, 2], [3, 4]], "label": "a"}\n'


def lines(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


# Each: the name of the training file, what is in it (None: there is none), options, and what the line says.
TRAINING_FILES: dict[str, tuple[str, bytes | None, tuple[str, ...], str]] = {
    "missing file": ("train.csv", None, (), r"train\.csv: there is no such file.*check the path"),
    "empty file": ("train.csv", b"", (), r"train\.csv: the file is empty; give one with"),
    "header and no rows": ("train.csv", b"text,label\n", (), r"train\.csv: has a header and no rows; give"),
    "no such column": (
        "train.csv",
        lines("text,label", "x,a"),
        ("--sequence", "txt"),
        r"train\.csv: has no column 'txt' \(did you mean 'text'\?\).*--sequence",
    ),
    "which column": (
        "train.csv",
        lines("a,b,c", "x,y,z"),
        (),
        r"train\.csv: which column holds the sequence\?.*name it with --sequence",
    ),
    "empty sequence": (
        "train.csv",
        lines("text,label", "one two,a", ",b"),
        (),
        r"train\.csv, row 2, column 'text': the sequence is empty.*--skip-bad-rows",
    ),
    "missing label": (
        "train.csv",
        lines("text,label", "one two,a", "two one,"),
        (),
        r"train\.csv, row 2, column 'label': the label is missing; .*--skip-bad-rows",
    ),
    "wrong width": (
        "train.csv",
        lines("text,label", "one,a", "one,a,b"),
        (),
        r"train\.csv, row 2: 3 values where the header has 2 columns; .*--skip-bad-rows",
    ),
    "one class only": (
        "train.csv",
        lines("text,label", *["one two,a"] * 20),
        (),
        r"train\.csv.*every record has the label 'a'; give records of at least two classes",
    ),
    "steps of different width": (
        "train.jsonl",
        (NUMBERS * 4 + '{"sequence": [[1, 2], [3]], "label": "b"}\n').encode(),
        (),
        r"train\.jsonl, row 5, column 'sequence': time step 2 has 1 numbers where time step 1 has 2",
    ),
    "records of different width": (
        "train.jsonl",
        (NUMBERS * 9 + '{"sequence": [[1], [3]], "label": "b"}\n' + OTHERS * 9).encode(),
        (),
        r"train\.jsonl, row 10, column 'sequence': .*give 2 numbers in every time step",
    ),
    "text where numbers are expected": (
        "train.jsonl",
        (NUMBERS * 4 + '{"sequence": [[1, 2], ["x", 4]], "label": "b"}\n').encode(),
        (),
        r"train\.jsonl, row 5, column 'sequence': time step 2, feature 1 is 'x' where a number was expected",
    ),
    "NaN": (
        "train.jsonl",
        (NUMBERS * 4 + '{"sequence": [[1, 2], [3, NaN]], "label": "b"}\n').encode(),
        (),
        r"train\.jsonl, row 5, column 'sequence': time step 2, feature 2 is nan where a finite number",
    ),
    "not JSON": ("train.jsonl", (NUMBERS + "{oops\n").encode(), (), r"train\.jsonl, row 2: .*JSON"),
    "unknown suffix": ("train.cvs", b"x", (), r"train\.cvs: the suffix '\.cvs' is .*did you mean '\.csv'"),
    "not UTF-8": ("train.csv", b"text,label\nok,a\n\xff\xfe,b\n", (), r"train\.csv, row 2.*UTF-8"),
    "foreign NPZ": ("train.npz", b"not an archive", (), r"train\.npz: .*archive"),
    "foreign Parquet": ("train.parquet", b"not parquet", (), r"train\.parquet: .*Parquet"),
}


@pytest.mark.parametrize(
    ("name", "content", "options", "message"), TRAINING_FILES.values(), ids=TRAINING_FILES
)
def test_training_file(
    shell: Shell, tmp_path: Path, name: str, content: bytes | None, options: tuple[str, ...], message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.iterdir())
    outcome = shell("fit", "classify", tmp_path / name, "--out", tmp_path / "model", *options, *TINY)
    one_line(outcome.err, message)
    assert outcome.status == 2
    assert outcome.out == ""
    assert sorted(tmp_path.iterdir()) == before


TEST_FILES = {
    "missing": (None, r"test\.csv: there is no such file \(did you mean 'train\.csv'\?\)"),
    "unknown label": (
        lines("text,label", "a film good,good", "a film,awful"),
        r"test\.csv, row 2, column 'label': the label 'awful' does not occur in the training part.*'fair'",
    ),
    "empty sequence": (
        lines("text,label", ",good"),
        r"test\.csv, row 1, column 'text': the sequence is empty",
    ),
}


@pytest.mark.parametrize(("content", "message"), TEST_FILES.values(), ids=TEST_FILES)
def test_test_file_is_checked_before_training(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, message: str
) -> None:
    monkeypatch.setattr("throughtime.cli.trials.train", lambda *_, **__: pytest.fail("training began"))
    train, test = classes_csv(tmp_path / "train.csv"), tmp_path / "test.csv"
    if content is not None:
        test.write_bytes(content)
    outcome = shell("fit", "classify", train, "--test", test, "--out", tmp_path / "model", *TINY)
    one_line(outcome.err, message)
    assert outcome.status == 2
    assert not list(tmp_path.glob("model*"))


OPTIONS = {
    "cell": (
        ("--cell", "lstn"),
        r"--cell is 'lstn' \(did you mean 'lstm'\?\); choose one of elman, .*lstm, .*gru, .*window",
    ),
    "rule": (("--rule", "bptp"), r"--rule is 'bptp' \(did you mean 'bptt'\?\)"),
    "optimizer": (("--optimizer", "adam"), r"--optimizer is 'adam' \(did you mean 'adamw'\?\)"),
    "kind": (("--kind", "word"), r"--kind is 'word' \(did you mean 'words'\?\)"),
    "metric": (("--metric", "r2"), r"--metric is 'r2'; choose one of loss, accuracy, macro_f1"),
    "size": (("--hidden-size", "0"), r"--hidden-size is '0'; it has to be greater than or equal to 1"),
    "number": (("--learning-rate", "fast"), r"--learning-rate is 'fast'; it has to be a valid number"),
    "seed": (("--seed", "-1"), r"--seed is '-1'; it has to be greater than or equal to 0"),
    "seeds": (("--seeds", "0"), r"invalid value for '--seeds': .*see `throughtime fit --help`"),
    "unknown": (("--cel", "gru"), r"throughtime fit has no option --cel \(did you mean '--cell'\?\)"),
    "no value": (("--cell",), r"'--cell' requires an argument; see `throughtime fit --help`"),
    "no recipe": (("--recipe", "no.toml"), r"no\.toml: there is no such recipe"),
    "chunks in both directions": (
        ("--direction", "both", "--chunk-size", "3"),
        r"chunks of 3; leave chunk_size",
    ),
}


@pytest.mark.parametrize(("options", "message"), OPTIONS.values(), ids=OPTIONS)
def test_option(shell: Shell, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    train = classes_csv(tmp_path / "train.csv")
    outcome = shell("fit", "classify", train, "--out", tmp_path / "model", *options)
    one_line(outcome.err, message)
    assert outcome.status == 2
    assert sorted(tmp_path.iterdir()) == [train]


COMMAND_LINES = {
    "no command": (
        ("fitt",),
        r"throughtime has no command 'fitt' \(did you mean 'fit'\?\); there are fit, evaluate",
    ),
    "no task": (
        ("fit", "--out", "x"),
        r"the task is missing; give it before the file, one of classify, forecast, generate, label, regress",
    ),
    "unknown task": (
        ("fit", "clasify", "x.csv", "--out", "x"),
        r"task is 'clasify' \(did you mean 'classify'\?\)",
    ),
    "no file": (("fit", "classify", "--out", "x"), r"the file to train on is missing"),
    "no folder": (("fit", "classify", "x.csv"), r"--out is missing; name the folder to save the model in"),
    "no model": (("evaluate",), r"missing argument 'MODEL'; see `throughtime evaluate --help`"),
    "no format": (
        ("predict", "m", "f.csv", "--format", "xml"),
        r"--format is 'xml'; choose one of text, csv, jsonl, conll, marked",
    ),
    "suffix": (("predict", "m", "f.csv", "--out", "o.xml"), r"whose suffix '\.xml' does not tell the format"),
    "no such recipe": (
        ("reproduce", "nowhere"),
        r"there is no recipe 'nowhere'.*give one of those, or a path",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_command_line(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    outcome = shell(*arguments)
    one_line(outcome.err, message)
    assert outcome.status == 2
    assert outcome.out == ""


def rewritten(card: Path, **fields: object) -> None:
    card.write_text(json.dumps(json.loads(card.read_text()) | fields))


MODELS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (shutil.rmtree, r"model: there is no such model folder; give the folder that --out named"),
    "foreign": (
        lambda folder: (folder / "model.json").write_text('{"architecture": "bert"}'),
        r"model/model\.json: not a model of throughtime",
    ),
    "without weights": (
        lambda folder: (folder / "model.safetensors").unlink(),
        r"model: not a model folder, model\.safetensors is missing; restore the folder from a copy",
    ),
    "truncated weights": (
        lambda folder: (folder / "model.safetensors").write_bytes(
            (folder / "model.safetensors").read_bytes()[:-9]
        ),
        r"model/model\.safetensors: the weights are not those that were saved",
    ),
    "truncated card": (
        lambda folder: (folder / "model.json").write_bytes((folder / "model.json").read_bytes()[:200]),
        r"model/model\.json: damaged, not JSON any more",
    ),
    "tampered with": (
        lambda folder: rewritten(folder / "model.json", boundaries=[3]),
        r"model/model\.json: changed since it was saved",
    ),
    "newer": (
        lambda folder: rewritten(folder / "model.json", version=99, created_by="throughtime 9.0"),
        r"model/model\.json: written in format 99 by throughtime 9\.0.*upgrade throughtime",
    ),
}


@pytest.mark.parametrize("command", ["evaluate", "predict", "describe"])
@pytest.mark.parametrize(("damage", "message"), MODELS.values(), ids=MODELS)
def test_model(
    shell: Shell, tmp_path: Path, tiny: Path, command: str, damage: Callable[[Path], object], message: str
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny, model)
    damage(model)
    file = () if command == "describe" else (classes_csv(tmp_path / "test.csv"),)
    outcome = shell(command, model, *file)
    one_line(outcome.err, message)
    assert outcome.status == 2
    assert outcome.out == ""


EVALUATED = {
    "unknown label": (
        "text,label\na good film,good\na film,awful\n",
        r"test\.csv, row 2, column 'label': .*'awful'",
    ),
    "missing label": (
        "text,label\na good film,good\na film,\n",
        r"test\.csv, row 2, column 'label': the label is missing",
    ),
    "no column": ("words,label,id\na good film,good,7\n", r"test\.csv: which column holds the sequence"),
}


@pytest.mark.parametrize(("content", "message"), EVALUATED.values(), ids=EVALUATED)
def test_evaluated_file(shell: Shell, tmp_path: Path, tiny: Path, content: str, message: str) -> None:
    (tmp_path / "test.csv").write_text(content)
    outcome = shell("evaluate", tiny, tmp_path / "test.csv")
    one_line(outcome.err, message)
    assert outcome.status == 2
    assert outcome.out == ""


def test_a_bad_row_leaves_nothing_of_the_predictions(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "new.csv").write_text('text\na good film\n""\n')
    (tmp_path / "out.csv").write_text("what was there before")
    outcome = shell("predict", tiny, tmp_path / "new.csv", "--out", tmp_path / "out.csv")
    one_line(outcome.err, r"new\.csv, row 2, column 'text': the sequence is empty")
    assert outcome.status == 2
    assert (tmp_path / "out.csv").read_text() == "what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "out.csv"]


def test_predictions_do_not_replace_the_file_they_are_for(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    file = classes_csv(tmp_path / "new.csv")
    before = file.read_bytes()
    one_line(
        shell("predict", tiny, file, "--out", file).err, r"new\.csv', the file to read from; choose another"
    )
    assert file.read_bytes() == before


def test_words_given_to_a_model_of_numbers(shell: Shell, tmp_path: Path) -> None:
    train = numbers_json(tmp_path / "train.jsonl")
    assert shell("fit", "regress", train, "--out", tmp_path / "model", *TINY).status == 0
    (tmp_path / "new.jsonl").write_text('{"sequence": [[1, 2]]}\n{"sequence": "a good film"}\n')
    outcome = shell("predict", tmp_path / "model", tmp_path / "new.jsonl")
    one_line(outcome.err, r"new\.jsonl, row 2, column 'sequence': .*'a' where a number was expected")
    (tmp_path / "new.jsonl").write_text('{"sequence": [[1, 2, 3]]}\n')
    outcome = shell("predict", tmp_path / "model", tmp_path / "new.jsonl")
    one_line(outcome.err, r"new\.jsonl, row 1, column 'sequence': .*3 numbers a time step.*give 2 numbers")


def test_output_folder_that_exists(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    train, model = classes_csv(tmp_path / "train.csv"), tmp_path / "model"
    shutil.copytree(tiny, model)
    before = (model / "model.safetensors").read_bytes()
    outcome = shell("fit", "classify", train, "--out", model, *TINY)
    one_line(outcome.err, r"model: exists already; choose another --out, or replace it with --overwrite")
    assert (model / "model.safetensors").read_bytes() == before
    assert shell("fit", "classify", train, "--out", model, "--overwrite", "--seed", "3", *TINY).status == 0
    assert (model / "model.safetensors").read_bytes() != before


def test_output_folder_that_is_no_model(shell: Shell, tmp_path: Path) -> None:
    train = classes_csv(tmp_path / "train.csv")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("precious")
    outcome = shell("fit", "classify", train, "--out", tmp_path / "thesis", "--overwrite", *TINY)
    one_line(outcome.err, r"thesis: is not a model folder, so --overwrite does not replace it")
    outcome = shell("fit", "classify", train, "--out", train / "model", *TINY)
    one_line(outcome.err, r"train\.csv is not a folder; choose another --out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["chapter.txt", "thesis", "train.csv"]


def test_skip_bad_rows(shell: Shell, tmp_path: Path) -> None:
    train, test = classes_csv(tmp_path / "train.csv"), tmp_path / "test.csv"
    with open(train, "a") as file:
        file.write(",good\na film,\none,two,three\n")
    test.write_text("text,label\na good film,good\na film,awful\n,bad\n")
    loud = [option for option in TINY if option != "--quiet"]
    outcome = shell(
        "fit", "classify", train, "--test", test, "--out", tmp_path / "model", "--skip-bad-rows", *loud
    )
    assert outcome.status == 0
    assert re.search(r"skipped 3 bad rows.*row 25, column 'text': the sequence is empty", outcome.err)
    assert re.search(r"skipped 2 bad rows of .*test\.csv", outcome.err)
    assert "test part: 1 records" in outcome.out

    outcome = shell("evaluate", tmp_path / "model", test, "--skip-bad-rows", "--json")
    assert json.loads(outcome.out)["skipped"] == 2
    test.write_text('text\na good film\n""\na bad film\n')
    outcome = shell("predict", tmp_path / "model", test, "--skip-bad-rows", "--format", "csv")
    assert [line.split(",")[0] for line in outcome.out.splitlines()] == ["row", "1", "3"]
    assert "skipped 1 bad row of" in outcome.err


def test_skip_sequences_of_another_width(shell: Shell, tmp_path: Path) -> None:
    narrow = '{"sequence": [[1], [3]], "label": "b"}\n'
    train, test = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    train.write_text(narrow + NUMBERS * 9 + OTHERS * 9)
    test.write_text(NUMBERS + narrow + OTHERS)
    command = ("fit", "classify", train, "--out", tmp_path / "model", *TINY)
    # The odd one is named, even where it comes first.
    one_line(
        shell(*command).err, r"train\.jsonl, row 1, column 'sequence': .*give 2 numbers in every time step"
    )
    assert shell(*command, "--skip-bad-rows").status == 0
    assert json.loads((tmp_path / "model" / "model.json").read_text())["report"]["train_sequences"] == 16
    one_line(shell("evaluate", tmp_path / "model", test).err, r"test\.jsonl, row 2, .*give 2 numbers")
    assert "skipped 1 bad row" in shell("evaluate", tmp_path / "model", test, "--skip-bad-rows").err
    assert len(shell("predict", tmp_path / "model", test, "--skip-bad-rows").out.splitlines()) == 2


def test_regress_needs_numbers(shell: Shell, tmp_path: Path) -> None:
    train = classes_csv(tmp_path / "train.csv")
    outcome = shell("fit", "regress", train, "--out", tmp_path / "model", *TINY)
    one_line(outcome.err, r"train\.csv, row \d+, column 'label': the target is '\w+', which is not a number")


def test_recipe(shell: Shell, tmp_path: Path) -> None:
    train = classes_csv(tmp_path / "train.csv")
    recipe = tmp_path / "recipe.toml"
    for content, message in (
        (
            "[network]\ncel = 'gru'\n",
            r"recipe\.toml: there is no setting 'network\.cel' \(did you mean 'cell'\?\)",
        ),
        ("[network]\nlayers = 0\n", r"recipe\.toml: network\.layers is 0; it has to be"),
        ("[network\n", r"recipe\.toml: not a TOML file: .*line 1"),
        ("[files]\ntest = 'none.csv'\n", r"none\.csv: there is no such file"),
    ):
        recipe.write_text(content)
        outcome = shell("fit", "classify", train, "--out", tmp_path / "model", "--recipe", recipe)
        one_line(outcome.err, message)
        assert outcome.status == 2


def one_line(text: str, message: str) -> None:
    """Check that an error is one line that says what it should."""
    assert text.startswith("error: "), text
    assert text.count("\n") == 1, text
    assert re.search(message, text), f"{text!r} does not match {message!r}"
