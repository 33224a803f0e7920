"""A row of symbols is cut into lanes without losing or doubling one, and each goes on where it was."""

import functools
import operator

import numpy as np
import pytest

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.continuous import Continuous, cut, joined, lines_of
from throughtime.data.encoders import fit_encoder
from throughtime.data.records import Record


def record(sequence: object) -> Record:
    return Record(sequence, None, Place("a file"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("length", "lanes", "chunk_size"), [(50, 3, 4), (37, 4, 9), (10, 1, 3), (14, 5, 2)])
def test_every_symbol_but_the_first_is_a_target_once(length: int, lanes: int, chunk_size: int) -> None:
    ids = np.arange(length, dtype=np.uint16) + 100
    stream = Continuous(ids, length)
    read: list[list[int]] = [[] for _ in range(lanes)]
    said: list[list[int]] = [[] for _ in range(lanes)]
    chunks = list(stream.chunks(lanes, chunk_size))
    assert len(chunks) == stream.batch_count(lanes, chunk_size)
    for chunk in chunks:
        assert chunk.inputs.shape == chunk.targets.shape == (chunk_size, lanes)
        assert chunk.inputs.dtype == chunk.targets.dtype == np.int32
        for lane in range(lanes):
            real = int(chunk.lengths[lane])
            read[lane] += chunk.inputs[:real, lane].tolist()
            said[lane] += chunk.targets[:real, lane].tolist()
            assert not chunk.inputs[real:, lane].any()
    assert functools.reduce(operator.iadd, said, []) == ids[1:].tolist()
    assert functools.reduce(operator.iadd, read, []) == ids[:-1].tolist()
    sizes = [len(lane) for lane in read]
    assert max(sizes) - min(sizes) <= 1


def test_a_run_that_goes_on_reads_the_same_chunks() -> None:
    stream = Continuous(np.arange(60, dtype=np.uint8), 60)
    whole = list(stream.chunks(2, 7))
    for late, early in zip(stream.chunks(2, 7, first=2), whole[2:], strict=True):
        for a, b in zip(late, early, strict=True):
            np.testing.assert_array_equal(a, b)


def test_records_are_joined_with_an_end_of_line_behind_each() -> None:
    assert joined([record("ab"), record("c d")]) == "ab\nc d\n"
    assert joined([record(["x", "yy"]), record("ab")]) == ["x", "yy", "\n", "a", "b", "\n"]


def test_a_text_is_cut_where_a_line_begins() -> None:
    text = "one line\nanother line\nthe last one\n"
    training, held_out = cut(text, 0.45)
    assert (training, held_out) == ("one line\n", "another line\nthe last one\n")
    assert cut("words without lines", 0.25) == ("words without ", "lines")
    assert cut("abcdefghij", 0.3) == ("abcdefg", "hij")
    assert cut(["a", "b", "\n", "c", "\n"], 0.4) == (["a", "b", "\n"], ["c", "\n"])
    assert cut("\n" + "a" * 9999, 0.1)[0] == "\n" + "a" * 8999  # the line begins too far away


def test_ends_of_lines_are_words_where_white_space_parts_words() -> None:
    text = "To be\n\nor not\n"
    assert list(lines_of(text, "characters")) == [text]
    assert list(lines_of(text, "words")) == ["To be¶", "¶", "or not¶"]
    encoder = fit_encoder("words", lines_of(text, "words"))
    stream = Continuous.encode(text, encoder, "a text")  # type: ignore[arg-type]
    assert [encoder.symbols[index] for index in stream.ids] == ["to", "be", "¶", "¶", "or", "not", "¶"]  # type: ignore[union-attr]
    assert stream.characters == len(text)
    assert stream.predicted == 6


def test_too_little_text_is_refused() -> None:
    encoder = fit_encoder("characters", ["abc"])
    with pytest.raises(DataError, match=r"^play\.txt: holds 1 symbols, too few for one to be predicted"):
        Continuous.encode("a", encoder, "play.txt")  # type: ignore[arg-type]
    stream = Continuous(np.zeros(100, np.uint8), 100)
    with pytest.raises(
        OptionError,
        match=r"play\.txt has 100 symbols to train on, and batch_size=8 lanes of one chunk of chunk_size=64 "
        r"need 513; choose a chunk_size of 12 or less",
    ):
        stream.check_lanes(8, 64, "play.txt")
    with pytest.raises(OptionError, match="choose a batch_size of 99 or less"):
        stream.check_lanes(200, 64, "play.txt")
    stream.check_lanes(9, 11, "play.txt")
