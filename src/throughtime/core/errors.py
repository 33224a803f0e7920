"""Every exception that throughtime raises on purpose, in one tree.

::

    ThroughtimeError
    ├── UsageError              what the caller can mend; the shell prints it and exits with status 2
    │   ├── DataError           a file or a record: names the file, the row and the column
    │   ├── OptionError         an unknown or impossible setting: names the nearest valid one
    │   ├── ModelFolderError    a model folder that is missing, damaged, foreign or too new
    │   ├── ShapeError          arrays whose shapes or lengths do not fit together
    │   ├── NotACellError       a sequence map where only a cell will do
    │   ├── NotForThisRuleError a cell that a learning rule cannot train, whose equations it does not fit
    │   ├── ConversionError     weights that cannot be moved from or to another library
    │   └── MissingExtraError   an optional dependency that is not installed
    ├── DivergedError           training met a loss that is not a number
    └── InterruptedFit          training was stopped by the user; names where it can go on

A message says what was given, what was expected and what to do about it, with the values.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral


class ThroughtimeError(Exception):
    """The root of every exception raised on purpose."""


class UsageError(ThroughtimeError, ValueError):
    """Something the caller gave cannot be used as it is, and the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands, for messages.

    `row` counts records from 1 and leaves the header out; `column` is a name.
    """

    file: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column!r}")
        return ", ".join(parts)


class DataError(UsageError):
    """A file or a record that cannot be used; `place` tells where it stands."""

    def __init__(self, message: str, place: Place | None = None):
        super().__init__(f"{place}: {message}" if place is not None else message)
        self.message = message
        self.place = place

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return type(self), (self.message, self.place)


class OptionError(UsageError):
    """A setting has a value that does not exist or does not go with the others."""


class ModelFolderError(UsageError):
    """A model folder is missing, damaged, foreign, or written by a newer version."""


class ShapeError(UsageError):
    """Arrays whose shapes or lengths do not fit together."""


class NotACellError(UsageError, TypeError):
    """A sequence map (it must see the whole sequence) was given where only a cell can go step by step."""


class NotForThisRuleError(UsageError):
    """A learning rule was asked to train a cell whose equations it was not derived for."""


class ConversionError(UsageError):
    """Weights of another library that make no network here, or a network that the other library lacks."""


class MissingExtraError(UsageError, ImportError):
    """An optional dependency is missing; the message gives the command that installs it."""


class DivergedError(ThroughtimeError, ArithmeticError):
    """Training met a loss that is infinite or not a number."""


class InterruptedFit(ThroughtimeError):
    """The user stopped the training; everything up to that moment is on disk."""


def nearest(given: str, valid: Iterable[str]) -> str:
    """Return `" (did you mean 'lstm'?)"` for the valid word nearest to `given`, or an empty string."""
    close = difflib.get_close_matches(given, list(valid), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def choose(option: str, given: str, valid: Sequence[str] | Iterable[str]) -> str:
    """Return `given` if it is one of the `valid` words; raise `OptionError` naming the nearest otherwise."""
    names = list(valid)
    if given in names:
        return given
    raise OptionError(f"{option} is {given!r}{nearest(given, names)}; choose one of {', '.join(names)}")


def check_sizes(**sizes: object) -> None:
    """Raise `OptionError` naming the first size that is not a whole number of at least 1."""
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise OptionError(f"{name} is {value!r}; choose a whole number of at least 1")
