"""Music from files: MIDI and MusicXML give the notes that were written; what is wrong with a file is said."""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from throughtime import read_music, write_midi
from throughtime.core.errors import DataError, MissingExtraError, OptionError, UsageError
from throughtime.data.midi import midi_of
from throughtime.data.readers import open_source
from throughtime.data.readers.music_files import MusicFiles

symusic = pytest.importorskip("symusic")

NOTES = np.array([[0, 1, 60], [0, 2, 64], [1, 1.5, 62], [4.25, 5, 21]], np.float32)

SCORE = """<?xml version="1.0"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 2.0 Partwise//EN" "partwise.dtd">
<score-partwise><part-list/>
<part id="P1">
 <measure number="0"><attributes><divisions>2</divisions></attributes>
  {upbeat}
 </measure>
 <measure number="1">
  <note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><tie type="start"/></note>
  <note><chord/><pitch><step>E</step><alter>-1</alter><octave>4</octave></pitch><duration>4</duration></note>
  <note><grace/><pitch><step>F</step><octave>4</octave></pitch></note>
  <note><rest/><duration>2</duration></note>
  <note><pitch><step>B</step><octave>3</octave></pitch><duration>2</duration><tie type="start"/></note>
  <backup><duration>8</duration></backup>
  <forward><duration>2</duration></forward>
  <note><pitch><step>F</step><alter>1</alter><octave>2</octave></pitch><duration>2</duration></note>
 </measure>
 <measure number="2"><attributes><divisions>4</divisions></attributes>
  <note><pitch><step>B</step><octave>3</octave></pitch><duration>4</duration><tie type="stop"/></note>
  <note><pitch><step>B</step><octave>3</octave></pitch><duration>4</duration></note>
 </measure>
</part>
<part id="P2">
 <measure number="0"/>
 <measure number="1"><attributes><divisions>1</divisions>
   <transpose><chromatic>-2</chromatic><octave-change>1</octave-change></transpose></attributes>
  <note><pitch><step>D</step><octave>5</octave></pitch><duration>1</duration></note>
 </measure>
 <measure number="2"><note><unpitched/><duration>1</duration></note>
  <note><pitch><step>D</step><octave>5</octave></pitch><duration>1</duration></note></measure>
</part></score-partwise>
"""
UPBEAT = "<note><pitch><step>G</step><octave>3</octave></pitch><duration>2</duration></note>"
IN_SCORE = [
    [0, 1, 55],  # the upbeat
    [1, 3, 60], [1, 3, 63],  # a chord
    [1, 2, 84],  # the transposing part, as it sounds
    [2, 3, 42],  # the second voice
    [4, 6, 59],  # tied over the bar
    [6, 7, 59],
    [6, 7, 84],
]  # fmt: skip


def packed(score: str, *, named: str = "score.xml") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            f'<container><rootfiles><rootfile full-path="{named}"/></rootfiles></container>',
        )
        archive.writestr("score.xml", score)
    return content.getvalue()


def test_midi_there_and_back(tmp_path: Path) -> None:
    write_midi(tmp_path / "piece.mid", NOTES, quarters_per_minute=72.0)
    np.testing.assert_array_equal(read_music(tmp_path / "piece.mid"), NOTES)
    score = symusic.Score(str(tmp_path / "piece.mid"))
    assert [round(tempo.qpm) for tempo in score.tempos] == [72]
    assert [(note.time, note.duration, note.pitch) for note in score.tracks[0].notes][-1] == (2040, 360, 21)
    write_midi(tmp_path / "silence.mid", NOTES[:0])
    with pytest.raises(DataError, match="holds no notes; give a piece with at least one"):
        read_music(tmp_path / "silence.mid")


def test_tracks_with_another_grid_and_drums(tmp_path: Path) -> None:
    score = symusic.Score(96)
    for is_drum, key in ((False, 70), (True, 36), (False, 50)):
        track = symusic.Track("", 0, is_drum)
        track.notes.append(symusic.Note(48, 96, key, 60))
        score.tracks.append(track)
    (tmp_path / "band.midi").write_bytes(score.dumps_midi())
    source = open_source(tmp_path / "band.midi", needs_target=False)
    [record] = source
    np.testing.assert_array_equal(record.sequence, [[0.5, 1.5, 50], [0.5, 1.5, 70]])
    assert isinstance(source, MusicFiles)
    assert source.percussion == 1
    drums = symusic.Score(96)
    drums.tracks.append(score.tracks[1])
    (tmp_path / "drums.mid").write_bytes(drums.dumps_midi())
    with pytest.raises(DataError, match="holds no notes but 1 of percussion, which has no keys"):
        read_music(tmp_path / "drums.mid")


