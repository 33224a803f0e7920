"""A series as two files in the order of time: what is learned from, and what comes after it."""

import csv
from collections.abc import Sequence
from pathlib import Path

HISTORY = 100
"""Steps of the training part that the test part begins with, so that there is something to go on from."""


def write_parts(
    header: Sequence[str], rows: Sequence[Sequence[str]], folder: Path, *, train_size: int
) -> None:
    """Write the first rows to `train.csv`, and the rest, with the `HISTORY` rows before it, to `test.csv`."""
    for file, part in (("train.csv", rows[:train_size]), ("test.csv", rows[train_size - HISTORY :])):
        with open(folder / file, "w", newline="", encoding="utf-8") as table:
            writer = csv.writer(table)
            writer.writerow(header)
            writer.writerows(part)
