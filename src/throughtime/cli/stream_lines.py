"""The lines of a stream: elements to learn from, with or without their targets, or parts of a sequence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from throughtime.cli.interruption import Interruption
from throughtime.core.errors import DataError, Place
from throughtime.data.readers import STANDARD_INPUT
from throughtime.data.readers.columns import TARGET_NAMES
from throughtime.data.readers.files import BYTE_ORDER_MARK, regular, unreadable, utf8
from throughtime.data.readers.json_lines import json_value
from throughtime.data.records import decoded


@runtime_checkable
class Readable(Protocol):
    """Whatever lines can be read from."""

    def readline(self) -> bytes:
        """Return the next line, empty at the end."""


class Element(NamedTuple):
    """An element of a stream: numbers by name, or in order; its target, if it has one; where it stands."""

    x: dict[str, Any] | list[Any]
    target: Any
    place: Place


class StreamLines:
    """Elements, each as soon as its line has arrived.

    A line is a JSON object whose fields are the features and the target; or, without a target, a list of
    numbers or a single number. An object whose only feature is a list of numbers has these as features.

    Arguments:
        path: a file, or `-` for standard input.
        target: the field with the target; when left out, the first that is there of the usual names.
        stream: what to read in place of standard input.
    """

    def __init__(self, path: str, *, target: str | None = None, stream: Readable | None = None):
        self.name = "standard input" if path == STANDARD_INPUT else path
        self._path, self._target, self._stream = path, target, stream

    def read(self, interruption: Interruption) -> Iterator[Element | DataError]:
        """Yield each element, or what is wrong with its line.

        **Raises**

            KeyboardInterrupt: someone asked to stop.
            DataError: the file cannot be read.
        """
        if self._path == STANDARD_INPUT:
            yield from self._elements(self._stream or sys.stdin.buffer, interruption)
            return
        path = utf8(regular(Path(self._path)))
        try:
            with path.open("rb") as file:
                yield from self._elements(file, interruption)
        except OSError as error:
            raise unreadable(path, error) from None

    def _elements(self, stream: Readable, interruption: Interruption) -> Iterator[Element | DataError]:
        for number, line in enumerate(_arriving(stream, interruption), start=1):
            try:
                yield self._element(line, Place(self.name, number))
            except DataError as error:
                yield error

    def _element(self, line: bytes, place: Place) -> Element:
        value = json_value(line, place)
        if isinstance(value, list):
            return Element(value, None, place)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Element([value], None, place)
        if not isinstance(value, dict):
            raise DataError(
                f"holds {line.decode(errors='replace')[:20]!r}, which is no element of a stream; give a JSON "
                'object such as {"speed": 0.3, "target": 0.5}, or a list of numbers without a target',
                place,
            )
        name = self._target
        if name is None:
            name = next((usual for usual in TARGET_NAMES if usual in value), None)
        target = value.pop(name, None) if name is not None else None
        if not value:
            raise DataError("has no features, only a target; give numbers beside it", place)
        only = next(iter(value.values()))
        if len(value) == 1 and isinstance(only, list):
            return Element(only, target, place)
        return Element(value, target, place)


def raw_lines(
    interruption: Interruption, stream: Readable | None = None
) -> Iterator[tuple[Any | DataError | None, Place]]:
    """Yield what stands in each line of standard input as soon as it has arrived, and where it stands: a JSON
    list or text; None for a blank line; or what is wrong with the line.

    **Raises**

        KeyboardInterrupt: someone asked to stop.
    """
    for number, line in enumerate(_arriving(stream or sys.stdin.buffer, interruption), start=1):
        place = Place("standard input", number)
        try:
            if not line.strip():
                yield None, place
            elif line.lstrip().startswith(b"["):
                yield json_value(line, place), place
            else:
                yield decoded(line, place), place
        except DataError as error:
            yield error, place


def _arriving(stream: Readable, interruption: Interruption) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends, and without the mark at its start."""
    is_first = True
    while True:
        with interruption.waiting():
            line = stream.readline()
        if not line:
            return
        yield (line.removeprefix(BYTE_ORDER_MARK) if is_first else line).rstrip(b"\r\n")
        is_first = False
