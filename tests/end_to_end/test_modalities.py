"""Sound, biosignals and genes from the shell: files in, a model, answers, a stream; and what is refused."""

from __future__ import annotations

import csv
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.conftest import Shell
from tests.end_to_end.test_bad_input import one_line
from tests.end_to_end.tiny_data import TINY
from throughtime import Recording, SequenceClassifier, load_model
from throughtime.cli import main

soundfile = pytest.importorskip("soundfile")
wfdb = pytest.importorskip("wfdb")
RATE = 8000
LISTENING = ("--mel-bins", "8", "--validation", "0")
COUNT = 12


def tone(rises: bool, rng: np.random.Generator, rate: int = RATE) -> np.ndarray:
    """A tone that rises or falls, in a little noise."""
    steps = np.arange(int(rate * 0.12)) / rate
    pitch = 300 + 1500 * (steps if rises else steps[::-1]) / steps[-1]
    sound = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / rate) + 0.01 * rng.normal(size=len(steps))
    return sound.astype(np.float32)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with recordings, tables of them, and a classifier of tones."""
    folder = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    (folder / "wav").mkdir()
    rows = []
    for number in range(COUNT):
        rate = RATE if number else 2 * RATE
        soundfile.write(folder / "wav" / f"{number}.wav", tone(bool(number % 2), rng, rate), rate)
        rows.append((f"wav/{number}.wav", "up" if number % 2 else "down"))
    with open(folder / "tones.csv", "w", newline="") as table:
        csv.writer(table).writerows([("path", "label"), *rows])
    lines = [json.dumps({"path": path, "target": list(label.upper())}) for path, label in rows]
    (folder / "said.jsonl").write_text("\n".join(lines))
    options = (*TINY, *LISTENING, "--epochs", "20", "--learning-rate", "0.05")
    assert main(["fit", "classify", str(folder / "tones.csv"), "--out", str(folder / "model"), *options]) == 0
    return folder


def test_a_table_of_recordings_is_learnt_and_evaluated_with_all_that_was_changed_said(
    shell: Shell, sounds: Path
) -> None:
    outcome = shell("evaluate", sounds / "model", sounds / "tones.csv")
    assert outcome.status == 0
    assert f"resampled to 8000 Hz (from 16000 Hz): 1 of the {COUNT} recordings" in outcome.err
    scores = json.loads(shell("evaluate", sounds / "model", sounds / "tones.csv", "--json").out)["scores"]
    assert scores["accuracy"] > 0.9
    answers = shell("predict", sounds / "model", sounds / "tones.csv").out.split()
    assert len(answers) == COUNT
    assert shell("predict", sounds / "model", sounds / "wav" / "1.wav").out.split() == answers[1:2]
    rows = shell("predict", sounds / "model", sounds / "wav", "--format", "jsonl").out.splitlines()
    assert len(rows) == COUNT
    assert json.loads(rows[0])["file"].endswith("0.wav")


def test_a_stream_of_samples_gives_the_answer_of_the_whole(
    shell: Shell, sounds: Path, tmp_path: Path
) -> None:
    model = load_model(sounds / "model")
    sound = tone(True, np.random.default_rng(5))
    expected = model.predict([sound])
    lines = [json.dumps(sound[start : start + 150].tolist()) for start in range(0, len(sound), 150)]
    state = tmp_path / "state"
    first = shell("stream", sounds / "model", "--state", state, stdin="\n".join(lines[:3]) + "\n")
    assert first.status == 0
    # A frame takes 200 samples, so that the first line completes none.
    assert len(first.out.split()) == 2
    second = shell("stream", sounds / "model", "--state", state, stdin="\n".join(lines[3:]) + "\n")
    assert second.out.split()[-1:] == expected
    going = model.stream()
    assert going.step(sound[:199]) == {}
    whole = {name: values[0] for name, values in _columns(model, sound).items()}
    assert going.step(sound[199:]) == whole


def _columns(model, sound: np.ndarray):  # type: ignore[no-untyped-def]
    with model.encode([sound]) as data:
        return model.answering.columns(model.outputs(data))


def test_sound_is_written_down_by_temporal_classification(shell: Shell, sounds: Path, tmp_path: Path) -> None:
    options = (*TINY, *LISTENING, "--writer", "ctc", "--beam", "2")
    assert shell("fit", "transduce", sounds / "said.jsonl", "--out", tmp_path / "m", *options).status == 0
    assert len(shell("predict", tmp_path / "m", sounds / "said.jsonl").out.splitlines()) == COUNT


def test_recordings_and_samples_in_an_estimator() -> None:
    rng = np.random.default_rng(0)
    X = [Recording(tone(bool(number % 2), rng), RATE) for number in range(COUNT)]
    y = ["up" if number % 2 else "down" for number in range(COUNT)]
    tiny = {"hidden_size": 4, "epochs": 20, "learning_rate": 0.05, "validation": 0, "random_state": 0}
    model = SequenceClassifier(mel_bins=8, **tiny).fit(X, y)
    assert model.score(X, y) > 0.9
    arrays = [one.samples for one in X]
    assert model.predict(arrays).tolist() == model.predict(X).tolist()
    with pytest.raises(ValueError, match=r"the sample rate of the sound is not known: give it in Hz"):
        SequenceClassifier(kind="audio", **tiny).fit(arrays, y)
    with pytest.raises(ValueError, match=r"mel_bins is 8 and the sequences are numbers, which have no use"):
        SequenceClassifier(mel_bins=8, **tiny).fit(arrays, y)


def record(folder: Path, name: str, rate: int = 50) -> None:
    """A record of 40 s with a beat a second, every third of them broad, and a change of rhythm."""
    beats = np.arange(1, 39) * rate
    codes = ["V" if number % 3 == 0 else "N" for number in range(len(beats))]
    steps = np.arange(40 * rate)[:, None]
    widths = np.where(np.array(codes) == "V", 0.12, 0.03) * rate
    signal = np.exp(-(((steps - beats) / widths) ** 2)).sum(1, keepdims=True)
    marks = [(2, "+", "(N"), *((at, code, "") for at, code in zip(beats.tolist(), codes, strict=True))]
    marks.insert(20, (beats[18] + 5, "+", "(AFIB"))
    at, symbols, notes = zip(*marks, strict=True)
    beside = {"fs": rate, "write_dir": str(folder)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, which the library uses in an old way
        wfdb.wrsamp(name, units=["mV"], sig_name=["MLII"], p_signal=signal, fmt=["16"], **beside)
        wfdb.wrann(name, "atr", np.array(at), symbol=list(symbols), aux_note=list(notes), **beside)


def test_beats_are_classified_and_rhythms_labelled(shell: Shell, tmp_path: Path) -> None:
    ecg = tmp_path / "ecg"
    ecg.mkdir()
    record(ecg, "100")
    record(ecg, "101", rate=100)
    options = (*TINY, "--validation", "0", "--sample-rate", "25")
    beats = (*options, "--segment-s", "0.8", "--epochs", "30", "--learning-rate", "0.05")
    outcome = shell("fit", "classify", ecg, "--out", tmp_path / "beats", *beats)
    assert outcome.status == 0
    scores = json.loads(shell("evaluate", tmp_path / "beats", ecg, "--json").out)
    assert scores["records"] == 76
    assert scores["scores"]["accuracy"] > 0.9
    rows = [
        json.loads(line)
        for line in shell("predict", tmp_path / "beats", ecg, "--format", "jsonl").out.split("\n")[:-1]
    ]
    assert [(Path(row["file"]).name, row["row"]) for row in rows[37:39]] == [("100.hea", 38), ("101.hea", 1)]
    wrong = shell("fit", "label", ecg, "--out", tmp_path / "rhythm", *options)
    assert (
        "gives one label a sequence, and the task is 'label'; choose rhythm_by_sample or waves" in wrong.err
    )
    by_sample = (*options, "--annotations", "rhythm_by_sample", "--segment-s", "4")
    assert shell("fit", "label", ecg, "--out", tmp_path / "rhythm", *by_sample).status == 0
    (ecg / "101.atr").unlink()
    evaluated = shell("evaluate", tmp_path / "rhythm", ecg)
    assert evaluated.status == 2
    one_line(evaluated.err, r"101\.hea: the annotations 101\.atr are missing; put them beside the record")
    assert shell("evaluate", tmp_path / "rhythm", ecg, "--skip-bad-rows").status == 0


def test_genes_with_targets_beside_them(shell: Shell, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    genes = ["".join(rng.choice(list("ACGTN" if number % 2 else "GC"), 12)) for number in range(COUNT)]
    fasta = "".join(f">g{number} of it\n{gene}\n" for number, gene in enumerate(genes))
    (tmp_path / "genes.fasta").write_text(fasta)
    table = "".join(f"g{number},{'mixed' if number % 2 else 'rich'}\n" for number in range(COUNT))
    (tmp_path / "genes.csv").write_text(f"id,label\n{table}")
    options = (*TINY[:-1], "--validation", "0", "--epochs", "20", "--learning-rate", "0.05")
    outcome = shell("fit", "classify", tmp_path / "genes.fasta", "--out", tmp_path / "m", *options)
    assert outcome.status == 0
    assert "sequences are bases: the letters are those of bases" in outcome.err
    assert "are read as equal shares of what they stand for: in 5 of the 12 sequences" in outcome.err
    scores = json.loads(shell("evaluate", tmp_path / "m", tmp_path / "genes.fasta", "--json").out)["scores"]
    assert scores["accuracy"] > 0.9
    (tmp_path / "alone.fa").write_text(">a\nACGTAC\n>b\nGCGCGC\n")
    assert shell("predict", tmp_path / "m", tmp_path / "alone.fa").out.split()[1] == "rich"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("missing", r"there is no such file"),
        ("empty", r"holds no sound, it is 0 samples long"),
        ("short", r"is cut short"),
    ],
)
def test_a_bad_recording_is_one_line_with_its_row(
    shell: Shell, sounds: Path, tmp_path: Path, damage: str, said: str
) -> None:
    whole = (sounds / "wav" / "1.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole)
    if damage == "short":
        (tmp_path / "b.wav").write_bytes(whole[:500])
    elif damage == "empty":
        soundfile.write(tmp_path / "b.wav", np.zeros(0), RATE)
    (tmp_path / "t.csv").write_text("path,label\na.wav,up\nb.wav,down\n")
    outcome = shell("predict", sounds / "model", tmp_path / "t.csv")
    assert outcome.status == 2
    one_line(outcome.err, rf"t\.csv, row 2, column 'path': .*b\.wav: {said}")
    skipped = shell("predict", sounds / "model", tmp_path / "t.csv", "--skip-bad-rows")
    assert (skipped.status, len(skipped.out.split())) == (0, 1)
