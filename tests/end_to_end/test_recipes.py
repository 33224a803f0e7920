"""Recipes: settings and files in one place, and a published result to reach."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.tiny_data import TINY, classes_csv
from throughtime.training import steps

RECIPE = """
task = "classify"
seed = 4

[files]
train = "data/train.csv"
test = "data/test.csv"

[network]
cell = "elman"
hidden_size = 4
embedding_size = 3

[training]
epochs = 1
batch_size = 8
"""

PUBLISHED = """
[published]
claim = "accuracy 99 % (a better method)"
source = "Somebody 1990"
seeds = 2
bar = { metric = "accuracy", value = BAR }
"""

REACHABLE = PUBLISHED.replace("BAR", "0.5")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe in a folder of its own, with its data."""
    (tmp_path / "recipes" / "data").mkdir(parents=True)
    for name in ("train", "test"):
        classes_csv(tmp_path / "recipes" / "data" / f"{name}.csv")
    file = tmp_path / "recipes" / "tiny.toml"
    file.write_text(RECIPE)
    return file


def test_a_recipe_is_enough(shell: Shell, recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    outcome = shell("fit", "--recipe", recipe, "--out", out)
    assert outcome.status == 0, outcome.err
    assert "test part: 24 records" in outcome.out
    written = tomllib.loads((out / "recipe.toml").read_text())
    assert written["seed"] == 4
    assert written["network"]["cell"] == "elman"
    assert "files" not in written

    # What is written beside the model is a recipe again, and trains the same model.
    train = recipe.parent / "data" / "train.csv"
    again = tmp_path / "again"
    assert shell("fit", "classify", train, "--recipe", out / "recipe.toml", "--out", again).status == 0
    assert (again / "model.safetensors").read_bytes() == (out / "model.safetensors").read_bytes()


def test_options_come_before_the_recipe(shell: Shell, recipe: Path, tmp_path: Path) -> None:
    outcome = shell(
        "fit", "--recipe", recipe, "--out", tmp_path / "model",
        "--cell", "gru", "--seed", "0", "--no-lowercase", "--quiet",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    assert outcome.err == ""
    written = tomllib.loads((tmp_path / "model" / "recipe.toml").read_text())
    assert (written["network"]["cell"], written["network"]["hidden_size"]) == ("gru", 4)
    assert (written["seed"], written["data"]["lowercase"]) == (0, False)


@pytest.mark.parametrize(("bar", "status", "verdict"), [(0.0, 0, "reached"), (1.01, 1, "NOT reached")])
def test_reproduce(
    shell: Shell, recipe: Path, monkeypatch: pytest.MonkeyPatch, bar: float, status: int, verdict: str
) -> None:
    recipe.write_text(RECIPE + PUBLISHED.replace("BAR", str(bar)))
    monkeypatch.chdir(recipe.parents[1])
    outcome = shell("reproduce", "tiny", "--quiet")
    assert outcome.status == status, outcome.err
    assert f", {verdict}\n" in outcome.out
    assert "published: accuracy 99 % (a better method) (Somebody 1990)" in outcome.out
    [line] = (recipe.parent / "results" / "tiny.jsonl").read_text().splitlines()
    result = json.loads(line)
    assert result["reached"] == (status == 0)
    assert result["ours"]["seeds"] == result["baseline"]["seeds"] == [4, 5]
    assert len(result["ours"]["scores"]) == 2
    assert result["ours"]["scores"] != [None, None]
    assert result["machine"]["cores"] >= 1

    assert shell("reproduce", recipe, "--quiet", "--seeds", "1").status == status
    assert len((recipe.parent / "results" / "tiny.jsonl").read_text().splitlines()) == 2


def test_what_a_recipe_to_reproduce_needs(shell: Shell, recipe: Path) -> None:
    one_line(
        shell("reproduce", recipe).err, r"tiny\.toml: has no \[published\], which a recipe to reproduce needs"
    )
    recipe.write_text((RECIPE + REACHABLE).replace('"accuracy", value', '"r2", value'))
    one_line(shell("reproduce", recipe).err, r"bar\.metric is 'r2'; choose one of accuracy, macro_f1")
    recipe.write_text(RECIPE.replace('test = "data/test.csv"\n', "") + REACHABLE)
    one_line(
        shell("reproduce", recipe).err,
        r"tiny\.toml: has no \[files\] test, which a recipe to reproduce needs",
    )


def test_a_recipe_by_a_wrong_name(shell: Shell, recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(recipe.parents[1])
    one_line(
        shell("reproduce", "tinny").err,
        r"no recipe 'tinny' \(did you mean 'tiny'\?\); the folder recipes has tiny",
    )


def test_what_is_said_aloud(shell: Shell, tmp_path: Path) -> None:
    train = classes_csv(tmp_path / "train.csv")
    loud = [option for option in TINY if option != "--quiet"]
    outcome = shell("fit", "classify", train, "--test", train, "--out", tmp_path / "model", *loud)
    for said in (
        "train.csv: CSV, sequence in 'text', target in 'label'",
        "sequences are words: each of the 24 records looked at is text with spaces",
        "21 sequences to train on, 3 held out for validation; 5 to 6 elements long",
        "test part: 24 sequences",
        "network: lstm, ",
    ):
        assert said in outcome.err
    for shown in ("best epoch 1 of 1", "validation: loss ", "this model", "always 'bad'", "model saved in"):
        assert shown in outcome.out
    described = shell("describe", tmp_path / "model").out
    for shown in ("classes       3: bad, fair, good", "words, vocabulary of 9", "LSTM", "hidden_size = 4"):
        assert shown in described


def test_a_run_that_diverges_later_saves_its_best_model(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = classes_csv(tmp_path / "train.csv")
    count = []

    def training_step(*arguments: Any, **options: Any) -> Any:
        count.append(1)
        stepped = steps.training_step(*arguments, **options)
        return stepped._replace(loss=stepped.loss * float("nan" if len(count) > 7 else 1))

    monkeypatch.setattr("throughtime.training.epochs.training_step", training_step)
    outcome = shell("fit", "classify", train, "--out", tmp_path / "model", *TINY, "--epochs", "9")
    one_line(
        outcome.err, r"the loss became infinite or not a number in epoch 3; .* try a smaller learning rate"
    )
    assert outcome.status == 1
    assert "best epoch 2 of 2 (then it diverged)" in outcome.out
    assert shell("predict", tmp_path / "model", train).status == 0
    assert not (tmp_path / "model.checkpoint").exists()


def test_a_run_that_diverges_at_once_saves_nothing(shell: Shell, tmp_path: Path) -> None:
    train = classes_csv(tmp_path / "train.csv")
    hopeless = ("--learning-rate", "1e30", "--optimizer", "sgd", "--clip-norm", "0", "--epochs", "9")
    outcome = shell("fit", "classify", train, "--out", tmp_path / "model", *TINY, *hopeless)
    one_line(
        outcome.err, r"the loss became infinite or not a number in epoch 1; .* try a smaller learning rate"
    )
    assert outcome.status == 1
    assert [path.name for path in tmp_path.iterdir()] == ["train.csv"]
