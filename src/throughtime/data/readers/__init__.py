"""Sequences from files: one reader a format, chosen by the suffix.

The libraries behind a format are imported when a file of it is opened.
"""

from __future__ import annotations

import os
from pathlib import Path

from throughtime.core.errors import DataError, OptionError, Place, nearest
from throughtime.data.kinds import BIOSIGNAL_SUFFIX, SOUND_SUFFIXES
from throughtime.data.readers.annotated import AnnotationKind
from throughtime.data.readers.files import existing
from throughtime.data.readers.gene_entries import FORMATS, gene_format
from throughtime.data.readers.music_files import SUFFIXES as MUSIC
from throughtime.data.readers.music_files import MusicFiles, is_music
from throughtime.data.readers.table import TableSource
from throughtime.data.readers.tables import TABLES, open_table
from throughtime.data.records import Source
from throughtime.data.signals import Hertz

STANDARD_INPUT = "-"

COLUMN_FILES = (".conll", ".iob", ".bio")
SUFFIXES = (
    *TABLES,
    *COLUMN_FILES,
    ".ts",
    ".npz",
    ".txt",
    *MUSIC,
    *FORMATS,
    *SOUND_SUFFIXES,
    BIOSIGNAL_SUFFIX,
)


def open_source(
    path: str | os.PathLike[str],
    *,
    sequence: str | None = None,
    target: str | None = None,
    group: str | None = None,
    needs_target: bool = True,
    rows_are_steps: bool = False,
    skip_bad_rows: bool = False,
    annotations: AnnotationKind = "beats",
    annotator: str = "atr",
    segment_s: int | float | None = None,
    sample_rate: Hertz | None = None,
) -> Source:
    """Open a file of sequences, by its suffix.

    - `path`: `.csv`, `.tsv`, `.parquet`, `.jsonl` or `.ndjson`, `.conll`, `.ts`, `.npz`; of genes `.fasta`,
      `.fastq`, `.gb` and the like, or a folder of them, one file a class; of biosignals the header `.hea`
      of an annotated record, or a folder of them; a folder with one folder of `.txt` files, recordings or
      records of biosignals a class; or `-` for standard input, one record a line. Without targets also a
      `.txt` file, a recording, a file of music (MIDI, MusicXML), or a folder of them, one record a file.
    - `sequence`: the column of the sequence; several joined by commas are a wide table of numbers, one
      column a time step. Of recordings and biosignals, the column of the paths of their files. Default:
      `sequence`, `text`, `sentence`, `x`, `X`, `path`, `audio`, `file` or `record`, or the only column beside
      the target.
    - `target`: the column of the label or number. Default: `label`, `class`, `target` or `y`, or the only
      column beside the sequence.
    - `group`: the column of ids of a long table: consecutive rows with one id are the time steps of one
      sequence, the `sequence` columns are its features.
    - `needs_target`: False reads no targets, and asks for none (default True).
    - `rows_are_steps`: whether each row of a table is a time step, with or without ids (default False: only
      with them).
    - `skip_bad_rows`: pass over rows that cannot be used, and count them in `Source.skipped` (default False).
    - `annotations`, `annotator`, `segment_s`, `sample_rate`: of biosignals with annotations, see
      `WfdbRecords`.

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
            open_table(file, skip_bad_rows=skip_bad_rows),
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
    if suffix in SOUND_SUFFIXES and not file.is_dir():
        from throughtime.data.readers.audio import AudioFile

        refuse(tuple(given), "a recording, which has no columns")
        return AudioFile(file, needs_target=needs_target, skip_bad_rows=skip_bad_rows)
    if any(entry.suffix.lower() == BIOSIGNAL_SUFFIX for entry in (file, *_inside(file))):
        from throughtime.data.readers.wfdb_records import WfdbRecords

        refuse(tuple(given), "of annotated records, which have no columns")
        return WfdbRecords(
            file,
            annotations=annotations,
            annotator=annotator,
            segment_s=segment_s,
            sample_rate=sample_rate,
            needs_target=needs_target,
            skip_bad_rows=skip_bad_rows,
        )
    if gene_format(file) is not None or any(map(gene_format, _inside(file))):
        from throughtime.data.readers.genes import GeneFiles

        refuse(("--sequence", "--group"), "of genes, which has no columns")
        return GeneFiles(file, target=target, needs_target=needs_target, skip_bad_rows=skip_bad_rows)
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


def _inside(folder: Path) -> list[Path]:
    """Return what is directly in a folder; nothing of a file, or of a folder that whoever reads it will find
    that it cannot read."""
    try:
        return [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return []


def _unknown_suffix(file: Path, suffix: str) -> DataError:
    what = (
        f"the suffix {suffix!r} is not one of a known format{nearest(suffix, SUFFIXES)}"
        if suffix
        else "no suffix"
    )
    return DataError(
        f"{what}; give a file that ends in {', '.join(SUFFIXES)}, a folder with one folder of .txt files "
        f"(or recordings) a class, or - for standard input",
        Place(str(file)),
    )


__all__ = ["Source", "open_source"]
