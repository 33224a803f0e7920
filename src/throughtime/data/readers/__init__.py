"""Sequences from files: one reader a format, chosen by the suffix.

The libraries behind a format are imported when a file of it is opened.
"""

from __future__ import annotations

import os
from pathlib import Path

from throughtime.core.errors import DataError, OptionError, Place, nearest
from throughtime.data.readers.files import existing
from throughtime.data.readers.music_files import SUFFIXES as MUSIC
from throughtime.data.readers.music_files import MusicFiles, is_music
from throughtime.data.readers.table import Table, TableSource
from throughtime.data.records import Source

STANDARD_INPUT = "-"

TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
COLUMN_FILES = (".conll", ".iob", ".bio")
SUFFIXES = (*TABLES, *COLUMN_FILES, ".ts", ".npz", ".txt", *MUSIC)


def open_source(
    path: str | os.PathLike[str],
    *,
    sequence: str | None = None,
    target: str | None = None,
    group: str | None = None,
    needs_target: bool = True,
    rows_are_steps: bool = False,
    skip_bad_rows: bool = False,
) -> Source:
    """Open a file of sequences, by its suffix.

    - `path`: `.csv`, `.tsv`, `.parquet`, `.jsonl` or `.ndjson`, `.conll`, `.ts`, `.npz`, a folder with one
      folder of `.txt` files a class, or `-` for standard input, one record a line. Without targets also a
      `.txt` file, a file of music (MIDI, MusicXML), or a folder of them, one record a file.
    - `sequence`: the column of the sequence; several joined by commas are a wide table of numbers, one
      column a time step. Default: `sequence`, `text`, `sentence`, `x` or `X`, or the only column
      beside the target.
    - `target`: the column of the label or number. Default: `label`, `class`, `target` or `y`, or the only
      column beside the sequence.
    - `group`: the column of ids of a long table: consecutive rows with one id are the time steps of one
      sequence, the `sequence` columns are its features.
    - `needs_target`: False reads no targets, and asks for none (default True).
    - `rows_are_steps`: whether each row of a table is a time step, with or without ids (default False: only
      with them).
    - `skip_bad_rows`: pass over rows that cannot be used, and count them in `Source.skipped` (default False).

    **Raises** `DataError` for a file that is missing, empty, of an unknown kind, or without the columns;
    `OptionError` for options that the format does not have.

    **Cost** Nothing is held: each iteration of the source reads the file from its start.
    """
    name = os.fspath(path)
    given = {"--sequence": sequence, "--target": target, "--group": group}

    def refuse(options: tuple[str, ...], kind: str) -> None:
        for option in options:
            if given[option] is not None:
                raise OptionError(f"{option} is {given[option]!r}, but {name} is {kind}; leave {option} out")

    if name == STANDARD_INPUT:
        from throughtime.data.readers.standard_input import StandardInput

        refuse(("--group",), "standard input, where each line is a whole record")
        return StandardInput(
            sequence=sequence, target=target, needs_target=needs_target, skip_bad_rows=skip_bad_rows
        )
    file = existing(Path(name))
    suffix = file.suffix.lower()
    if suffix in TABLES:
        return TableSource(
            _table(file, suffix, skip_bad_rows),
            sequence=sequence,
            target=target,
            group=group,
            needs_target=needs_target,
            rows_are_steps=rows_are_steps,
            skip_bad_rows=skip_bad_rows,
        )
    if suffix in COLUMN_FILES:
        from throughtime.data.readers.conll import ColumnFile

        refuse(("--group",), "a CoNLL file, in which a sentence ends with a blank line")
        return ColumnFile(
            file, sequence=sequence, target=target, needs_target=needs_target, skip_bad_rows=skip_bad_rows
        )
    if suffix == ".ts":
        from throughtime.data.readers.ts import TimeSeriesFile

        refuse(tuple(given), "a .ts file, which has no named columns")
        return TimeSeriesFile(file, needs_target=needs_target, skip_bad_rows=skip_bad_rows)
    if suffix == ".npz":
        from throughtime.data.readers.npz import NumpyArchive

        refuse(tuple(given), "a NumPy archive, which holds the arrays X, y and lengths")
        return NumpyArchive(file, needs_target=needs_target, skip_bad_rows=skip_bad_rows)
    if suffix == ".txt" and not file.is_dir():
        from throughtime.data.readers.text_file import TextFile

        refuse(tuple(given), "a text, which has no columns")
        return TextFile(file, needs_target=needs_target, skip_bad_rows=skip_bad_rows)
    if suffix in MUSIC and not file.is_dir() and needs_target:
        raise DataError(
            "is a piece of music without labels, which can be learned to be gone on with (throughtime fit "
            "generate), and for other tasks needs them; give a table with a column of notes and one "
            "of labels",
            Place(name),
        )
    if not needs_target and is_music(file):
        refuse(tuple(given), "music, which has no columns")
        return MusicFiles(file, skip_bad_rows=skip_bad_rows)
    if file.is_dir():
        from throughtime.data.readers.class_folder import ClassFolder

        refuse(tuple(given), "a folder of class folders, which has no columns")
        return ClassFolder(file, needs_target=needs_target, skip_bad_rows=skip_bad_rows)
    raise _unknown_suffix(file, suffix)


def _table(file: Path, suffix: str, skip_bad_rows: bool) -> Table:
    if suffix == ".parquet":
        from throughtime.data.readers.parquet import ParquetTable

        return ParquetTable(file)
    if suffix in (".jsonl", ".ndjson"):
        from throughtime.data.readers.json_lines import JsonLinesTable

        return JsonLinesTable(file, skip_bad_rows=skip_bad_rows)
    from throughtime.data.readers.delimited import DelimitedTable

    return DelimitedTable(file, tabs=suffix == ".tsv")


def _unknown_suffix(file: Path, suffix: str) -> DataError:
    what = (
        f"the suffix {suffix!r} is not one of a known format{nearest(suffix, SUFFIXES)}"
        if suffix
        else "no suffix"
    )
    return DataError(
        f"{what}; give a file that ends in {', '.join(SUFFIXES)}, a folder with one folder of .txt files a "
        f"class, or - for standard input",
        Place(str(file)),
    )


__all__ = ["Source", "open_source"]
