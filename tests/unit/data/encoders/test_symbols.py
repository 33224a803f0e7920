"""Characters and symbols become ids, and ids are symbols again."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.encoders import UNKNOWN, ByteEncoder, SymbolEncoder

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text[0] != "[")


class Row(NamedTuple):
    sequence: object
    target: object
    place: Place


def named(encoder, ids):
    return [encoder.token(int(index)) for index in ids]


@given(st.lists(TEXT, min_size=1))
def test_ids_are_the_characters_again(texts):
    encoder = SymbolEncoder.fit(texts, kind="characters")
    for text, ids in zip(texts, encoder.encode_batch(texts), strict=True):
        assert "".join(named(encoder, ids)) == text
        assert np.array_equal(encoder.encode(text), ids)


@given(st.lists(st.lists(st.sampled_from(["a", "b", "long", "日", "🎈", "e\u0301"]), min_size=1), min_size=1))
def test_ids_are_the_listed_symbols_again(sequences):
    encoder = SymbolEncoder.fit(sequences)
    for symbols, ids in zip(sequences, encoder.encode_batch(sequences), strict=True):
        assert named(encoder, ids) == symbols


def test_frequent_symbols_come_first_and_ties_go_by_code_point():
    encoder = SymbolEncoder.fit(["CABBA", ["B", "zz"]])
    assert encoder.symbols == (UNKNOWN, "B", "A", "C", "zz")
    assert SymbolEncoder.fit([["zz", "B"], "ABBAC"]) == encoder


def test_unseen_symbols_get_the_unknown_id_below_between_and_above_the_seen():
    encoder = SymbolEncoder.fit(["ce"], kind="symbols")
    assert encoder.encode("acdef🎈").tolist() == [0, 1, 0, 2, 0, 0]
    assert encoder.encode(["c", "ce"]).tolist() == [1, 0]
    assert encoder.unknown_id == 0


def test_strings_and_lists_mix_in_one_batch():
    encoder = SymbolEncoder.fit(["ab", ["xy"]])
    assert [named(encoder, ids) for ids in encoder.encode_batch(["ba", ["xy", "a"]])] == [
        ["b", "a"],
        ["xy", "a"],
    ]


def test_many_long_strings_are_counted_in_several_blocks(monkeypatch):
    monkeypatch.setattr("throughtime.data.encoders.symbols._CHARACTERS_A_COUNT", 3)
    assert SymbolEncoder.fit(["aab", "b", "bc", "é"]).symbols == (UNKNOWN, "b", "a", "c", "é")
    assert SymbolEncoder.fit(["aab", "b", "bc", "é"], min_count=2).symbols == (UNKNOWN, "b", "a")


def test_limits_leave_the_rare_out():
    texts = ["aaabbc"]
    assert SymbolEncoder.fit(texts, min_count=2).symbols == (UNKNOWN, "a", "b")
    assert SymbolEncoder.fit(texts, max_vocabulary=1).symbols == (UNKNOWN, "a")
    assert SymbolEncoder.fit(texts, min_count=2).encode("abc").tolist() == [1, 2, 0]


@pytest.mark.parametrize(("count", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_ids_have_the_smallest_type(count, dtype):
    encoder = SymbolEncoder.fit(["".join(map(chr, range(1000, 1000 + count)))])
    assert encoder.vocabulary_size == count + 1
    assert encoder.feature_count is None
    ids = encoder.encode(chr(999 + count))
    assert ids.dtype == dtype
    assert ids.tolist() == [count]


@given(st.lists(TEXT, min_size=1))
def test_saved_and_loaded_is_the_same(texts):
    encoder = SymbolEncoder.fit(texts, kind="characters")
    encoder.encode(texts[0])
    loaded = SymbolEncoder.model_validate_json(encoder.model_dump_json())
    assert loaded == encoder
    assert all(np.array_equal(loaded.encode(text), encoder.encode(text)) for text in texts)


def test_the_unknown_mark_as_a_symbol_is_the_unknown_one():
    encoder = SymbolEncoder.fit([["a", UNKNOWN]])
    assert encoder.symbols == (UNKNOWN, "a")
    assert encoder.encode([UNKNOWN, "a"]).tolist() == [0, 1]


def test_half_a_surrogate_pair_is_refused_with_its_row():
    row = Row("ab\ud800", None, Place("file.csv", 3, "text"))
    message = r"file.csv, row 3, column 'text': character 3 is '\\ud800', half of a surrogate pair"
    for kind in ("characters", "symbols"):
        with pytest.raises(DataError, match=message):
            SymbolEncoder.fit([row], kind=kind)
    with pytest.raises(DataError, match=message):
        SymbolEncoder.fit(["ab"]).encode_batch([row])
    with pytest.raises(DataError, match=message):
        ByteEncoder().encode_batch([row])
    with pytest.raises(DataError, match="character 2 is"):
        SymbolEncoder.fit([["a", "\udfff"]])


def test_impossible_limits_are_refused():
    with pytest.raises(OptionError, match="min_count is 0; choose 1 or more"):
        SymbolEncoder.fit(["a"], min_count=0)
    with pytest.raises(OptionError, match="max_vocabulary is 0; choose 1 or more"):
        SymbolEncoder.fit(["a"], max_vocabulary=0)
    with pytest.raises(OptionError, match="no symbol occurs 3 times or more"):
        SymbolEncoder.fit(["aab"], min_count=3)
    with pytest.raises(OptionError, match="id 3 is not in the vocabulary; choose one between 0 and 2"):
        SymbolEncoder.fit(["ab"]).token(3)


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(DataError, match="symbols cannot be learnt from no records at all"):
        SymbolEncoder.fit([])
    with pytest.raises(DataError, match="the sequence is empty"):
        SymbolEncoder.fit([""])


@pytest.mark.parametrize(
    ("alphabet", "message"),
    [
        (["a", "b"], "a vocabulary is '<unknown>' followed by"),
        ([UNKNOWN], "followed by"),
        ([UNKNOWN, "a", "a"], "a symbol twice"),
    ],
)
def test_a_tampered_vocabulary_is_refused(alphabet, message):
    with pytest.raises(ValueError, match=message):
        SymbolEncoder.model_validate({"kind": "symbols", "alphabet": alphabet})


@given(st.lists(TEXT, min_size=1))
def test_bytes_are_utf8(texts):
    encoder = ByteEncoder.fit(texts)
    for text, ids in zip(texts, encoder.encode_batch(texts), strict=True):
        assert bytes(ids).decode() == text
        assert np.array_equal(encoder.encode(text), ids)


def test_bytes_have_256_names_and_nothing_unknown():
    encoder = ByteEncoder()
    assert encoder.vocabulary_size == len(set(encoder.symbols)) == 256
    assert encoder.unknown_id is None
    assert (encoder.token(65), encoder.token(10)) == ("A", "0x0a")
    assert ByteEncoder.model_validate_json(encoder.model_dump_json()) == encoder
    with pytest.raises(DataError, match="bytes cannot be learnt from no records"):
        ByteEncoder.fit([])
