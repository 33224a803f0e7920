"""Training that starts from a saved model: said aloud, and refused where it cannot be."""

from pathlib import Path

from tests.end_to_end.conftest import Shell
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.tiny_data import TINY, classes_csv, classes_json

ALOUD = [option for option in TINY if option != "--quiet"]


def test_what_is_taken_is_said_aloud(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    train = classes_csv(tmp_path / "train.csv")
    train.write_text(train.read_text().replace("film", "movie"))
    outcome = shell("fit", "classify", train, "--out", tmp_path / "m", "--start-from", tiny, *ALOUD)
    assert outcome.status == 0
    line = f"taken from {tiny}: embedding (8 of 9 symbols), layer 0 (LSTM from 3 to 4); fresh: readout"
    assert line in outcome.err.splitlines()
    assert f"- {line}" in shell("describe", tmp_path / "m").out.splitlines()


def test_a_start_that_cannot_be(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    words, numbers = classes_csv(tmp_path / "train.csv"), classes_json(tmp_path / "train.jsonl")
    for arguments, message in (
        ((words, "--start-from", "nowhere"), r"nowhere: there is no such model folder"),
        ((words, "--start-from", tiny, "--embedding-size", "9"), r"start_from is .*no layer fits: embedding"),
        ((numbers, "--start-from", tiny), r"a model that reads words, and these sequences are numbers"),
    ):
        command = ("fit", "classify", arguments[0], "--out", tmp_path / "m", *TINY, *arguments[1:])
        outcome = shell(*command)
        one_line(outcome.err, message)
        assert outcome.status == 2
    assert not (tmp_path / "m").exists()
    assert not (tmp_path / "m.checkpoint").exists()


def test_a_recipe_that_starts_from_a_model(shell: Shell, tmp_path: Path, tiny: Path) -> None:
    classes_csv(tmp_path / "train.csv")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f"task = 'classify'\n[files]\ntrain = 'train.csv'\n[training]\nstart_from = '{tiny}'\n")
    outcome = shell("fit", "--recipe", recipe, "--out", tmp_path / "m", *ALOUD)
    assert outcome.status == 0
    assert f"taken from {tiny}: embedding (9 of 9 symbols)" in outcome.err
