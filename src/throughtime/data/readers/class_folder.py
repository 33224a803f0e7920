"""A folder of class folders: each text file is one record, its folder's name is the label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.files import BYTE_ORDER_MARK, unreadable
from throughtime.data.records import Record, Source, decoded, make_record

SUFFIX = ".txt"


class ClassFolder(Source):
    """The `.txt` files of a folder's class folders, class by class, in the order of their names.

    Hidden files and folders are passed over. Without a target, `.txt` files directly in the folder are read
    when it has no class folders.
    """

    def __init__(self, path: Path, *, needs_target: bool = True, skip_bad_rows: bool = False):
        self.path = path
        self.needs_target = needs_target
        self.class_names = [entry.name for entry in _entries(path) if entry.is_dir()]
        loose = len(_texts(path))
        place = Place(str(path))
        if self.class_names and loose:
            raise DataError(
                f"holds {loose} {SUFFIX} file{'s' * (loose != 1)} beside its class folders; move each into "
                f"the folder of its class",
                place,
            )
        if not self.class_names and (needs_target or not loose):
            raise DataError(
                f"holds no class folders; expected one folder a class, named as the label, with one {SUFFIX} "
                f"file a record",
                place,
            )
        for name in self.class_names:
            if not _texts(path / name):
                raise DataError(
                    f"the class folder holds no {SUFFIX} files; put them directly into it, or remove it",
                    Place(str(path / name)),
                )
        kind = f"class folders ({', '.join(self.class_names[:10])}{', ...' * (len(self.class_names) > 10)})"
        super().__init__(
            str(path),
            f"{path}: text files in {kind if self.class_names else 'one folder'}",
            skip_bad_rows=skip_bad_rows,
        )

    def rows(self) -> Iterator[Record | DataError]:
        folders: list[tuple[Path, str | None]] = [(self.path / name, name) for name in self.class_names]
        for folder, label in folders or [(self.path, None)]:
            for file in _texts(folder):
                place = Place(str(file))
                try:
                    raw = file.read_bytes().removeprefix(BYTE_ORDER_MARK)
                    # An editor ends the last line too; that line end is no part of the text.
                    text = decoded(raw.removesuffix(b"\n").removesuffix(b"\r"), place)
                except OSError as error:
                    yield unreadable(file, error)
                except DataError as error:
                    yield error
                else:
                    yield make_record(text, label, place, needs_target=self.needs_target)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise unreadable(folder, error) from None


def _texts(folder: Path) -> list[Path]:
    return [entry for entry in _entries(folder) if entry.suffix.lower() == SUFFIX and entry.is_file()]
