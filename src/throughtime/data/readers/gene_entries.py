"""FASTA, FASTQ and GenBank files, plain or compressed with gzip, entry by entry."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

from throughtime.core.errors import DataError, Place, UsageError
from throughtime.core.extras import extra
from throughtime.data.readers.files import regular, unreadable
from throughtime.data.residues import Residues

EXTRA = "genes"

FORMATS = {
    **dict.fromkeys((".fasta", ".fa", ".fna", ".ffn", ".faa", ".fas"), "FASTA"),
    **dict.fromkeys((".fastq", ".fq"), "FASTQ"),
    **dict.fromkeys((".gb", ".gbk", ".genbank"), "GenBank"),
}
"""The format of a file by its suffix, in front of `.gz` if it is compressed."""

BEGINS = {"FASTA": ">", "FASTQ": "@"}


class Entry(NamedTuple):
    """One sequence of a file: its name, what is said about it, its letters, and what is said by name."""

    identity: str
    description: str
    letters: Residues
    fields: Mapping[str, Any]


def gene_format(path: Path) -> str | None:
    """Return the format of a file by its name; None if it is of no such format."""
    return FORMATS.get(Path(_uncompressed(path)).suffix.lower())


def stem(path: Path) -> str:
    """Return the name of a file of genes without its suffixes."""
    return Path(_uncompressed(path)).stem


def entries(path: Path) -> Iterator[Entry | DataError]:
    """Yield the sequences of a file; where it is damaged, an error that names the entry ends them.

    **Raises** `DataError` for a file that is empty or of another format; `MissingExtraError` without the
    extra `genes`.

    **Cost** One sequence is held at a time.
    """
    kind = gene_format(regular(path))
    assert kind is not None
    read = _genbank if kind == "GenBank" else _titled(kind)
    number = 0
    try:
        _check_beginning(path, kind)
        with _opened(path) as file:
            for entry in read(file):
                number += 1
                yield entry
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        if isinstance(error, UsageError):  # it says what to do already
            raise
        reason = str(error).split("\n")[0].rstrip(".")
        yield DataError(
            f"damaged, or cut short, as {kind} ({reason}); copy the file anew", Place(str(path), number + 1)
        )
    except OSError as error:
        yield unreadable(path, error)


def _titled(kind: str):  # type: ignore[no-untyped-def]
    def read(file: TextIOWrapper) -> Iterator[Entry]:
        if kind == "FASTA":
            pairs = extra("Bio.SeqIO.FastaIO", EXTRA).SimpleFastaParser(file)
        else:
            library = extra("Bio.SeqIO.QualityIO", EXTRA)
            pairs = ((title, letters) for title, letters, _ in library.FastqGeneralIterator(file))
        for title, letters in pairs:
            identity, _, description = title.partition(" ")
            yield Entry(identity, description.strip(), Residues(letters), {})

    return read


def _genbank(file: TextIOWrapper) -> Iterator[Entry]:
    for record in extra("Bio.SeqIO", EXTRA).parse(file, "genbank"):
        yield Entry(record.id, record.description, Residues(record.seq), record.annotations)


def _check_beginning(path: Path, kind: str) -> None:
    if kind not in BEGINS:
        return
    with _opened(path) as file:
        first = next((line for line in file if line.strip()), "")
    if not first.startswith(BEGINS[kind]):
        raise DataError(
            f"begins with {first.strip()[:20]!r}, and a {kind} file begins with {BEGINS[kind]!r} and the "
            "name of a sequence; correct it, or give a file of that format",
            Place(str(path)),
        )


def _opened(path: Path) -> TextIOWrapper:
    if path.suffix.lower() == ".gz":
        return TextIOWrapper(gzip.open(path), encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _uncompressed(path: Path) -> str:
    name = path.name
    return name[: -len(".gz")] if name.lower().endswith(".gz") else name
