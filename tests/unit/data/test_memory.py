"""Sequences in memory as a source."""

import numpy as np
import pytest

from throughtime.core.errors import DataError, ShapeError
from throughtime.data.memory import MemorySource


def test_each_sequence_is_a_record_that_knows_its_index() -> None:
    sequences = [np.arange(3.0), "acgt", ["a", "b"]]
    records = list(MemorySource(sequences, [1, 2, 3]))
    assert [record.sequence for record in records] == sequences
    assert [record.target for record in records] == [1, 2, 3]
    assert [str(record.place) for record in records] == ["X[0]", "X[1]", "X[2]"]
    assert str(records[1].target_place) == "X[1], column 'y'"


def test_it_can_be_read_again_and_says_what_it_is() -> None:
    source = MemorySource(["ab"] * 1200)
    assert len(list(source)) == len(list(source)) == 1200
    assert source.rereadable
    assert source.description == "1,200 sequences in memory"
    assert all(record.target is None for record in source)


def test_a_target_too_many_is_refused() -> None:
    with pytest.raises(ShapeError, match="y has 3 targets but X has 2 sequences; give one target a sequence"):
        MemorySource(["a", "b"], [1, 2, 3])


def test_nothing_is_no_source() -> None:
    with pytest.raises(DataError, match="X: holds no sequences; give at least one"):
        list(MemorySource([]))
