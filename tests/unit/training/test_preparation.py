"""A source is gone through as seldom as its kind allows, and the numbers come out the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from throughtime.core.errors import DataError
from throughtime.data.encoders import NumberEncoder
from throughtime.data.kinds import as_numbers
from throughtime.data.memory import MemorySource
from throughtime.data.readers import open_source
from throughtime.data.records import Record
from throughtime.training import forms, preparation
from throughtime.training.preparation import prepare
from throughtime.training.settings import Settings

COUNT = 40


class Counting(MemorySource):
    """A source that counts how often it is read from its start to its end."""

    whole_readings = 0

    def rows(self) -> Iterator[Record | DataError]:
        yield from super().rows()
        self.whole_readings += 1


def settings(**training: object) -> Settings:
    return Settings.parse({"task": "classify", "training": training})


def number_texts() -> list[str]:
    generator = np.random.default_rng(3)
    lengths = generator.integers(1, 9, COUNT).tolist()
    return [" ".join(map(repr, generator.normal(5, 3, length).tolist())) for length in lengths]


@pytest.mark.parametrize("kept_bytes", [0, 1 << 20])
def test_numbers_are_parsed_once_and_scaled_as_ever(kept_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "KEPT_BYTES", kept_bytes)
    monkeypatch.setattr(forms, "SAMPLE", 10)
    texts, labels = number_texts(), ["ab"[index % 2] for index in range(COUNT)]
    source = Counting(texts, labels)
    with_validation = prepare(source, settings(validation=0.25))
    assert source.whole_readings == 1
    assert with_validation.validation is not None
    assert len(with_validation.validation) == COUNT // 4
    prepared = prepare(MemorySource(texts, labels), settings(validation=0))
    scaled = NumberEncoder.fit(texts)
    assert prepared.encoder == scaled
    for text, sequence in zip(texts, prepared.train.store.sequences(), strict=True):
        assert sequence.tobytes() == scaled.encode(as_numbers(text)).tobytes()
    assert prepared.train.targets.tolist() == [index % 2 for index in range(COUNT)]


def test_text_is_read_for_the_targets_the_vocabulary_and_the_ids() -> None:
    texts = [f"word{index % 3} and more" for index in range(COUNT)]
    source = Counting(texts, ["ab"[index % 2] for index in range(COUNT)])
    prepare(source, settings(validation=0))
    assert source.whole_readings == 4  # with the sample, which is larger than this source


@pytest.mark.parametrize("kind", ["words", "subwords"])
def test_text_without_a_single_token_is_skipped_and_counted(kind: str) -> None:
    texts = ["one two", "two one", " \t", "one", "two", "\u2003"]
    source = MemorySource(texts, list("ababab"))
    of_kind = Settings.parse({"task": "classify", "data": {"kind": kind}, "training": {"validation": 0}})
    with pytest.raises(DataError, match=r"^X\[2\]: the text ' \\t' holds no words; give at least one"):
        prepare(source, of_kind)
    source.skip_bad_rows = True
    prepared = prepare(source, of_kind)
    assert len(prepared.train) == 4
    assert prepared.train.targets.tolist() == [0, 1, 1, 0]
    assert any("skipped 2 bad rows, the first: X[2]: the text" in note for note in prepared.notes)


def test_a_target_that_fits_no_task_is_named_by_its_row(tmp_path: Path) -> None:
    table = tmp_path / "train.csv"
    table.write_text("sequence,target\n1 2,0.5\n\n3 4,0.7\n5 6,much\n")
    with pytest.raises(DataError, match=r"train\.csv, row 3, column 'target': .*'much'"):
        prepare(open_source(table), Settings.parse({"task": "regress", "training": {"validation": 0}}))


def test_records_to_validate_on_are_apart_from_those_to_train_on() -> None:
    settings = Settings.parse({"task": "classify", "training": {"validation": 0.5}})
    given = MemorySource([np.full((3, 1), value) for value in (1.0, 3.0)], ["low", "high"])
    judged = MemorySource([np.full((2, 1), 9.0)], ["high"], name="V")
    with closing(prepare(given, settings, held_out=judged)) as prepared:
        assert len(prepared.train) == 2
        assert prepared.encoder.mean == (2.0,)
        assert prepared.validation is not None
        (sequence,) = prepared.validation.store.sequences()
        np.testing.assert_allclose(sequence, [[7.0], [7.0]])
        assert prepared.validation.targets.tolist() == [prepared.task.encode("high")]
        assert prepared.notes[-1] == "1 sequences in memory, to validate on"
    strange = MemorySource([np.ones((2, 1))], ["middle"], name="V")
    with pytest.raises(DataError, match=r"^V\[0\].*'middle'"):
        prepare(given, settings, held_out=strange)
