"""Music is learned, evaluated and composed from the shell, and what cannot be is said in a line."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.conftest import Shell
from throughtime import read_music, write_midi
from throughtime.cli import main

pytest.importorskip("symusic")

ROUND = Path(__file__).parents[2] / "examples" / "data" / "frere_jacques.mid"
SETTINGS = ("--cell", "gru", "--hidden-size", "6", "--epochs", "2", "--frames-per-quarter", "2", "--quiet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `pieces`, the round in some keys, a verse, and models of them in `model` and `writer`."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "pieces").mkdir()
    for shift in (0, 2, 5):
        write_midi(folder / "pieces" / f"{shift}.mid", read_music(ROUND) + np.float32([0, 0, shift]))
    (folder / "empty.mid").touch()
    (folder / "cut.mid").write_bytes(ROUND.read_bytes()[:300])
    (folder / "verse.txt").write_text("the cat sat on the mat\n" * 9)
    write_midi(folder / "silence.mid", [])
    write_midi(folder / "low.mid", [[0, 1, 60], [1, 2, 12]])
    out = str(folder / "model")
    assert (
        main(["fit", "generate", str(folder / "pieces"), "--out", out, "--validation", "0.3", *SETTINGS]) == 0
    )
    small = (
        "--cell",
        "elman",
        "--hidden-size",
        "3",
        "--epochs",
        "1",
        "--chunk-size",
        "8",
        "--batch-size",
        "2",
    )
    text, writer = str(folder / "verse.txt"), str(folder / "writer")
    assert main(["fit", "generate", text, "--out", writer, "--quiet", *small]) == 0
    return folder


def test_fit_and_test_say_what_is_read(shell: Shell, folder: Path, tmp_path: Path) -> None:
    settings = [option for option in SETTINGS if option != "--quiet"]
    done = shell(
        "fit", "generate", folder / "pieces", "--kind", "music", "--out", tmp_path / "model", *settings,
        "--validate-on", ROUND, "--test", folder / "low.mid",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "pieces: 3 files of music" in done.err
    assert "pieces are music: nothing else is in such files; 2 frames to a quarter note" in done.err
    assert "3 sequences to train on, 1 held out for validation; 160 to 160 elements long" in done.err
    assert "1 of the 2 notes of" in done.err
    assert "test part: 2 frames" in done.out


def test_evaluate(shell: Shell, folder: Path) -> None:
    done = shell("evaluate", folder / "model", ROUND, "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert found["frames"] == 160
    assert found["trivial"]["answer"] == "each key after its last state, counted"
    assert (
        found["trivial"]["scores"]["loss"] < found["further"][0]["scores"]["loss"] < found["scores"]["loss"]
    )
    shown = shell("evaluate", folder / "model", folder / "low.mid")
    assert "1 of the 2 notes of" in shown.err
    assert "frame accuracy" in shown.out.replace("_", " ")


def test_compose(shell: Shell, folder: Path, tmp_path: Path) -> None:
    song, picture = tmp_path / "song.mid", tmp_path / "roll.png"
    command = (
        "generate",
        folder / "model",
        "--prompt",
        ROUND,
        "--opening",
        "12",
        "--length",
        "9",
        "--seed",
        "3",
    )
    done = shell(*command, "--out", song, "--picture", picture, "--tempo", "72")
    assert done.status == 0, done.err
    assert done.out.startswith("21 frames, ")
    opening = read_music(ROUND)
    composed = read_music(song)
    early = composed[composed[:, 0] < 4]
    np.testing.assert_array_equal(early[:, [0, 2]], opening[opening[:, 0] < 4][:, [0, 2]])
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = tmp_path / "again.mid"
    assert shell(*command, "--out", again, "--tempo", "72").status == 0
    assert again.read_bytes() == song.read_bytes()
    assert shell("generate", folder / "model", "--length", "4", "--out", again).out.startswith("4 frames, ")


def test_describe(shell: Shell, folder: Path) -> None:
    shown = shell("describe", folder / "model").out
    assert "music, 88 a step" in shown
    assert "trained on 2 sequences, validated on 1" in shown


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("generate {model}", "--out is missing; name the MIDI file to write"),
        ("generate {model} --out {new}.wav", "end it in .mid or .midi"),
        ("generate {model} --out {new}.mid --picture {new}.gif", "end it in .png, .svg, .pdf"),
        ("generate {model} --out {new}.mid --stop x", "--stop is 'x', and music has no text to stop before"),
        ("generate {model} --out {new}.mid --top-k 3", "--top-k is 3, which is for symbols"),
        (
            "generate {model} --out {new}.mid --opening 3",
            "--opening is 3, and there is no prompt to take it of",
        ),
        (
            "generate {model} --out {new}.mid --prompt {round} --opening 999",
            "the prompt has 160 frames; choose 1",
        ),
        ("generate {model} --out {new}.mid --prompt {folder}/none.mid", "none.mid: there is no such file"),
        ("generate {model} --out {new}.mid --prompt {folder}/empty.mid", "empty.mid: the file is empty"),
        (
            "generate {model} --out {new}.mid --prompt {folder}/cut.mid",
            "cut.mid: is no MIDI file, or a damaged",
        ),
        ("generate {model} --out {new}.mid --prompt {folder}/silence.mid", "silence.mid: holds no notes"),
        ("generate {model} --out {new}.mid --prompt {folder}/verse.txt", "verse.txt: is no file of music"),
        ("generate {writer} --out {new}.mid", "--out is '{new}.mid', which is for music"),
        ("generate {writer} --opening 3", "--opening is '3', which is for music"),
        ("predict {model} {round}", "the task 'generate' has no answer to a sequence"),
        ("evaluate {model} {folder}/verse.txt", "is no piece of music; give a file of MIDI or MusicXML"),
        ("evaluate {writer} {round}", "holds music, and characters are expected"),
        ("fit generate {folder}/cut.mid --out {new}", "cut.mid: is no MIDI file, or a damaged one"),
        ("fit generate {folder}/silence.mid --out {new}", "silence.mid: holds no notes"),
        ("fit generate {round} --kind words --out {new}", "kind is 'words', and {round} holds music"),
        ("fit generate {folder}/verse.txt --kind music --out {new}", "is no piece of music"),
        (
            "fit generate {round} --out {new} --direction both",
            "--direction is 'both', and a text is read from",
        ),
        ("fit classify {round} --out {new}", "is a piece of music without labels"),
        (
            "fit transduce {folder}/verse.txt --out {new} --frames-per-quarter 0",
            "--frames-per-quarter is '0'",
        ),
    ],
)
def test_what_cannot_be_is_said_in_a_line(shell: Shell, folder: Path, command: str, message: str) -> None:
    places = {
        "model": folder / "model", "writer": folder / "writer", "folder": folder, "new": folder / "new",
        "round": ROUND,
    }  # fmt: skip
    done = shell(*command.format(**places).split(" "))
    assert done.status == 2, done.out
    assert message.format(**places) in done.err
    assert len(done.err.splitlines()) == 1
    assert not list(folder.glob("new*"))
