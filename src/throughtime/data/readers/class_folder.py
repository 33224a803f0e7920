"""A folder of class folders: each text, recording or record of biosignals is one record, its folder's name is
the label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.core.errors import DataError, Place
from throughtime.data.kinds import BIOSIGNAL_SUFFIX, SOUND_SUFFIXES
from throughtime.data.readers.files import BYTE_ORDER_MARK, unreadable
from throughtime.data.records import Record, Source, decoded, make_record

SUFFIXES = (".txt", *SOUND_SUFFIXES, BIOSIGNAL_SUFFIX)


class ClassFolder(Source):
    """The files of a folder's class folders, class by class, in the order of their names.

    A `.txt` file is its text; of sound (`.wav`, `.flac` and the like) and of headers of WFDB records (`.hea`)
    the record is the file's name, and the file is read when it is encoded. All files are of one such sort;
    others, and hidden ones, are passed over. Without a target, files directly in the folder are read when it
    has no class folders.
    """

    def __init__(self, path: Path, *, needs_target: bool = True, skip_bad_rows: bool = False):
        self.path = path
        self.needs_target = needs_target
        self.class_names = [entry.name for entry in _entries(path) if entry.is_dir()]
        folders = [path / name for name in self.class_names]
        self.suffixes = _suffixes(folders or [path], Place(str(path)))
        loose = len(_files(path, SUFFIXES))
        place = Place(str(path))
        if self.class_names and loose:
            raise DataError(
                f"holds {loose} {self.suffixes[0]} file{'s' * (loose != 1)} beside its class folders; move "
                f"each into the folder of its class",
                place,
            )
        if not self.class_names and (needs_target or not loose):
            raise DataError(
                "holds no class folders; expected one folder a class, named as the label, with one "
                f"{self.suffixes[0]} file a record",
                place,
            )
        for name in self.class_names:
            if not _files(path / name, self.suffixes):
                raise DataError(
                    f"the class folder holds no {self.suffixes[0]} files; put them directly into it, or "
                    "remove it",
                    Place(str(path / name)),
                )
        kind = f"class folders ({', '.join(self.class_names[:10])}{', ...' * (len(self.class_names) > 10)})"
        super().__init__(
            str(path),
            f"{path}: {self._named} in {kind if self.class_names else 'one folder'}",
            skip_bad_rows=skip_bad_rows,
        )

    @property
    def _holds_text(self) -> bool:
        return self.suffixes == (".txt",)

    @property
    def _named(self) -> str:
        if self._holds_text:
            return "text files"
        return "recordings" if self.suffixes == SOUND_SUFFIXES else "records of biosignals"

    def rows(self) -> Iterator[Record | DataError]:
        folders: list[tuple[Path, str | None]] = [(self.path / name, name) for name in self.class_names]
        for folder, label in folders or [(self.path, None)]:
            for file in _files(folder, self.suffixes):
                place = Place(str(file))
                if not self._holds_text:
                    # Seen from the folder of the file that the name stands in, and that is the file itself.
                    yield make_record(file.name, label, place, needs_target=self.needs_target)
                    continue
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


def _files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [entry for entry in _entries(folder) if entry.suffix.lower() in suffixes and entry.is_file()]


def _suffixes(folders: list[Path], place: Place) -> tuple[str, ...]:
    """Return the suffixes of the one sort of files that is there, or those of texts if there is none."""
    found = {file.suffix.lower() for folder in folders for file in _files(folder, SUFFIXES)}
    sorts = [sort for sort in ((".txt",), SOUND_SUFFIXES, (BIOSIGNAL_SUFFIX,)) if found & {*sort}]
    if len(sorts) > 1:
        raise DataError(
            f"its class folders hold files of several sorts ({', '.join(sorted(found))}); keep one sort, and "
            "move the others elsewhere",
            place,
        )
    return sorts[0] if sorts else (".txt",)
