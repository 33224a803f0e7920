"""Bases and amino acids as shares of what a letter can stand for."""

import numpy as np
import pytest

from throughtime.core.errors import DataError, Place
from throughtime.data.encoders.residues import ResidueEncoder, ResidueForm

ACGT = np.eye(4)


def test_each_base_has_a_column_and_an_ambiguous_one_has_equal_shares() -> None:
    encoded = ResidueEncoder(kind="bases").encode("ACGTURYNB-")
    a, c, g, t = ACGT
    expected = [a, c, g, t, t, (a + g) / 2, (c + t) / 2, (a + c + g + t) / 4, (c + g + t) / 3, 0 * a]
    np.testing.assert_allclose(encoded, expected, rtol=1e-6)
    assert encoded.dtype == np.float32


def test_amino_acids() -> None:
    encoder = ResidueEncoder(kind="amino_acids")
    letters = "ACDEFGHIKLMNPQRSTVWYOU*"
    np.testing.assert_array_equal(encoder.encode(letters), np.eye(23))
    shares = encoder.encode("XBZJ")
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-6)
    assert [np.flatnonzero(row).size for row in shares] == [20, 2, 2, 2]
    assert {letters[index] for index in np.flatnonzero(shares[3])} == {"I", "L"}


def test_small_and_ambiguous_letters_are_said() -> None:
    form = ResidueForm("bases")
    assert [form(text) for text in ("acgt", "NNRA", "ACGT")] == ["ACGT", "NNRA", "ACGT"]
    assert form.notes() == [
        "small letters are read as capitals: in 1 of the 3 sequences",
        "ambiguous letters (N 2 times, R 1 times) are read as equal shares of what they stand for: "
        "in 1 of the 3 sequences",
    ]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("bases", "AC1", r"^a, row 2: letter 3 is '1', which stands for no base; give ACGT, or U R Y"),
        ("amino_acids", "MK ", r"^a, row 2: letter 3 is ' ', which stands for no amino acid; give"),
        ("bases", "", r"^a, row 2: the sequence is empty"),
        ("bases", ["A"], r"^a, row 2: is of type list; give the bases as text, one letter each"),
    ],
)
def test_what_stands_for_nothing_is_refused(kind: str, value: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        ResidueForm("bases" if kind == "bases" else "amino_acids")(value, Place("a", 2))
