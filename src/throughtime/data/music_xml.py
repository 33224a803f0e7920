"""Notes in a MusicXML file, plain or compressed.

Only when each note sounds, and which: the rest of a score (beams, words, dynamics) is passed over.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.midi import Piece, sounding

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""Semitones of each note of the scale above C."""

OCTAVE = 12


class _Note(NamedTuple):
    start: float
    end: float
    key: int
    goes_on: bool
    was_there: bool


class _Measure(NamedTuple):
    notes: list[_Note]
    length: float
    percussion: int


def piece_in_music_xml(content: bytes, place: Place) -> Piece:
    """Return the notes of a score, of all its parts, in the order of their starts; tied ones are one.

    A measure is as long as the longest part has it. Repeats are not played again, grace notes not at all.

    **Raises**

        DataError: the content is damaged, no MusicXML, or a score by time and not by parts.
    """
    try:
        score = ElementTree.fromstring(_unpacked(content, place))
    except ElementTree.ParseError as error:
        raise DataError(f"is no XML, or a damaged one ({error}); give a whole MusicXML file", place) from None
    if score.tag != "score-partwise":
        what = (
            "is a score by time; save it by parts (score-partwise)"
            if score.tag == "score-timewise"
            else (f"is no MusicXML: its outermost element is <{score.tag}>, expected <score-partwise>")
        )
        raise DataError(what, place)
    parts = [_measures(part, place) for part in score.findall("part")]
    numbers = range(max(map(len, parts), default=0))
    lengths = [max(part[n].length for part in parts if n < len(part)) for n in numbers]
    starts = np.cumsum([0.0, *lengths])
    found = [row for part in parts for row in _joined(part, starts)]
    percussion = sum(measure.percussion for part in parts for measure in part)
    return Piece(sounding(np.array(found, np.float64).reshape(-1, 3)), percussion, len(parts))


def _unpacked(content: bytes, place: Place) -> bytes:
    """Return the score in a compressed file, which its table of contents names first; others as they are."""
    if not content.startswith(b"PK"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            contents = ElementTree.fromstring(archive.read("META-INF/container.xml"))
            named = contents.find(".//{*}rootfile")
            return archive.read("" if named is None else named.get("full-path", ""))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ElementTree.ParseError) as error:
        raise DataError(
            f"is no compressed MusicXML, or a damaged one ({error}); give a whole one", place
        ) from None


def _measures(part: ElementTree.Element, place: Place) -> list[_Measure]:
    divisions, shift = 1.0, 0
    measures = []
    for number, measure in enumerate(part.findall("measure"), 1):
        notes: list[_Note] = []
        now = before = length = 0.0
        percussion = 0
        try:
            for element in measure:
                if element.tag == "attributes":
                    divisions = float(element.findtext("divisions", str(divisions)))
                    shift = _shift(element, shift)
                elif element.tag in ("backup", "forward"):
                    lasts = float(element.findtext("duration", "")) / divisions
                    now += lasts if element.tag == "forward" else -lasts
                elif element.tag == "note" and element.find("grace") is None:
                    lasts = float(element.findtext("duration", "")) / divisions
                    is_above = element.find("chord") is not None  # on the note before it, in a chord
                    start = before if is_above else now
                    before, now = start, now if is_above else start + lasts
                    percussion += element.find("unpitched") is not None
                    if element.find("pitch") is not None and element.find("cue") is None:
                        ties = {tie.get("type") for tie in element.findall("tie")}
                        key = _key(element) + shift
                        notes.append(_Note(start, start + lasts, key, "start" in ties, "stop" in ties))
                length = max(length, now)
        except (ValueError, KeyError, ZeroDivisionError) as error:
            raise DataError(
                f"part {part.get('id')}, measure {number}: a note without a length or a pitch ({error}); "
                "correct it, or leave the file out",
                place,
            ) from None
        measures.append(_Measure(notes, length, percussion))
    return measures


def _key(note: ElementTree.Element) -> int:
    octave = int(note.findtext("pitch/octave", ""))
    return (
        OCTAVE * (octave + 1)
        + STEPS[note.findtext("pitch/step", "").strip()]
        + round(float(note.findtext("pitch/alter", "0")))
    )


def _shift(attributes: ElementTree.Element, before: int) -> int:
    """Return by how many semitones an instrument sounds higher than it is written."""
    transpose = attributes.find("transpose")
    if transpose is None:
        return before
    return round(float(transpose.findtext("chromatic", "0"))) + OCTAVE * int(
        transpose.findtext("octave-change", "0")
    )


def _joined(measures: list[_Measure], starts: np.ndarray) -> list[list[float]]:
    """Return start, end and key of each note of a part, with tied notes as one."""
    found: list[list[float]] = []
    open_ties: dict[int, list[float]] = {}
    for measure, first in zip(measures, starts.tolist(), strict=False):
        for note in measure.notes:
            tied = open_ties.pop(note.key, None) if note.was_there else None
            if tied is not None and abs(tied[1] - (first + note.start)) < 1e-6:
                tied[1] = first + note.end
            else:
                tied = [first + note.start, first + note.end, float(note.key)]
                found.append(tied)
            if note.goes_on:
                open_ties[note.key] = tied
    return found
