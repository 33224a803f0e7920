"""One example as a file holds it, and the source that streams such records."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from throughtime.core.errors import DataError, Place
from throughtime.data.signals import Biosignal, Hertz, Recording

RawSequence = str | list[Any] | np.ndarray | Recording | Biosignal
"""Text, a list of symbols, a list of numbers, a list of time steps, an array `[T]` or `[T, F]`, sound, or
biosignals; the last two may also be the text of a path."""

RawTarget = str | int | float | list[Any]
"""A label or a number, as the file holds it, or a list of them."""

MESSAGES_KEPT = 5
"""How many messages of skipped rows are kept for the report; the rest are only counted."""


class Record(NamedTuple):
    """One example, before any encoding: a sequence, its target if there is one, and where they stand."""

    sequence: RawSequence
    target: RawTarget | None
    place: Place
    target_column: str | None = None

    @property
    def target_place(self) -> Place:
        """Where the target stands, for messages about the target."""
        return replace(self.place, column=self.target_column)


@dataclass
class Skipped:
    """The rows passed over in one reading: how many, and the first few reasons."""

    count: int = 0
    messages: list[str] = field(default_factory=list)

    def add(self, error: DataError) -> None:
        """Count one more bad row; its message is kept if it is among the first few."""
        self.count += 1
        if len(self.messages) < MESSAGES_KEPT:
            self.messages.append(str(error))


class Source(ABC):
    """Records from one file, streamed: every iteration opens the file anew and holds little of it.

    - `name`: the file as the caller gave it, or `standard input`.
    - `description`: one line that says what is read: the format and the columns chosen.
    - `rereadable`: False for standard input, which can be iterated once.
    - `answers_once`: whether targets are one a sequence (True) or one for each element (False); None where
      the format does not say.
    - `holds`: the kind of all its sequences, where the format alone tells; else None.
    - `skip_bad_rows`: pass over rows that cannot be used instead of raising at the first.
    - `skipped`: what the latest iteration passed over. Those who find a row unusable later (a symbol where a
      number belongs) add theirs to it.

    **Raises** `DataError` while iterating: at the first bad row unless `skip_bad_rows`, and at the end when
    there was no record at all.
    """

    name: str
    description: str
    rereadable: bool = True
    answers_once: bool | None = None
    holds: Literal["music"] | None = None

    def __init__(self, name: str, description: str, *, skip_bad_rows: bool = False):
        self.name = name
        self.description = description
        self.skip_bad_rows = skip_bad_rows
        self.skipped = Skipped()

    @abstractmethod
    def rows(self) -> Iterator[Record | DataError]:
        """Read once from the start: a record, or for a row that cannot be used, what is wrong with it.

        An error that is *yielded* concerns one row and reading goes on; one that is *raised* ends it.
        """

    def __iter__(self) -> Iterator[Record]:
        return self.records()

    def records(
        self, ahead: Callable[[Iterator[Record | DataError]], Iterator[Record | DataError]] = iter
    ) -> Iterator[Record]:
        """Iterate as ever, over rows that pass through `ahead` first, which keeps their number and order."""
        skipped = self.skipped = Skipped()
        any_record = False
        for row in ahead(self.rows()):
            if not isinstance(row, DataError):
                any_record = True
                yield row
            elif self.skip_bad_rows:
                skipped.add(row)
            else:
                raise row
        if not any_record:
            raise self._nothing(skipped)

    def _nothing(self, skipped: Skipped) -> DataError:
        if skipped.count:
            return DataError(
                f"every one of the {skipped.count} records is bad, so nothing is left to read; "
                f"the first: {skipped.messages[0]}",
                Place(self.name),
            )
        return DataError(self.no_records(), Place(self.name))

    def give_at(self, sample_rate: Hertz) -> None:  # noqa: B027 - most sequences have no rate
        """Give sequences that are cut from longer signals at this rate (Hz) from now on."""

    def notes(self) -> list[str]:
        """What the latest iteration changed in the sequences, in words, where users would want to know it."""
        return []

    def no_records(self) -> str:
        """What to say when the file holds no record and no bad row either."""
        return "holds no records; give a file with at least one"


def make_record(
    sequence: object,
    target: object,
    place: Place,
    *,
    target_column: str | None = None,
    needs_target: bool = True,
) -> Record | DataError:
    """Check what every format must give: a sequence that is not empty, and a target when one is needed.

    `place` is that of the sequence. Bytes are read as UTF-8. A truth value as a target becomes the label
    `true` or `false`, so that one table gives the same labels in every format.
    """
    try:
        checked = _checked_sequence(sequence, place)
        if not needs_target:
            return Record(checked, None, place, target_column)
        return Record(
            checked, checked_target(target, replace(place, column=target_column)), place, target_column
        )
    except DataError as error:
        return error


def decoded(value: bytes, place: Place) -> str:
    """Bytes as text; invalid UTF-8 is a `DataError` that names the first bad byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte {error.start + 1} (0x{value[error.start]:02x}) is not valid UTF-8; save the file as UTF-8 "
            f"(for example: iconv -f latin1 -t utf-8 OLD > NEW)",
            place,
        ) from None


def unicode_text(text: str, place: Place | None) -> str:
    """Return `text`, or raise `DataError` if it holds half of a surrogate pair and so cannot be saved."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"character {error.start + 1} is {text[error.start]!a}, half of a surrogate pair and no "
            "character by itself; write the file as UTF-8 anew",
            place,
        ) from error
    return text


def checked_target(target: object, place: Place) -> RawTarget:
    """A label, a number or a list of them; a missing one (absent, empty, NaN) is a `DataError`."""
    if isinstance(target, np.ndarray):
        target = target.tolist()
    if isinstance(target, list):
        return [_one_target(one, place) for one in target]
    return _one_target(target, place)


def _one_target(target: object, place: Place) -> str | int | float:
    if isinstance(target, bytes):
        target = decoded(target, place)
    if isinstance(target, np.generic):
        target = target.item()
    if isinstance(target, bool):
        return "true" if target else "false"
    if target is None or target != target or (isinstance(target, str) and not target.strip()):
        raise DataError(
            "the label is missing; fill it in, or pass over such rows with --skip-bad-rows", place
        )
    if isinstance(target, str):
        return unicode_text(target, place)
    if not isinstance(target, int | float):
        raise DataError(f"a label is text or a number, this is {_named(target)}", place)
    return target


def _checked_sequence(sequence: object, place: Place) -> RawSequence:
    if isinstance(sequence, bytes):
        sequence = decoded(sequence, place)
    if sequence is None:
        raise DataError(
            "the sequence is missing; fill it in, or pass over such rows with --skip-bad-rows", place
        )
    if not isinstance(sequence, str | list | np.ndarray | Recording | Biosignal):
        raise DataError(
            f"the sequence is {_named(sequence)}; expected text, a list of symbols, or numbers as [time] or "
            f"[time, feature] (for a table with one time step a row, name the column of ids with --group)",
            place,
        )
    if len(sequence) == 0 or (isinstance(sequence, str) and not sequence.strip()):
        raise DataError(
            "the sequence is empty; give at least one element, or pass over such rows with --skip-bad-rows",
            place,
        )
    return sequence


def _named(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the single number {value}"
    if isinstance(value, dict):
        return "an object with named fields"
    return "a list" if isinstance(value, list) else f"of type {type(value).__name__}"
