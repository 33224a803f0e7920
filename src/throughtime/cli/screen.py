"""What people see: results on standard output, everything said meanwhile on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

WIDTH_OF_FILES = 110

METRIC_NAMES = {
    "macro_f1": "macro F1",
    "r2": "R2",
    "rmse": "RMSE",
    "mae": "MAE",
    "mase": "MASE",
    "bits_per_character": "bits per character",
}
"""What metrics are called whose names are no words."""


def console(*, error: bool = False) -> Console:
    """Return a console on standard output, or on standard error, as that is at this moment.

    What goes into a file or a pipe may be as wide as a line of source, however small the screen.
    """
    file = sys.stderr if error else sys.stdout
    width = None if file.isatty() else WIDTH_OF_FILES
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def say(text: str) -> None:
    """Say a line on standard error; wrapped on a terminal only, so that others find it in one piece."""
    screen = console(error=True)
    screen.print(text, soft_wrap=not screen.is_terminal)


def show(*parts: object) -> None:
    """Print results on standard output."""
    screen = console()
    for part in parts:
        if isinstance(part, str):
            screen.print(part, soft_wrap=not screen.is_terminal)
        else:
            screen.print(part)


def score(value: int | float | None) -> str:
    """Return a score with four digits."""
    return "" if value is None else f"{value:.4f}" if abs(value) < 1000 else f"{value:.5g}"


def metric_name(name: str) -> str:
    """Return a metric's name for people."""
    return METRIC_NAMES.get(name, name)


def scores_in_words(scores: Mapping[str, int | float]) -> str:
    """Return scores in a line, such as `accuracy 0.9730, macro F1 0.9712`."""
    return ", ".join(f"{metric_name(name)} {score(value)}" for name, value in scores.items())


def plain_table(*headings: str) -> Table:
    """Return an empty table whose first column is text and whose other columns are numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position else "left", no_wrap=bool(position))
    return table
