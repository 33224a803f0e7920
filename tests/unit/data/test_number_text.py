"""Numbers read in bulk are what Python reads one by one, and what is wrong is still named by its place."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from throughtime.core.errors import DataError, Place
from throughtime.data import number_text
from throughtime.data.forms import NumberForm
from throughtime.data.number_text import FEW_CHARACTERS, numbers_ahead, numbers_in, numbers_in_all
from throughtime.data.readers import open_source
from throughtime.data.records import Record
from throughtime.training.preparation import usable

LONG = 1000
"""Numbers of 17 digits that surely take more characters than are read one by one."""


@pytest.fixture
def always_in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_text, "FEW_CHARACTERS", 0)


def drawn(count: int, seed: int = 0) -> list[float]:
    return np.random.default_rng(seed).normal(size=count).tolist()


@pytest.mark.parametrize("separator", [" ", ",", ", ", "\t", "  ", " ,\t", "\n"])
def test_long_texts_are_read_in_bulk_bit_for_bit(separator: str) -> None:
    texts = [separator.join(map(repr, drawn(LONG, seed))) for seed in range(3)]
    read = numbers_in_all([*texts, "1 2 3"])
    for seed, numbers in enumerate(read[:3]):
        assert numbers is not None
        assert numbers.dtype == np.float64
        assert numbers.tobytes() == np.array(drawn(LONG, seed)).tobytes()


@pytest.mark.usefixtures("always_in_bulk")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from([" ", ","]))
def test_any_number_is_read_bit_for_bit(values: list[float], separator: str) -> None:
    numbers = numbers_in_all([separator.join(map(repr, values))])[0]
    assert numbers is not None
    assert numbers.tobytes() == struct.pack(f"{len(values)}d", *values)


ODD = (
    "1.", ".5", "+1", "-0", "1e5", "1E+5", "1e-400", "00012", "nan", "inf", "-inf", "Infinity", "nan(ab)",
    "0x10", "1e400", "1_0", "-", "1d5", "null", "", "1e", "true", "--1", "1.5f", "١٢", "1\u00a02", "1\x1c2",
    "1,,2", ",1", "1,", "1 2,3", " 1 , 2 ", "[1, 2]", "1;2", "\x001", "1\x0b2", "a b",
)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_in_bulk_and_one_by_one_agree(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def outcome(few: int) -> object:
        monkeypatch.setattr(number_text, "FEW_CHARACTERS", few)
        try:
            return numbers_in(text).tobytes()
        except ValueError:
            return "refused"

    assert outcome(0) == outcome(1 << 30)


@pytest.mark.usefixtures("always_in_bulk")
@pytest.mark.parametrize("bad", ["1 x 3", "1 nan 3", "", "1_0 2", "nan(ab)", "١٢"])
def test_a_bad_text_does_not_take_the_others_with_it(bad: str) -> None:
    texts = [f"{number} 0.5" for number in range(9)]
    read = numbers_in_all([*texts[:4], bad, *texts[4:]])
    assert read.pop(4) is None
    assert [numbers.tolist() for numbers in read if numbers is not None] == [[n, 0.5] for n in range(9)]


def test_few_characters_are_left_to_python() -> None:
    assert numbers_in_all(["1 2", "3 4"]) == [None, None]
    assert numbers_in_all(["1 2" + " " * FEW_CHARACTERS])[0] is None
    np.testing.assert_array_equal(numbers_in("1 2"), [1, 2])


def record(row: int, sequence: object) -> Record:
    return Record(sequence, "x", Place("a.csv", row), None)  # type: ignore[arg-type]


@pytest.mark.usefixtures("always_in_bulk")
@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_rows_keep_their_order_and_errors_their_turn(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_text, "_RECORDS_AT_ONCE", at_once)
    yielded, raised = DataError("is bad", Place("a.csv", 3)), DataError("cannot go on", Place("a.csv", 6))
    given = [record(1, "1 2"), record(2, [3, 4]), yielded, record(4, "x y"), record(5, "5,6")]

    def rows() -> Iterator[Record | DataError]:
        yield from given
        raise raised

    seen: list[Record | DataError] = []
    with pytest.raises(DataError, match="cannot go on"):
        seen.extend(numbers_ahead(rows()))
    assert seen[2] is yielded
    assert seen[1] is given[1]
    assert seen[3] is given[3]
    read = [row.sequence for row in seen if isinstance(row, Record)]
    np.testing.assert_array_equal(read[0], [1, 2])
    np.testing.assert_array_equal(read[3], [5, 6])


def long_table(path: Path, *, bad: dict[int, tuple[int, str]]) -> Path:
    """Write 600 rows of long sequences; `bad` tells which time step of which row is something else."""
    rows = []
    for row in range(1, 601):
        numbers = list(map(repr, drawn(LONG, row % 5)))
        if row in bad:
            step, instead = bad[row]
            numbers[step - 1] = instead
        rows.append(f"{' '.join(numbers)},{'ab'[row % 2]}\n")
    path.write_text("sequence,label\n" + "".join(rows))
    return path


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ("abc", "is 'abc' where a number was expected"),
        ("nan", "is nan where a finite number was expected"),
        ("nan(ab)", r"is 'nan\(ab\)' where a number was expected"),
        ("1e39", r"is 1e\+39 where a finite number was expected, at most 3\.4e38"),
        ("1_0", "is '1_0' where a number was expected"),
    ],
)
def test_a_bad_number_among_thousands_is_named(tmp_path: Path, instead: str, said: str) -> None:
    table = long_table(tmp_path / "long.csv", bad={300: (777, instead), 301: (1, "later")})
    records = usable(open_source(table), NumberForm(1))
    for _ in range(299):
        next(records)
    with pytest.raises(DataError, match=rf"long\.csv, row 300, column 'sequence': time step 777 {said}"):
        next(records)


def test_bad_rows_among_rows_read_in_bulk_are_skipped_in_order(tmp_path: Path) -> None:
    table = long_table(tmp_path / "long.csv", bad={7: (2, "x"), 8: (3, ","), 555: (4, "inf")})
    source = open_source(table, skip_bad_rows=True)
    rows = [record.place.row for record in usable(source, NumberForm(1))]
    assert rows == [row for row in range(1, 601) if row not in (7, 8, 555)]
    assert source.skipped.count == 3
    assert [message.split(":")[0].split(", ")[1] for message in source.skipped.messages] == [
        "row 7",
        "row 8",
        "row 555",
    ]
