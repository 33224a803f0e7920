"""Biosignals that the library of the format wrote: signals, annotations, and what damaged ones say."""

from __future__ import annotations

import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from throughtime.core.errors import DataError, MissingExtraError, OptionError, Place
from throughtime.data.encoders.biosignals import BiosignalEncoder, SignalForm, usual_signal
from throughtime.data.readers import open_source
from throughtime.data.readers.wfdb_records import read_signal, signal_header
from throughtime.data.signals import Biosignal

wfdb = pytest.importorskip("wfdb")
RATE = 100
MARKS = ((5, "+", "(N"), (50, "N", ""), (130, "V", ""), (200, "+", "(AFIB"), (210, "~", ""), (299, "N", ""))


def signal(count: int = 300) -> np.ndarray:
    steps = np.arange(count)
    return np.stack([np.sin(steps / 9), 3 + 0.01 * steps], 1)


def write(folder: Path, name: str, *, rate: int = RATE, order: int = 1, marks: tuple = MARKS) -> Path:
    channels = ["MLII", "V5"][::order]
    values = signal()[:, ::order]
    shape = {"fmt": ["16", "16"], "write_dir": str(folder)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, which the library uses in an old way
        wfdb.wrsamp(name, fs=rate, units=["mV", "mV"], sig_name=channels, p_signal=values, **shape)
        if marks:
            at, codes, notes = zip(*marks, strict=True)
            beside = {"aux_note": list(notes), "fs": rate, "write_dir": str(folder)}
            wfdb.wrann(name, "atr", np.array(at), symbol=list(codes), **beside)
    return folder / f"{name}.hea"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ecg")
    write(folder, "100")
    write(folder, "101", order=-1)
    return folder


def test_signals_come_back_in_their_units(records: Path) -> None:
    found = read_signal(records / "100.hea", None)
    assert (found.channels, found.units, found.sample_rate) == (("MLII", "V5"), ("mV", "mV"), RATE)
    np.testing.assert_allclose(found.samples, signal(), atol=1e-4)
    assert signal_header(records / "101", None) == (("V5", "MLII"), RATE)


def test_each_beat_is_a_window_round_it(records: Path) -> None:
    source = open_source(records, segment_s=0.4)
    assert "2 WFDB records, 0.4 s round each beat, at 100 Hz" in source.description
    found = list(source)
    assert [record.target for record in found] == ["N", "V", "N"] * 2
    assert [str(record.place) for record in found[2:4]] == [
        f"{records / '100.hea'}, row 3",
        f"{records / '101.hea'}, row 1",
    ]
    first, last = (np.asarray(found[index].sequence.samples) for index in (0, 2))
    np.testing.assert_allclose(first, signal()[30:70], atol=1e-4)
    np.testing.assert_allclose(last[:21], signal()[279:300], atol=1e-4)
    np.testing.assert_allclose(last[20:], np.repeat(signal()[299:], 20, 0), atol=1e-4)
    assert [record.target for record in open_source(records, segment_s=0.4, needs_target=False)] == [None] * 6


def test_rhythms_are_pieces_with_a_label_or_with_one_for_each_sample(records: Path) -> None:
    options = {"segment_s": 0.9}
    pieces = list(open_source(records / "100.hea", annotations="rhythm", **options))
    assert [(len(piece.sequence), piece.target) for piece in pieces] == [
        (90, "N"),
        (90, "N"),
        (90, "AFIB"),
    ]
    by_sample = list(open_source(records / "100.hea", annotations="rhythm_by_sample", **options))
    assert [len(piece.sequence) for piece in by_sample] == [len(piece.target) for piece in by_sample]
    assert [label for piece in by_sample for label in piece.target] == ["N"] * 195 + ["AFIB"] * 100
    whole = list(open_source(records / "100.hea", annotations="rhythm", needs_target=False, **options))
    assert [len(piece.sequence) for piece in whole] == [90, 90, 90, 30]


def test_waves_reach_from_onset_to_end(tmp_path: Path) -> None:
    marks = (
        (10, "("),
        (12, "p"),
        (14, ")"),
        (20, "("),
        (22, "N"),
        (25, ")"),
        (40, "t"),
        (43, ")"),
        (50, "u"),
    )
    header = write(tmp_path, "1", marks=tuple((at, code, "") for at, code in marks))
    (piece,) = open_source(header, annotations="waves")
    expected = ["P"] * 5 + ["-"] * 5 + ["QRS"] * 6 + ["-"] * 14 + ["T"] * 4 + ["-"] * 6 + ["U"]
    assert piece.target == expected
    np.testing.assert_allclose(piece.sequence.samples, signal()[10:51], atol=1e-4)


def test_records_of_another_rate_are_resampled_and_their_marks_with_them(tmp_path: Path) -> None:
    write(tmp_path, "1")
    write(tmp_path, "2", rate=2 * RATE, marks=tuple((at, code, note) for at, code, note in MARKS))
    source = open_source(tmp_path, annotations="rhythm_by_sample")
    first, second = source
    assert first.sequence.sample_rate == second.sequence.sample_rate == RATE
    assert len(second.sequence) == len(second.target) == 148
    assert source.notes() == ["resampled to 100 Hz (from 200 Hz): 1 of the 2 records"]
    source.give_at(50)
    assert [len(record.sequence) for record in source] == [148, 74]


def test_channels_are_chosen_by_name_and_rates_brought_to_one(records: Path) -> None:
    form = SignalForm(("V5",), 50)
    found = form("101.hea", Place(str(records / "table.csv"), 1, "path"))
    assert found.shape == (150, 1)
    np.testing.assert_allclose(found[10:-10, 0], signal()[20:-20:2, 1], atol=0.01)
    assert form.notes() == ["resampled to 50 Hz (from 100 Hz): the one signal"]
    with pytest.raises(
        DataError, match=r"^X\[0\]: has no channel 'V1' \(did you mean 'V5'\?\); its channels"
    ):
        SignalForm(("V1",), 50)(Biosignal(signal(), 50, ("MLII", "V5")), Place("X[0]"))
    with pytest.raises(DataError, match="has 1 numbers a time step, but the training part has 2"):
        SignalForm((), 50, 2)(signal()[:, :1])
    sources = [
        ("100.hea", Place(str(records / "a.csv"), 1)),
        (Biosignal(signal(), 360, ("MLII", "V5")), None),
    ]
    assert usual_signal([*sources, sources[0], ("nothing.hea", None)]) == (("MLII", "V5"), 100)
    encoder = BiosignalEncoder.fit([signal()], SignalForm(("MLII", "V5"), RATE))
    np.testing.assert_allclose(encoder.encode(signal()).std(0), 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "atr",
            r"the annotations 1\.atr are missing; put them beside the record, or .*\(beside it are \.dat\)",
        ),
        ("dat", r"names the file 1\.dat, which is missing; put it beside it"),
        ("short dat", r"is damaged, or its signals are cut short \(.*\); copy the record anew"),
        ("short atr", r"the annotations 1\.atr are damaged or cut short \(.*\); copy them anew"),
        ("empty atr", r"the annotations 1\.atr hold none"),
        ("header", r"is damaged, or its signals are cut short"),
    ],
)
def test_a_damaged_record_is_named_and_can_be_passed_over(tmp_path: Path, damage: str, said: str) -> None:
    header = write(tmp_path, "1")
    file = tmp_path / f"1.{damage.split()[-1].replace('header', 'hea')}"
    if damage.startswith("short"):
        file.write_bytes(file.read_bytes()[:7])
    elif damage.startswith("empty"):
        file.write_bytes(b"")
    elif damage == "header":
        file.write_text("no header\n")
    else:
        file.unlink()
    options = {"sample_rate": RATE, "segment_s": 0.4}
    with pytest.raises(DataError, match=rf"^{header}: {said}"):
        list(open_source(tmp_path, **options))
    write(tmp_path, "2")
    assert len(list(open_source(tmp_path, skip_bad_rows=True, **options))) == 3


