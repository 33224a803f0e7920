"""A text file as one record: the text that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.core.errors import DataError, Place
from throughtime.data.readers.files import BYTE_ORDER_MARK, regular, unreadable, utf8
from throughtime.data.records import Record, Source, decoded, make_record

SUFFIX = ".txt"


class TextFile(Source):
    """The text of a file in UTF-8, with line ends as LF; the one at its very end is no part of the text.

    **Raises** `DataError` where a target is needed, which a text by itself has not.

    **Cost** The whole text is held while it is read.
    """

    def __init__(self, path: Path, *, needs_target: bool = True, skip_bad_rows: bool = False):
        if needs_target:
            raise DataError(
                "is a text without labels, which can be learned to be written on (throughtime fit generate), "
                "and for other tasks needs them; give a table with a column of labels, or a folder with one "
                f"folder of {SUFFIX} files a class",
                Place(str(path)),
            )
        self.path = utf8(regular(path))
        super().__init__(str(path), f"{path}: text", skip_bad_rows=skip_bad_rows)

    def rows(self) -> Iterator[Record | DataError]:
        place = Place(str(self.path))
        try:
            text = decoded(self.path.read_bytes().removeprefix(BYTE_ORDER_MARK), place)
        except OSError as error:
            yield unreadable(self.path, error)
        except DataError as error:
            yield error
        else:
            text = text.replace("\r\n", "\n").removesuffix("\n")
            yield make_record(text, None, place, needs_target=False)
