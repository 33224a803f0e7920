"""Column files of the CoNLL shared tasks: a word a line with its labels, a blank line between sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.core.errors import DataError, OptionError, Place
from throughtime.data.readers.files import lines, regular, utf8
from throughtime.data.records import Record, Source, decoded, make_record

DOCUMENT = "-DOCSTART-"
"""The word of a line that begins a document; it is a sentence by itself, and passed over."""

COMMENT = "# "


class ColumnFile(Source):
    """A CoNLL column file. Columns are parted by tabs, or else by spaces, and numbered from 1.

    A record is a sentence, and its row the line on which it begins.

    Arguments:
        sequence: number of the column of words; the first when left out.
        target: number of the column of labels, -1 for the last, which it is when left out.

    **Raises** `OptionError` for a column that is no number; `DataError`, while it is read, for a line without
    the column.
    """

    def __init__(
        self,
        path: Path,
        *,
        sequence: str | None = None,
        target: str | None = None,
        needs_target: bool = True,
        skip_bad_rows: bool = False,
    ):
        self.path = utf8(regular(path))
        self.needs_target = needs_target
        self._word = _column("--sequence", sequence, 1)
        self._label = _column("--target", target, -1)
        labels = "the last column" if self._label == -1 else f"column {self._label}"
        described = f"{path}: CoNLL columns, words in column {self._word}"
        if needs_target:
            described += f", labels in {labels}"
        super().__init__(str(path), described, skip_bad_rows=skip_bad_rows)

    def rows(self) -> Iterator[Record | DataError]:
        sentence: list[tuple[int, list[str]]] = []
        for number, line in enumerate(lines(self.path), start=1):
            try:
                text = decoded(line, Place(self.name, number))
            except DataError as error:
                yield error
                continue
            if text.strip() and not (text.startswith(COMMENT) and not sentence):
                columns = text.split("\t") if "\t" in text else text.split()
                sentence.append((number, [column.strip() for column in columns]))
            elif sentence:
                yield from self._sentence(sentence)
                sentence = []
        if sentence:
            yield from self._sentence(sentence)

    def _sentence(self, sentence: list[tuple[int, list[str]]]) -> Iterator[Record | DataError]:
        start, first = sentence[0]
        if first[0] == DOCUMENT:
            return
        try:
            words = [self._cell(number, columns, self._word) for number, columns in sentence]
            labels = None
            if self.needs_target:
                labels = [self._cell(number, columns, self._label) for number, columns in sentence]
        except DataError as error:
            yield error
            return
        place = Place(self.name, start)
        yield make_record(words, labels, place, needs_target=self.needs_target)

    def _cell(self, number: int, columns: list[str], which: int) -> str:
        place = Place(self.name, number)
        if self.needs_target and len(columns) == 1:
            raise DataError(f"the line has one column, {columns[0]!r}; give a word and its label", place)
        try:
            cell = columns[which - 1 if which > 0 else which]
        except IndexError:
            raise DataError(
                f"the line has {len(columns)} columns and column {which} was asked for; give every line of a "
                "sentence as many",
                place,
            ) from None
        if not cell:
            raise DataError(f"column {which} of the line is empty; fill it in", place)
        return cell


def _column(option: str, given: str | None, usual: int) -> int:
    if given is None:
        return usual
    try:
        number = int(given)
    except ValueError:
        number = 0
    if number == 0:
        raise OptionError(
            f"{option} is {given!r}, and the columns of a CoNLL file have no names; give a column's number, "
            "from 1, or -1 for the last"
        )
    return number
