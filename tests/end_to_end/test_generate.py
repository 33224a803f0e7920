"""A text is learned, evaluated and written on from the shell, and what cannot be is said in a line."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell
from throughtime.cli import main

VERSE = "the cat sat on the mat\nand the hat sat on the cat\nthat cat ate all the oats\n"
SETTINGS = (
    "--cell", "gru", "--hidden-size", "6", "--embedding-size", "4", "--batch-size", "2", "--chunk-size", "16",
    "--epochs", "2", "--quiet",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `verse.txt`, and a model of it in `model`."""
    folder = tmp_path_factory.mktemp("generate")
    (folder / "verse.txt").write_text(VERSE * 4)
    files = str(folder / "verse.txt"), "--out", str(folder / "model")
    assert main(["fit", "generate", *files, *SETTINGS]) == 0
    return folder


def test_fit_on_a_folder_and_validate_on_a_file(shell: Shell, folder: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text(VERSE * 2)
    (texts / "b.txt").write_text(VERSE * 2)
    verse, out = folder / "verse.txt", tmp_path / "model"
    settings = [option for option in SETTINGS if option != "--quiet"]
    done = shell(
        "fit", "generate", texts, "--out", out, *settings, "--validate-on", verse, "--test", verse
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "the text is read in characters: as usual (another kind can be set)" in done.err
    assert "303 held out for validation; 14 different ones, the unknown one counted" in done.err
    assert "test part: 303 symbols" in done.out
    assert "bits per character" in done.out


def test_evaluate(shell: Shell, folder: Path) -> None:
    done = shell("evaluate", folder / "model", folder / "verse.txt", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert found["symbols"] == 4 * len(VERSE) - 1
    loss, trivial = found["scores"]["loss"], found["trivial"]["scores"]["loss"]
    assert 0 < loss < 2.7
    assert trivial < found["further"][0]["scores"]["loss"]
    assert found["trivial"]["answer"] == "pairs of symbols, counted"
    shown = shell("evaluate", folder / "model", folder / "verse.txt").out
    assert f"{4 * len(VERSE) - 1} symbols" in shown
    assert f"{loss:.4f}" in shown


def test_generate(shell: Shell, folder: Path) -> None:
    done = shell("generate", folder / "model", "--prompt", "the ", "--length", "20", "--seed", "3")
    assert done.status == 0, done.err
    assert done.out.startswith("the ")
    assert len(done.out) == len("the ") + 20 + len("\n")
    assert done.out == shell(
        "generate", folder / "model", "--prompt", "the ", "--length", "20", "--seed", "3"
    ).out  # fmt: skip
    cold = ("generate", folder / "model", "--temperature", "0.1", "--top-k", "3", "--top-p", "0.9")
    assert shell(*cold, "--repetition-penalty", "1.2", "--no-repeat", "4", "--stop", "zz").status == 0


def test_describe(shell: Shell, folder: Path) -> None:
    shown = shell("describe", folder / "model").out
    assert "trained on 250 symbols, validated on 52" in shown
    assert "padded to" not in shown


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("generate {model} --prompt=", "the prompt is empty; give at least one symbol"),
        ("generate {model} --prompt Zorro", "the prompt has 'Z', 'r', which the model never saw in training"),
        (
            "generate {model} --temperature -1",
            "--temperature is -1.0; it has to be greater than",
        ),
        ("generate {model} --top-p 2", "--top-p is 2.0; it has to be less than or equal to 1"),
        ("generate {model} --seed -1", "seed is -1; choose a whole number from 0"),
        ("generate {folder}/none", "there is no such model folder"),
        ("predict {model} {folder}/verse.txt", "the task 'generate' has no answer to a sequence"),
        ("gradient-flow {model} {folder}/verse.txt", "the task 'generate' has no answer to a sequence"),
        ("compare-rules {model} {folder}/verse.txt", "the task 'generate' has no answer to a sequence"),
        (
            "fit classify {folder}/verse.txt --out {folder}/new",
            "is a text without labels, which can",
        ),
        (
            "fit generate {folder}/verse.txt --out {folder}/new --chunk-size 500",
            "lanes of one chunk of chunk_size=500 need 16,001; choose a chunk_size of 7 or less",
        ),
        (
            "fit generate {folder}/verse.txt --out {folder}/new --direction both",
            "--direction is 'both', and a text is read from its beginning on",
        ),
        ("fit generate {folder}/verse.txt --out {folder}/new --kind numbers", "is read as numbers (as set)"),
        ("fit generate {folder}/empty.txt --out {folder}/new", "the file is empty"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(shell: Shell, folder: Path, command: str, message: str) -> None:
    (folder / "empty.txt").touch()
    done = shell(*command.format(model=folder / "model", folder=folder).split(" "))
    assert done.status == 2, done.out
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (folder / "new").exists()
