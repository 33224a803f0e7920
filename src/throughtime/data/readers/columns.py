"""Which columns of a table hold the sequence, the target and the group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from throughtime.core.errors import DataError, OptionError, Place, nearest

SEQUENCE_NAMES = ("sequence", "text", "sentence", "x", "X", "path", "audio", "file", "record")
TARGET_NAMES = ("label", "class", "target", "y")

COLUMNS_LISTED = 20
"""A wide table has thousands of columns; a message names this many."""


@dataclass(frozen=True)
class Columns:
    """The columns chosen. More than one `sequence` column, or a `group`, means numbers.

    - one sequence column, no group: each row holds a whole sequence.
    - several, no group: a wide table, one column a time step.
    - with a group, or if `rows_are_steps`: a long table, one row a time step, the sequence columns are the
      features; without a group all rows are one sequence.
    """

    sequence: tuple[str, ...]
    target: str | None = None
    group: str | None = None
    rows_are_steps: bool = False

    @property
    def all(self) -> list[str]:
        """Every column that must be read, each once, the sequence first."""
        extra = [name for name in (self.target, self.group) if name is not None]
        return list(dict.fromkeys([*self.sequence, *extra]))

    @property
    def described(self) -> str:
        """The choice, said aloud."""
        first = self.sequence
        if self.rows_are_steps and self.group is None:
            text = f"one series, a row a time step, with {_several(first, 'feature')}"
        elif self.group is not None:
            text = f"one sequence for each {self.group!r}, with {_several(first, 'feature')}"
        elif len(first) > 1:
            text = f"one sequence a row, with {_several(first, 'time step')}"
        else:
            text = f"sequence in {first[0]!r}"
        return text + (f", target in {self.target!r}" if self.target is not None else "")


def choose_columns(
    present: Sequence[str],
    file: str,
    *,
    sequence: str | None = None,
    target: str | None = None,
    group: str | None = None,
    needs_target: bool = True,
    rows_are_steps: bool = False,
) -> Columns:
    """Choose among the columns `present`, by the names given or else by the usual names.

    Arguments:
        rows_are_steps: whether a row is a time step, also where no group says which ones belong together.

    **Raises** `DataError` for a column that is not there or cannot be guessed, `OptionError` for a
    column given two parts to play.
    """
    place = Place(file)

    def check(option: str, name: str) -> str:
        if name not in present:
            raise DataError(
                f"has no column {name!r}{nearest(name, present)}; {_listed(present)}; choose with {option}",
                place,
            )
        return name

    if group is not None:
        check("--group", group)
        if sequence is None:
            raise OptionError(
                f"--group {group} makes one sequence of the rows with the same id, so --sequence must name "
                f"the columns of numbers, joined by commas; {_listed(present)}"
            )
    if target is not None and needs_target:
        check("--target", target)

    if sequence is not None:
        names = [sequence] if sequence in present or "," not in sequence else _split(sequence)
        chosen = tuple(check("--sequence", name) for name in names)
    else:
        chosen = (_guess_sequence(present, target, place),)
    if not needs_target:
        target = None
    elif target is None:
        target = _guess_target(present, chosen, group, place)
    _refuse_double_use(chosen, target, group)
    return Columns(chosen, target, group, rows_are_steps or group is not None)


def _split(sequence: str) -> list[str]:
    names = [name.strip() for name in sequence.split(",")]
    if "" in names:
        raise OptionError(
            f"--sequence is {sequence!r}, with nothing between two commas; join column names by commas"
        )
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise OptionError(f"--sequence names the column {repeated[0]!r} twice; name each column once")
    return names


def _guess_sequence(present: Sequence[str], target: str | None, place: Place) -> str:
    for name in SEQUENCE_NAMES:
        if name in present and name != target:
            return name
    others = [name for name in present if name != target]
    if len(others) == 1:
        return others[0]
    unlike_targets = [name for name in others if name not in TARGET_NAMES]
    if len(others) == 2 and len(unlike_targets) == 1:
        return unlike_targets[0]
    raise DataError(
        f"which column holds the sequence? None is called {_either(SEQUENCE_NAMES)}; {_listed(present)}; "
        f"name it with --sequence",
        place,
    )


def _guess_target(present: Sequence[str], sequence: tuple[str, ...], group: str | None, place: Place) -> str:
    others = [name for name in present if name not in sequence and name != group]
    for name in TARGET_NAMES:
        if name in others:
            return name
    if len(others) == 1 and len(sequence) == 1 and group is None:
        return others[0]
    raise DataError(
        f"which column holds the target? None is called {_either(TARGET_NAMES)}; {_listed(present)}; "
        f"name it with --target",
        place,
    )


def _refuse_double_use(sequence: tuple[str, ...], target: str | None, group: str | None) -> None:
    for first, second, name in (("--sequence", "--target", target), ("--sequence", "--group", group)):
        if name is not None and name in sequence:
            raise OptionError(
                f"the column {name!r} is given both as {first} and as {second}; name two different ones"
            )
    if group is not None and group == target:
        raise OptionError(
            f"the column {group!r} is given both as --target and as --group; name two different ones"
        )


def _listed(present: Sequence[str]) -> str:
    names = ", ".join(repr(name) for name in present[:COLUMNS_LISTED])
    more = f" and {len(present) - COLUMNS_LISTED} more" if len(present) > COLUMNS_LISTED else ""
    return f"its columns are {names}{more}"


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _several(names: tuple[str, ...], noun: str) -> str:
    if len(names) == 1:
        return f"1 {noun} ({names[0]!r})"
    return f"{len(names)} {noun}s ({names[0]!r} to {names[-1]!r})"
