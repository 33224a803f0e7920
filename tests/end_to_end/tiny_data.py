"""Data that a network of four units learns something of, in each format that can be read."""

import csv
import json
from pathlib import Path

import numpy as np

TINY = (
    "--hidden-size", "4", "--embedding-size", "3", "--epochs", "1", "--batch-size", "8", "--quiet",
)  # fmt: skip
"""Options that make training a matter of a second."""

COUNT = 24
LABELS = ("good", "bad", "fair")


def texts(count: int = COUNT) -> list[tuple[str, str]]:
    """Return sentences that tell their label, and the labels."""
    rng = np.random.default_rng(7)
    fillers = ("so", "a", "film", "it", "was")
    rows = []
    for number in range(count):
        label = LABELS[number % len(LABELS)]
        words = list(rng.choice(fillers, size=int(rng.integers(3, 5))))
        rows.append((" ".join([*words, label, label]), label))
    return rows


def series(count: int = COUNT, features: int = 2) -> list[tuple[np.ndarray, str, float]]:
    """Return sequences of numbers `[time, feature]`, a label, and their mean."""
    rng = np.random.default_rng(8)
    rows = []
    for number in range(count):
        sign = 1 if number % 2 else -1
        values = rng.normal(sign, 0.3, (int(rng.integers(5, 7)), features)).round(3)
        rows.append((values, "up" if sign > 0 else "down", round(float(values.mean()), 4)))
    return rows


def classes_csv(path: Path, count: int = COUNT) -> Path:
    """Write sentences with labels as CSV, or as TSV by the suffix."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writerows([("text", "label"), *texts(count)])
    return path


def classes_json(path: Path) -> Path:
    """Write sequences of numbers with labels as JSON Lines."""
    rows = [{"sequence": values.tolist(), "label": label} for values, label, _ in series()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def numbers_json(path: Path) -> Path:
    """Write sequences of numbers with their mean as JSON Lines."""
    rows = [{"sequence": values.tolist(), "target": mean} for values, _, mean in series()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def classes_parquet(path: Path) -> Path:
    """Write sentences with labels as Parquet."""
    import pyarrow
    import pyarrow.parquet

    sentences, labels = zip(*texts(), strict=True)
    pyarrow.parquet.write_table(pyarrow.table({"text": sentences, "label": labels}), path)
    return path


def classes_folder(path: Path) -> Path:
    """Write a folder of text files by class."""
    for number, (sentence, label) in enumerate(texts()):
        (path / label).mkdir(parents=True, exist_ok=True)
        (path / label / f"{number:03}.txt").write_text(sentence, encoding="utf-8")
    return path


def classes_ts(path: Path) -> Path:
    """Write sequences of numbers with labels as `.ts`."""
    header = "@problemName tiny\n@timeStamps false\n@univariate false\n@classLabel true up down\n@data\n"
    rows = (
        ":".join(",".join(map(str, feature)) for feature in values.T) + f":{label}\n"
        for values, label, _ in series()
    )
    path.write_text(header + "".join(rows), encoding="utf-8")
    return path


def classes_npz(path: Path) -> Path:
    """Write padded sequences of numbers with lengths and labels as NPZ."""
    rows = series()
    lengths = np.array([len(values) for values, _, _ in rows])
    padded = np.zeros((len(rows), int(lengths.max()), 2), np.float32)
    for number, (values, _, _) in enumerate(rows):
        padded[number, : len(values)] = values
    np.savez(path, X=padded, y=np.array([label for _, label, _ in rows]), lengths=lengths)
    return path


def wide_csv(path: Path) -> Path:
    """Write a table with one column a time step."""
    rng = np.random.default_rng(9)
    rows = [[*rng.normal(number % 2, 0.2, 5).round(3), f"c{number % 2}"] for number in range(COUNT)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("t1", "t2", "t3", "t4", "t5", "kind"), *rows])
    return path


def long_csv(path: Path) -> Path:
    """Write a table with one row a time step."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "x", "y", "label"))
        for number, (values, label, _) in enumerate(series()):
            writer.writerows((number, *step, label) for step in values)
    return path


def dna_csv(path: Path) -> Path:
    """Write strings of symbols."""
    rng = np.random.default_rng(10)
    rows = []
    for number in range(COUNT):
        letters = rng.choice(list("ACGT" if number % 2 else "AACT"), size=9)
        rows.append(("".join(letters), "n" if number % 2 else "ei"))
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("sequence", "label"), *rows])
    return path