@pytest.mark.parametrize("name", ["piece.mxl", "piece.musicxml", "piece.xml"])
def test_music_xml(tmp_path: Path, name: str) -> None:
    score = SCORE.format(upbeat=UPBEAT)
    (tmp_path / name).write_bytes(packed(score) if name.endswith("mxl") else score.encode())
    assert read_music(tmp_path / name).tolist() == IN_SCORE


def test_a_folder_is_read_in_the_order_of_paths(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    write_midi(tmp_path / "b" / "x.mid", NOTES)
    write_midi(tmp_path / "c.mid", NOTES + np.float32([0, 0, 1]))
    (tmp_path / "a.musicxml").write_text(SCORE.format(upbeat=UPBEAT))
    (tmp_path / "licence.txt").write_text("free")
    (tmp_path / ".hidden.mid").write_text("none")
    source = open_source(tmp_path, needs_target=False)
    assert source.description == f"{tmp_path}: 3 files of music"
    assert [Path(record.place.file).name for record in source] == ["a.musicxml", "x.mid", "c.mid"]
    (tmp_path / "c.mid").write_bytes(b"MThd")
    with pytest.raises(DataError, match=r"c\.mid: is no MIDI file, or a damaged one"):
        list(source)
    lenient = open_source(tmp_path, needs_target=False, skip_bad_rows=True)
    assert len(list(lenient)) == 2
    assert lenient.skipped.count == 1


def test_xml_among_texts_is_no_music(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a text")
    (tmp_path / "b.xml").write_text("<note/>")
    assert [record.sequence for record in open_source(tmp_path, needs_target=False)] == ["a text"]


def test_midi_cut_off_anywhere_is_said(tmp_path: Path) -> None:
    whole = midi_of(NOTES)
    for size in range(len(whole)):
        (tmp_path / "cut.mid").write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"cut\.mid: (is no MIDI file|the file is empty|holds no notes)"):
            read_music(tmp_path / "cut.mid")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.mid", b"", "the file is empty"),
        ("a.mid", b"not a MIDI file at all", "is no MIDI file, or a damaged one .*; give a whole one"),
        ("a.mxl", b"PK\3\4 and so on", "is no compressed MusicXML, or a damaged one"),
        ("a.mxl", packed("", named="other.xml"), "is no compressed MusicXML, or a damaged one .*other"),
        ("a.xml", b"<score-partwise><part>", "is no XML, or a damaged one"),
        ("a.xml", b"<html/>", "is no MusicXML: its outermost element is <html>, expected <score-partwise>"),
        ("a.xml", b"<score-timewise/>", "is a score by time; save it by parts"),
        ("a.xml", b"<score-partwise/>", "holds no notes; give a piece with at least one"),
        (
            "a.xml",
            SCORE.format(upbeat=UPBEAT.replace("<duration>2</duration>", "")).encode(),
            "part P1, measure 1: a note without a length or a pitch",
        ),
        ("a.xml", SCORE.format(upbeat=UPBEAT.replace("G", "H")).encode(), "without a length or a pitch"),
        ("a.txt", b"do re mi", r"is no file of music; give one that ends in \.mid, \.midi, \.mxl"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_music(tmp_path / name)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(
        OptionError, match=r"the music is to be saved as '.*piece\.wav'; end it in \.mid or \.midi"
    ):
        write_midi(tmp_path / "piece.wav", NOTES)
    with pytest.raises(UsageError, match=r"piece\.mid: cannot be written: No such file or directory"):
        write_midi(tmp_path / "nowhere" / "piece.mid", NOTES)
    with pytest.raises(DataError, match="the notes have 2 numbers each"):
        write_midi(tmp_path / "piece.mid", NOTES[:, :2])
    assert not list(tmp_path.iterdir())


def test_where_labels_are_needed(tmp_path: Path) -> None:
    write_midi(tmp_path / "piece.mid", NOTES)
    with pytest.raises(DataError, match="is a piece of music without labels"):
        open_source(tmp_path / "piece.mid")
    with pytest.raises(OptionError, match=r"--target is 'y', but .* is music, which has no columns"):
        open_source(tmp_path / "piece.mid", target="y", needs_target=False)


def test_without_symusic_the_command_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_midi(tmp_path / "piece.mid", NOTES)
    monkeypatch.setitem(sys.modules, "symusic", None)
    with pytest.raises(
        MissingExtraError, match=r"symusic is not installed.*pip install 'throughtime\[music\]'"
    ):
        read_music(tmp_path / "piece.mid")
