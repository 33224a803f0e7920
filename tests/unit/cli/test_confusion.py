"""A confusion matrix on screens of any width."""

import io

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from throughtime.cli.confusion import confusion_table


def shown(labels: list[str], confusion: np.ndarray, width: int) -> list[str]:
    heading, table = confusion_table(labels, confusion, width)
    assert isinstance(heading, str)
    assert isinstance(table, Table)
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in text.replace("x…", "")
    return [heading, *(line.rstrip() for line in text.splitlines())]


def test_rows_are_right_classes() -> None:
    lines = shown(["ant", "bee"], np.array([[5, 2], [0, 7]]), 80)
    assert lines == [
        "right class (rows), answer (columns)",
        "     ant  bee",
        "ant    5    2",
        "bee    ·    7",
    ]


def test_long_names_give_way_to_numbers() -> None:
    labels = ["a rather long name", "another long name", "x" * 60]
    lines = shown(labels, np.diag([3, 4, 5]), 50)
    assert lines[1].split() == ["1", "2", "3"]
    assert lines[2] == "1 a rather long name        3  ·  ·"
    assert lines[4] == f"3 {'x' * 23}…  ·  ·  5"


@pytest.mark.parametrize("width", [30, 60, 80])
def test_many_classes_are_put_together(width: int) -> None:
    rng = np.random.default_rng(3)
    confusion = rng.integers(0, 4, (50, 50))
    confusion[17, 31] = 500
    lines = shown([f"class {number}" for number in range(50)], confusion, width)
    assert "of 50 classes with the most mistakes" in lines[0]
    assert all(len(line) <= width for line in lines[1:])
    assert any(line.startswith(("18 class 17", "32 class 31")) for line in lines)
    assert lines[-1].startswith("others")
    counts = [int(cell) for line in lines[2:] for cell in line.split() if cell.isdigit()]
    names = sum(int(line.split()[0]) + int(line.split()[2]) for line in lines[2:-1])
    assert sum(counts) - names == confusion.sum()
