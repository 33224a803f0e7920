"""Four-part chorales of Johann Sebastian Bach as notes, split by name."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from throughtime.core.errors import Place
from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.registries import WheelPackage
from throughtime.data.music_xml import piece_in_music_xml
from throughtime.data.piano_roll import roll_of

VOICES = 4
"""Parts of a chorale; scores with instruments besides, or with more voices, are passed over."""

SHARES = {"train.jsonl": 0.6, "validation.jsonl": 0.2, "test.jsonl": 0.2}
"""Of the chorales in each file, as in the split of 229, 76 and 77 that the literature has of another copy."""

COMPARED = 8
"""Quarter notes at the beginning of two chorales in which they are alike, so that they stay together."""

_FOLDER, _ENDING = "music21/corpus/bach/", ".mxl"


def _extract(archive: Path, folder: Path) -> None:
    """Write a line for each chorale: its name and its notes."""
    chorales = {}
    with zipfile.ZipFile(archive) as package:
        for name in sorted(package.namelist()):
            if name.startswith(_FOLDER) and name.endswith(_ENDING):
                piece = piece_in_music_xml(package.read(name), Place(name))
                if piece.parts == VOICES:
                    chorales[name.removeprefix(_FOLDER).removesuffix(_ENDING)] = piece.notes
    for file, names in split(chorales).items():
        with open(folder / file, "w", encoding="utf-8") as lines:
            for name in names:
                notes = [[start, end, int(key)] for start, end, key in chorales[name].tolist()]
                lines.write(json.dumps({"name": name, "sequence": notes}) + "\n")


def split(chorales: Mapping[str, Float[np.ndarray, "N 3"]]) -> dict[str, list[str]]:
    """Return the names in each file, by a shuffle of the sorted names; chorales that begin alike, in whatever
    key, are in one file."""
    alike: dict[bytes, list[str]] = {}
    for name in sorted(chorales):
        roll = roll_of(chorales[name], 1)[:COMPARED]
        lowest = int(np.flatnonzero(roll.any(0))[0])
        alike.setdefault(np.roll(roll, -lowest, axis=1).tobytes(), []).append(name)
    groups = list(alike.values())
    order = np.random.default_rng(0).permutation(len(groups)).tolist()
    ends = np.round(np.cumsum([0.0, *SHARES.values()]) * len(groups)).astype(int).tolist()
    return {
        file: sorted(name for number in order[first:end] for name in groups[number])
        for file, first, end in zip(SHARES, ends[:-1], ends[1:], strict=True)
    }


BACH_CHORALES = Entry(
    package=WheelPackage(
        "music21", "10.5.1", "dc3309498c4c95cebdf8d4f20c868deb6b63bce1d929cad4f51a7ccc982987b1"
    ),
    licence="the music public domain; the scores as their encoders allow, some not for commercial use",
    citation="J. S. Bach; Cuthbert & Ariza 2010, 'music21', ISMIR (this copy, of the toolkit's corpus)",
    files=tuple(SHARES),
    extract=_extract,
)
