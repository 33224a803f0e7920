"""Words and subwords become ids, the same ones every time."""

import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.encoders import UNKNOWN, SubwordEncoder, WordEncoder

SENTENCES = ["The cat sat.", "the dog sat, the cat ran!", "Don't run: caf\u00e9 cafe\u0301", "le 日本 ▁ 3.5"]
WORDS = st.lists(st.text("abcde", min_size=1, max_size=4), min_size=1)


class Row(NamedTuple):
    sequence: object
    target: object
    place: Place


def named(encoder, ids):
    return [encoder.token(int(index)) for index in ids]


def test_words_are_parted_by_white_space_and_punctuation_in_small_letters():
    encoder = WordEncoder.fit(SENTENCES)
    assert named(encoder, encoder.encode("DON'T  sat\tthe,cat.")) == [
        "don",
        "'",
        "t",
        "sat",
        "the",
        ",",
        "cat",
        ".",
    ]
    assert encoder.words[:6] == (UNKNOWN, "the", ".", "café", "cat", "sat")


def test_capitals_stay_when_asked_to():
    encoder = WordEncoder.fit(SENTENCES, lowercase=False)
    assert named(encoder, encoder.encode("The the THE")) == ["The", "the", UNKNOWN]
    again = WordEncoder.model_validate_json(encoder.model_dump_json())
    assert named(again, again.encode("The the THE")) == ["The", "the", UNKNOWN]


def test_composed_and_decomposed_letters_are_the_same_word():
    encoder = WordEncoder.fit(["caf\u00e9 x caf\u00e9"])
    assert encoder.encode("cafe\u0301").tolist() == encoder.encode("caf\u00e9").tolist() == [1]


@given(st.lists(WORDS, min_size=1))
def test_known_words_come_back(sentences):
    texts = [" ".join(words) for words in sentences]
    encoder = WordEncoder.fit(texts)
    for words, text, ids in zip(sentences, texts, encoder.encode_batch(texts), strict=True):
        assert named(encoder, ids) == words
        assert np.array_equal(encoder.encode(text), ids)


@given(st.lists(WORDS, min_size=1), st.randoms())
def test_the_order_of_the_vocabulary_is_by_count_then_by_code_point(sentences, random):
    texts = [" ".join(words) for words in sentences]
    everything = [word for words in sentences for word in words]
    expected = sorted(set(everything), key=lambda word: (-everything.count(word), word))
    assert WordEncoder.fit(texts).words == (UNKNOWN, *expected)
    random.shuffle(texts)
    assert WordEncoder.fit(texts).words == (UNKNOWN, *expected)


def test_limits_leave_the_rare_out():
    texts = ["a a a b b c"]
    assert WordEncoder.fit(texts, min_count=2).words == (UNKNOWN, "a", "b")
    assert WordEncoder.fit(texts, max_vocabulary=1).words == (UNKNOWN, "a")
    assert WordEncoder.fit(texts, max_vocabulary=1).encode("a b zebra").tolist() == [1, 0, 0]


@pytest.mark.parametrize("kind", [WordEncoder, SubwordEncoder])
def test_saved_and_loaded_is_the_same(kind):
    encoder = kind.fit(SENTENCES)
    before = encoder.encode_batch(SENTENCES)
    loaded = kind.model_validate_json(encoder.model_dump_json())
    assert loaded == encoder
    assert loaded.symbols == encoder.symbols
    assert all(map(np.array_equal, loaded.encode_batch(SENTENCES), before))


@pytest.mark.parametrize("kind", [WordEncoder, SubwordEncoder])
def test_the_same_texts_give_the_same_encoder(kind):
    texts = [" ".join(SENTENCES[i % 4].split()[: 1 + i % 5]) + f" w{i % 37}" for i in range(300)]
    assert kind.fit(texts).model_dump_json() == kind.fit(iter(texts)).model_dump_json()


@pytest.mark.parametrize("kind", [WordEncoder, SubwordEncoder])
def test_white_space_alone_is_refused_with_its_row(kind):
    encoder = kind.fit(SENTENCES)
    rows = [Row("the cat", None, Place("f.csv", 1)), Row(" \t ", None, Place("f.csv", 2))]
    with pytest.raises(DataError, match=r"f.csv, row 2: the text ' \\t ' holds no (sub)?words"):
        encoder.encode_batch(rows)
    with pytest.raises(DataError, match="holds no"):
        encoder.encode(" ")


@pytest.mark.parametrize("kind", [WordEncoder, SubwordEncoder])
def test_bad_texts_are_refused_while_fitting(kind):
    with pytest.raises(DataError, match="cannot be learnt from no records at all"):
        kind.fit([])
    with pytest.raises(OptionError, match=r"occurs 1 times or more \(min_count\)"):
        kind.fit([" "])
    with pytest.raises(DataError, match=r"f.csv, row 7: character 2 is"):
        kind.fit(["fine", Row("a\ud800", None, Place("f.csv", 7))])
    with pytest.raises(DataError, match=r"f.csv, row 8: .* no text"):
        kind.fit(["fine", Row([1.0], None, Place("f.csv", 8))])
    with pytest.raises(OptionError, match="min_count is -1"):
        kind.fit(SENTENCES, min_count=-1)


def test_a_tampered_vocabulary_is_refused():
    with pytest.raises(ValueError, match="a symbol twice"):
        WordEncoder(words=(UNKNOWN, "a", "a"))
    with pytest.raises(ValueError, match="not the JSON of a tokenizer"):
        SubwordEncoder(tokenizer="{}")
    saved = SubwordEncoder.fit(SENTENCES).tokenizer
    with pytest.raises(ValueError, match="must give '<unknown>' the id 0"):
        SubwordEncoder(tokenizer=saved.replace(UNKNOWN, "<other>"))


def test_subwords_share_pieces_and_mark_the_beginnings_of_words():
    encoder = SubwordEncoder.fit(
        ["low lower lowest new newer newest wide wider widest"] * 3, max_vocabulary=40
    )
    assert encoder.vocabulary_size <= 41
    pieces = named(encoder, encoder.encode("Lowest newwide"))
    assert "".join(pieces) == "▁lowest▁newwide"
    assert 2 < len(pieces) < len("▁lowest▁newwide")
    assert encoder.encode("low日")[-1] == encoder.unknown_id == 0


def test_many_words_save_and_load_in_seconds():
    words = (UNKNOWN, *(f"word{index}" for index in range(200_000)))
    start = time.perf_counter()
    loaded = WordEncoder.model_validate_json(WordEncoder(words=words).model_dump_json())
    ids = loaded.encode("word199999 word0 nothing")
    assert time.perf_counter() - start < 10
    assert ids.tolist() == [200_000, 1, 0]


def test_tokenizers_is_imported_only_for_words():
    script = (
        "import sys; from throughtime.data.encoders import *; fit_encoder('characters', ['a']).encode('a')\n"
        "assert 'tokenizers' not in sys.modules and 'sklearn' not in sys.modules\n"
        "fit_encoder('words', ['a']); assert 'tokenizers' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
