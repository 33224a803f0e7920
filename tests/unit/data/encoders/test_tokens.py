"""Words with their letters."""

import numpy as np
import pytest

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.encoders import TokenEncoder, fit_encoder
from throughtime.data.kinds import recognise

SENTENCES = [["The", "cat", "sat"], ["the", "dog"], ["a"]]


def test_a_word_has_a_number_and_its_letters_have_theirs() -> None:
    encoder = fit_encoder("tokens", SENTENCES)
    assert isinstance(encoder, TokenEncoder)
    assert encoder.words == ("<unknown>", "the", "a", "cat", "dog", "sat")
    letters = {letter: number for number, letter in enumerate(encoder.letters, start=2)}
    assert set(letters) == set("Thecatsdoga")
    assert encoder.longest == 3
    found = encoder.encode(["THE", "a", "dot"])
    assert found.dtype.kind == "u"
    expected = [
        [1, letters["T"], 1, 1],
        [2, letters["a"], 0, 0],
        [0, letters["d"], letters["o"], letters["t"]],
    ]
    assert found.tolist() == expected
    assert (encoder.vocabulary_size, encoder.letters_read, encoder.feature_count) == (6, (12, 3), None)
    assert TokenEncoder.model_validate_json(encoder.model_dump_json()) == encoder


def test_of_a_long_word_both_ends_are_read() -> None:
    word = "abcdefghijklmnopqrstuvwxyz"
    encoder = TokenEncoder.fit([[word]])
    read = encoder.encode([word])[0, 1:]
    assert "".join(encoder.letters[number - 2] for number in read) == "abcdefghij" + "qrstuvwxyz"


def test_rare_words_are_unknown_and_case_can_count() -> None:
    assert TokenEncoder.fit(SENTENCES, min_count=2).words == ("<unknown>", "the")
    assert "The" in TokenEncoder.fit(SENTENCES, lowercase=False).words
    assert TokenEncoder.fit(SENTENCES, max_vocabulary=1).words == ("<unknown>", "the")
    with pytest.raises(OptionError, match="no word occurs 9 times or more"):
        TokenEncoder.fit(SENTENCES, min_count=9)


def test_text_is_parted_at_white_space_and_nothing_is_refused() -> None:
    encoder = TokenEncoder.fit(SENTENCES)
    np.testing.assert_array_equal(encoder.encode("the  cat"), encoder.encode(["the", "cat"]))
    with pytest.raises(DataError, match=r"^f, row 1: the text '  ' holds no words"):
        encoder.encode("  ", Place("f", 1))


def test_lists_of_many_words_are_recognised() -> None:
    words = [
        [f"word{'abcdefghij'[k % 10]}{k}" for k in range(start, start + 30)] for start in range(0, 300, 30)
    ]
    assert recognise(words).kind == "tokens"
    assert recognise(words[:5]).kind == "symbols"
