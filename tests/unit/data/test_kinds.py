"""Kinds are told from the data, and raw values come into the form of their kind or say why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.kinds import (
    CONVERTED,
    as_notes,
    as_numbers,
    as_symbols,
    as_text,
    as_tokens,
    as_words,
    converter,
    recognise,
)

PLACE = Place("a.csv", 2, "x")


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        (["the film was good", "I left", "no"], "words"),
        (["ACGTTA", "GGA"], "symbols"),
        (["0110100", "111"], "symbols"),
        (["Müller", "Ivanov"], "symbols"),
        (["".join(map(chr, range(0x4E00, 0x4E64))), "你好"], "characters"),
        (["0.1 0.2 0.3", "4"], "numbers"),
        (["0.1,0.2,0.3", "4, 5"], "numbers"),
        (["[[1, 2], [3, 4]]"], "numbers"),
        (['["a", "b"]'], "symbols"),
        ([["NN", "VB"], ["DT"]], "symbols"),
        ([[1, 2.5], [3]], "numbers"),
        ([[[1, 2]], [[3, None]]], "numbers"),
        ([np.zeros((3, 2)), np.zeros((1, 2))], "numbers"),
        ([np.array(["a", "b"])], "symbols"),
    ],
)
def test_recognised(sample: list[Any], kind: str) -> None:
    assert recognise(sample).kind == kind


def test_the_reason_is_said() -> None:
    assert recognise(["0.1 0.2", "1 2"]).because == "each of the 2 records looked at is a list of numbers"
    assert recognise(["ACGT", "AC"]).because == "strings without spaces, over 4 different letters"


def test_a_few_bad_rows_do_not_turn_numbers_into_text() -> None:
    found = recognise(["0.1 0.2"] * 9 + ["n/a n/a"])
    assert found == ("numbers", "9 of the 10 records looked at are each a list of numbers")
    assert recognise([[1, 2], [3, "x", 4], ["a"]]).kind == "numbers"


def test_nothing_to_recognise() -> None:
    with pytest.raises(DataError, match="no sequences to recognise the kind of; give at least one"):
        recognise([])


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2], [3, 4], [5, 6]],
        np.array([[1, 2], [3, 4], [5, 6]], np.int64),
        "[[1, 2], [3, 4], [5, 6]]",
        ((1, 2), (3, 4), (5, 6)),
        [["1", "2"], ["3", 4], [5, 6]],
    ],
)
def test_numbers_with_features(value: object) -> None:
    numbers = as_numbers(value, PLACE)
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers, [[1, 2], [3, 4], [5, 6]])


@pytest.mark.parametrize(
    "value", [[1, -2.5, 3e2], "1 -2.5 3e2", " 1,-2.5, 300 ", "[1, -2.5, 300]", np.array([1, -2.5, 300])]
)
def test_single_numbers_get_one_feature(value: object) -> None:
    np.testing.assert_array_equal(as_numbers(value), [[1], [-2.5], [300]])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1 abc 3", "time step 2 is 'abc' where a number was expected"),
        ("1,,3", "time step 2 is missing"),
        ("1_000 2", "time step 1 is '1_000' where a number was expected"),
        ("hello", "time step 1 is 'hello' where a number was expected"),
        ("[1, 2", "'[1, 2' starts like a JSON list and is none"),
        ([[1, 2], [3, "x"]], "time step 2, feature 2 is 'x' where a number was expected"),
        ([[1, 2], [3, None]], "time step 2, feature 2 is missing"),
        (
            [[1, 2], [3]],
            "time step 2 has 1 numbers where time step 1 has 2 numbers; give every time step the",
        ),
        ([1, [2]], "time step 2 has 1 numbers where time step 1 has one number by itself"),
        ([[1, 2], 3], "time step 2 has 3 where time step 1 has 2 numbers"),
        ([[1, 2], [float("nan"), 4]], "time step 2, feature 1 is nan where a finite number was expected"),
        ([1, 2, float("-inf")], "time step 3 is -inf where a finite number was expected"),
        ([1, 1e39], "time step 2 is 1e+39 where a finite number was expected, at most 3.4e38"),
        ([], "the sequence is empty"),
        ("", "the sequence is empty"),
        ([[]], "the sequence is empty"),
        (np.zeros((1, 2, 3)), "the numbers have the shape [1, 2, 3]; expected [time] or [time, feature]"),
        (np.array([1j]), "the array holds complex128 values"),
        (5, "5 where numbers were expected"),
        ([{"a": 1}], "time step 1 is {'a': 1} where a number was expected"),
    ],
)
def test_what_is_no_sequence_of_numbers(value: object, said: str) -> None:
    with pytest.raises(DataError, match=r"^a\.csv, row 2, column 'x': " + re.escape(said)):
        as_numbers(value, PLACE)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ACGT", "ACGT"),
        (["NN", "VB"], ["NN", "VB"]),
        ('["NN", "VB"]', ["NN", "VB"]),
        ("[1, 2]", "[1, 2]"),
        ("[A", "[A"),
        ([3, 17], ["3", "17"]),
        (np.array([3, 17]), ["3", "17"]),
        (np.array(["a", "b"]), ["a", "b"]),
    ],
)
def test_symbols(value: object, expected: object) -> None:
    assert as_symbols(value, PLACE) == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1.5], "time step 1 is 1.5 where a symbol was expected"),
        (["a", ""], "time step 2 is '' where a symbol was expected"),
        (["a", None], "time step 2 is None where a symbol was expected"),
        ([True], "time step 1 is True where a symbol was expected"),
        ([], "the sequence is empty"),
        ("", "the sequence is empty"),
        (5, "5 is no sequence of symbols"),
    ],
)
def test_what_is_no_sequence_of_symbols(value: object, said: str) -> None:
    with pytest.raises(DataError, match=r"^a\.csv, row 2, column 'x': " + re.escape(said)):
        as_symbols(value, PLACE)


def test_text() -> None:
    assert as_text(" as it stands ", PLACE) == " as it stands "
    with pytest.raises(DataError, match=r"\['a', 'b'\] is no text; give text, or set the kind to symbols"):
        as_text(["a", "b"], PLACE)
    with pytest.raises(DataError, match=r"an array of float64, shape \[2\], is no text"):
        as_text(np.zeros(2), PLACE)
    with pytest.raises(DataError, match="the sequence is empty"):
        as_text("", PLACE)


@pytest.mark.parametrize("convert", [as_text, as_tokens, as_words, as_symbols])
@pytest.mark.parametrize("value", ["ab\ud800", "\udfffa b"])
def test_half_of_a_surrogate_pair(convert: Callable[..., object], value: str) -> None:
    with pytest.raises(
        DataError, match=r"^a\.csv, row 2, column 'x': character \d is '\\ud.*write the file as UTF-8 anew"
    ):
        convert(value, PLACE)
    with pytest.raises(DataError, match=r"half of a surrogate pair"):
        as_symbols(["a", value], PLACE)


@pytest.mark.parametrize("value", [" ", " \t\u00a0\n"])
def test_white_space_is_text_without_words(value: str) -> None:
    assert as_text(value, PLACE) == value
    with pytest.raises(DataError, match=r"^a\.csv, row 2, column 'x': the text '.*' holds no words; give"):
        as_words(value, PLACE)
    assert as_words(f"{value}so ", PLACE) == f"{value}so "


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(DataError, match="…") as caught:
        as_numbers("x" * 10_000, PLACE)
    assert len(str(caught.value)) < 200


def test_each_kind_has_its_converter() -> None:
    assert {kind: converter(kind) for kind in CONVERTED} == {
        "words": as_words,
        "characters": as_text,
        "bytes": as_text,
        "subwords": as_words,
        "symbols": as_symbols,
        "tokens": as_tokens,
        "numbers": as_numbers,
        "music": as_notes,
    }
    with pytest.raises(OptionError, match=r"kind is 'number' \(did you mean 'numbers'\?\)"):
        converter("number")


@pytest.mark.parametrize("value", ["[[0, 1, 60], [0.5, 2, 64.0]]", [[0, 1, 60], [0.5, 2, 64]]])
def test_notes_from_text_and_lists(value: object) -> None:
    np.testing.assert_array_equal(as_notes(value), np.array([[0, 1, 60], [0.5, 2, 64]], np.float32))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "do re mi",
            r"^'do re mi' is no piece of music; give a file of MIDI or MusicXML, or notes as \[\[start",
        ),
        (
            [[0, 1]],
            r"^the notes have 2 numbers each; expected 3: start and end in quarter notes, and the MIDI",
        ),
        (
            [[0, 1, 60], [2, 2, 60]],
            r"^note 2 is \[2.0, 2.0, 60.0\]; expected a start of 0 quarter notes or later",
        ),
        ([[-1, 1, 60]], r"^note 1 is \[-1.0, 1.0, 60.0\]; expected a start of 0"),
        ([[0, 1, 60.5]], r"a whole number of a key from 0 to 127"),
        ([[0, 1, 128]], r"a whole number of a key from 0 to 127"),
        ([], r"^the sequence is empty"),
    ],
)
def test_what_is_no_music(value: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_notes(value)