def test_what_cannot_be_asked_is_refused(records: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"segment_s is 0\.001, which is less than one sample at 100 Hz"):
        open_source(records, segment_s=0.001)
    with pytest.raises(OptionError, match=r"--target is 'label', but .* is of annotated records, which have"):
        open_source(records, target="label")
    header = write(tmp_path, "1", marks=((5, "N", ""),))
    with pytest.raises(
        DataError, match=r"the annotations \(\.atr\) name no rhythms; choose what they do say"
    ):
        list(open_source(header, annotations="rhythm"))
    with pytest.raises(DataError, match=r"table\.csv, row 1: .*9\.hea: there is no such file"):
        read_signal(tmp_path / "9.hea", Place("table.csv", 1))


def test_folders_of_classes_hold_whole_records(records: Path, tmp_path: Path) -> None:
    for label, name in (("sick", "100"), ("well", "101")):
        (tmp_path / label).mkdir()
        for suffix in ("hea", "dat"):
            shutil.copy(records / f"{name}.{suffix}", tmp_path / label)
    assert [(one.sequence, one.target) for one in open_source(tmp_path)] == [
        ("100.hea", "sick"),
        ("101.hea", "well"),
    ]


def test_without_the_extra_the_error_says_how_to_install_it(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(MissingExtraError, match=r"wfdb is not .* pip install 'throughtime\[biosignals\]'"):
        read_signal(records / "100.hea", None)
