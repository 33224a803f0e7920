"""A confusion matrix that fits on a screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

from throughtime.cli.screen import console

LONGEST_NAME = 24
GAP = 2
OTHERS = "others"


def confusion_table(
    labels: Sequence[str], confusion: np.ndarray, width: int | None = None
) -> list[str | Table]:
    """Return a heading and a table: a row for each right class, a column for each answer.

    Names that make it too wide give way to numbers above the columns. Classes beyond those that fit even then
    are put together; the ones with the most mistakes stay by themselves.

    Arguments:
        width: characters in a line; those of the screen when left out.
    """
    width = width or console().width
    heading = "right class (rows), answer (columns)"
    names = [_short(name) for name in labels]
    if _needed(names, names, confusion) <= width:
        return [heading, _table(names, names, confusion)]
    numbers = [str(number) for number in range(1, len(names) + 1)]
    names = [f"{number} {name}" for number, name in zip(numbers, names, strict=True)]
    if _needed(names, numbers, confusion) > width:
        kept = _most_mistaken(confusion, _count_that_fits(names, confusion, width) - 1)
        heading += f"; the {len(kept)} of {len(names)} classes with the most mistakes"
        confusion = _with_others(confusion, kept)
        names = [*(names[number] for number in kept), OTHERS]
        numbers = [*(numbers[number] for number in kept), OTHERS]
    return [heading, _table(names, numbers, confusion)]


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _needed(names: Sequence[str], columns: Sequence[str], confusion: np.ndarray) -> int:
    counts = [str(column.max()) for column in confusion.T]
    widths = (max(len(name), len(count)) + GAP for name, count in zip(columns, counts, strict=True))
    return max(map(len, names)) + sum(widths)


def _count_that_fits(names: Sequence[str], confusion: np.ndarray, width: int) -> int:
    cell = max(len(OTHERS), len(str(confusion.sum()))) + GAP
    return max(2, (width - max(map(len, names))) // cell)


def _most_mistaken(confusion: np.ndarray, count: int) -> list[int]:
    mistakes = confusion.sum(0) + confusion.sum(1) - 2 * confusion.diagonal()
    return sorted(np.argsort(-mistakes, kind="stable")[:count].tolist())


def _with_others(confusion: np.ndarray, kept: list[int]) -> np.ndarray:
    group = np.full(len(confusion), len(kept))
    group[kept] = np.arange(len(kept))
    folded = np.zeros((len(kept) + 1, len(kept) + 1), confusion.dtype)
    np.add.at(folded, (group[:, None], group[None, :]), confusion)
    return folded


def _table(names: Sequence[str], columns: Sequence[str], confusion: np.ndarray) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    table.add_column("", justify="left", no_wrap=True)
    for column in columns:
        table.add_column(Text(column), justify="right", no_wrap=True)
    for number, (name, row) in enumerate(zip(names, confusion, strict=True)):
        table.add_row(Text(name), *(_cell(int(count), number == other) for other, count in enumerate(row)))
    return table


def _cell(count: int, is_right: bool) -> Text:
    return Text(str(count) if count else "·", style="bold green" if is_right else "red" if count else "dim")
