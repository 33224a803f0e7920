"""Bases and amino acids: the letters that stand for them, and those that stand for one of several."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Literal

import numpy as np

from throughtime.core.errors import DataError, Place

ResidueKind = Literal["bases", "amino_acids"]

LETTERS: dict[str, str] = {"bases": "ACGT", "amino_acids": "ACDEFGHIKLMNPQRSTVWYOU*"}
"""What is told apart: of amino acids the twenty, pyrrolysine, selenocysteine and the end of translation."""

STANDS_FOR: dict[str, dict[str, str]] = {
    "bases": {
        "U": "T",
        "R": "AG",
        "Y": "CT",
        "S": "CG",
        "W": "AT",
        "K": "GT",
        "M": "AC",
        "B": "CGT",
        "D": "AGT",
        "H": "ACT",
        "V": "ACG",
        "N": "ACGT",
        "-": "",
    },
    "amino_acids": {"B": "DN", "Z": "EQ", "J": "IL", "X": "ACDEFGHIKLMNPQRSTVWY", "-": ""},
}
"""Letters of other meaning: uracil is read as thymine, a gap is nothing, and the rest is one of several."""

PLAIN_BASES = "ACGTUN-"
"""The letters that sequences of bases are mostly of."""

MOST = 0.8
"""How large a part of bases these are at least."""

NAMES = {"bases": "base", "amino_acids": "amino acid"}


class Residues(str):
    """The letters of a gene or a protein, as a file of such has them."""

    __slots__ = ()


def kind_of_residues(sequences: list[str]) -> ResidueKind:
    """Return what sequences are made of: bases if every letter can stand for one, and most are themselves.

    Most amino acids have letters that also stand for one of several bases.
    """
    letters = Counter("".join(sequences).upper())
    plain = sum(letters[letter] for letter in PLAIN_BASES)
    readable = set(letters) <= _readable("bases")
    return "bases" if readable and plain >= MOST * letters.total() else "amino_acids"


def as_residues(kind: str, value: object, place: Place | None = None) -> str:
    """Return a sequence in capital letters.

    **Raises** `DataError` that names the time step, from 1: a letter that stands for no base (or amino acid),
    none at all, and what is no text.
    """
    if not isinstance(value, str):
        raise DataError(
            f"is of type {type(value).__name__}; give the {NAMES[kind]}s as text, one letter each", place
        )
    if not value:
        raise DataError("the sequence is empty; give at least one letter, or leave the record out", place)
    text = value.upper()
    strange = set(text) - _readable(kind)
    if strange:
        step = next(step for step, letter in enumerate(text) if letter in strange)
        raise DataError(
            f"letter {step + 1} is {value[step]!r}, which stands for no {NAMES[kind]}; give "
            f"{LETTERS[kind]}, or {' '.join(STANDS_FOR[kind])} for one of several",
            place,
        )
    return text


@cache
def shares(kind: str) -> np.ndarray:
    """Return for each code point below 128 the share of each letter in it, `[128, letters]`: 1 for what it
    stands for, equal shares where it is one of several, zeros for a gap."""
    letters = LETTERS[kind]
    table = np.zeros((128, len(letters)), np.float32)
    for letter, meant in {**{letter: letter for letter in letters}, **STANDS_FOR[kind]}.items():
        for one in meant:
            table[ord(letter), letters.index(one)] = 1 / len(meant)
    table.flags.writeable = False
    return table


@cache
def ambiguous(kind: str) -> frozenset[str]:
    """Return the letters that stand for one of several."""
    return frozenset(letter for letter, meant in STANDS_FOR[kind].items() if len(meant) > 1)


@cache
def _readable(kind: str) -> frozenset[str]:
    return frozenset({*LETTERS[kind], *STANDS_FOR[kind]})
