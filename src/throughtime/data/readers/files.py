"""Opening files: what must hold before a format is read at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.core.errors import DataError, Place, nearest

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WIDE_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def existing(path: Path) -> Path:
    """`path` if something is there; otherwise a `DataError` that suggests the nearest name beside it."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(_missing(path), Place(str(path))) from None
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError as error:
        raise DataError(f"is no file name ({error})", Place(repr(str(path)))) from None
    return path


def regular(path: Path) -> Path:
    """`path` if it is a file that can be opened and has at least one byte."""
    if path.is_dir():
        raise DataError(
            "is a folder with the name of a file; give a file, or a folder of class folders without a suffix",
            Place(str(path)),
        )
    try:
        with path.open("rb") as file:
            start = file.read(3)
    except OSError as error:
        raise unreadable(path, error) from None
    if not start or (start == BYTE_ORDER_MARK and path.stat().st_size == len(BYTE_ORDER_MARK)):
        raise DataError("the file is empty; give one with at least one record", Place(str(path)))
    return path


def utf8(path: Path) -> Path:
    """`path` if it does not begin with the mark of UTF-16, which some spreadsheets write."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in WIDE_BYTE_ORDER_MARKS:
        raise DataError(
            "is UTF-16, expected UTF-8; save it as UTF-8 (for example: iconv -f utf-16 -t utf-8 OLD > NEW)",
            Place(str(path)),
        )
    return path


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a text file, without their ends (LF or CRLF) and without a byte order mark."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file):
                yield (line.removeprefix(BYTE_ORDER_MARK) if number == 0 else line).rstrip(b"\r\n")
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> DataError:
    """The system's reason for refusing a file, as a `DataError`."""
    return DataError(f"cannot be read: {error.strerror or error}", Place(str(path)))


def _missing(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no such file, nor a folder {str(folder)!r}; check the path"
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        names = []
    return f"there is no such file{nearest(path.name, names)}; check the path"
