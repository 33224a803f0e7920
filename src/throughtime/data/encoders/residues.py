"""Bases and amino acids as shares of what each letter can stand for."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from throughtime.core.errors import Place
from throughtime.data.encoders.encoder import Encoder
from throughtime.data.encoders.raw import located, parted
from throughtime.data.encoders.vocabulary import nothing_given
from throughtime.data.forms import Form, share
from throughtime.data.residues import LETTERS, ResidueKind, ambiguous, as_residues, shares


class ResidueForm(Form):
    """Letters of bases or amino acids, as capitals; `notes` tells of small letters and ambiguous ones."""

    def __init__(self, kind: ResidueKind):
        self.kind = kind
        self._count = 0
        self._small = 0
        self._ambiguous = 0
        self._letters = Counter[str]()

    def __call__(self, value: Any, place: Place | None = None) -> str:
        """Return one raw sequence in capital letters, or raise `DataError`."""
        text = as_residues(self.kind, value, place)
        self._count += 1
        self._small += text != value
        unclear = ambiguous(self.kind) & set(text)
        self._ambiguous += bool(unclear)
        for letter in unclear:
            self._letters[letter] += text.count(letter)
        return text

    def notes(self) -> list[str]:
        """Return how many sequences have small letters or ambiguous ones."""
        found = []
        if self._small:
            of = share(self._small, self._count, "sequences")
            found.append(f"small letters are read as capitals: in {of}")
        if self._ambiguous:
            of = share(self._ambiguous, self._count, "sequences")
            which = ", ".join(f"{letter} {count:,} times" for letter, count in sorted(self._letters.items()))
            found.append(
                f"ambiguous letters ({which}) are read as equal shares of what they stand for: in {of}"
            )
        return found


class ResidueEncoder(Encoder):
    """Shares `[T, 4]` of A, C, G and T, or `[T, 23]` of amino acids, in float32: nothing is learnt.

    **Equations** a letter is 1 in its own column; one that stands for `k` others is `1 / k` in the column of
    each (N is a quarter of every base, B half aspartate and half asparagine); uracil is thymine; a gap is 0
    everywhere.

    **Raises** `DataError` for a letter that stands for nothing, and for an empty sequence.
    """

    kind: ResidueKind

    @classmethod
    def fit(cls, values: Iterable[Any], kind: ResidueKind) -> "ResidueEncoder":
        """Check that every raw sequence or record can be encoded; there is nothing to learn."""
        form, count = ResidueForm(kind), 0
        for _ in form.all(values):
            count += 1
        if not count:
            raise nothing_given(kind.replace("_", " "))
        return cls(kind=kind)

    @property
    def vocabulary_size(self) -> None:
        return None

    @property
    def feature_count(self) -> int:
        return len(LETTERS[self.kind])

    def form(self) -> ResidueForm:
        """Return what brings raw sequences to the form that `encode` takes."""
        return ResidueForm(self.kind)

    def encode(self, value: Any, place: Place | None = None) -> np.ndarray:
        """Turn one raw sequence into shares `[T, F]`."""
        text = as_residues(self.kind, value, place)
        return shares(self.kind)[np.frombuffer(text.encode("ascii"), np.uint8)]

    def encode_batch(self, values: Iterable[Any]) -> list[np.ndarray]:
        texts = [as_residues(self.kind, value, place) for value, place in located(values)]
        joined = np.frombuffer("".join(texts).encode("ascii"), np.uint8)
        return parted(shares(self.kind)[joined], map(len, texts))
