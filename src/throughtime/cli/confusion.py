"""A confusion matrix that fits on a screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

from throughtime.cli.screen import console

LONGEST_NAME = 12
OTHERS = "others"


def confusion_table(
    labels: Sequence[str], confusion: np.ndarray, width: int | None = None
) -> list[str | Table]:
    """Return a heading and a table: a row for each right class, a column for each answer.

    Classes beyond those that fit are put together: the ones with the most mistakes stay by themselves.

    Arguments:
        width: characters in a line; those of the screen when left out.
    """
    names = [_short(name) for name in labels]
    fitting = _columns_that_fit(names, confusion, width or console().width)
    heading = "right class (rows), answer (columns)"
    if len(names) > fitting:
        kept = _most_mistaken(confusion, fitting - 1)
        heading += f"; the {len(kept)} of {len(names)} classes with the most mistakes"
        confusion = _with_others(confusion, kept)
        names = [*(names[number] for number in kept), OTHERS]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", justify="left", no_wrap=True)
    for name in names:
        table.add_column(Text(name), justify="right", no_wrap=True)
    for number, (name, row) in enumerate(zip(names, confusion, strict=True)):
        table.add_row(Text(name), *(_cell(int(count), number == column) for column, count in enumerate(row)))
    return [heading, table]


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _columns_that_fit(names: Sequence[str], confusion: np.ndarray, width: int) -> int:
    widest = max(*(len(name) for name in names), len(OTHERS))
    widths = [
        max(len(name), len(str(column.max()))) + 2 for name, column in zip(names, confusion.T, strict=True)
    ]
    if widest + 2 + sum(widths) <= width:
        return len(names)
    return max(2, (width - widest - 2) // max(*widths, len(OTHERS) + 2))


def _most_mistaken(confusion: np.ndarray, count: int) -> list[int]:
    mistakes = confusion.sum(0) + confusion.sum(1) - 2 * confusion.diagonal()
    return sorted(np.argsort(-mistakes, kind="stable")[:count].tolist())


def _with_others(confusion: np.ndarray, kept: list[int]) -> np.ndarray:
    group = np.full(len(confusion), len(kept))
    group[kept] = np.arange(len(kept))
    folded = np.zeros((len(kept) + 1, len(kept) + 1), confusion.dtype)
    np.add.at(folded, (group[:, None], group[None, :]), confusion)
    return folded


def _cell(count: int, is_right: bool) -> Text:
    return Text(str(count) if count else "·", style="bold green" if is_right else "red" if count else "dim")
