"""What the vocabularies share: the unknown entry, the limits, and what a saved one must look like."""

from __future__ import annotations

from typing import Any

import numpy as np

from throughtime.core.errors import DataError, OptionError

UNKNOWN = "<unknown>"
UNKNOWN_ID = 0


def id_type(vocabulary_size: int) -> np.dtype[Any]:
    """Return the smallest unsigned type that holds every id below `vocabulary_size`."""
    return np.min_scalar_type(max(vocabulary_size - 1, 0))


def check_limits(min_count: int, max_vocabulary: int | None) -> None:
    """Raise `OptionError` for limits under which no vocabulary can exist."""
    if min_count < 1:
        raise OptionError(f"min_count is {min_count}; choose 1 or more")
    if max_vocabulary is not None and max_vocabulary < 1:
        raise OptionError(f"max_vocabulary is {max_vocabulary}; choose 1 or more, or None for no limit")


def check_saved(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Return a saved vocabulary if it can be one; raise ValueError, which pydantic places, otherwise."""
    if len(symbols) < 2 or symbols[UNKNOWN_ID] != UNKNOWN:
        raise ValueError(
            f"a vocabulary is {UNKNOWN!r} followed by at least one symbol, this one is {symbols[:3]}"
        )
    if len(set(symbols)) != len(symbols):
        raise ValueError("a vocabulary names each symbol once, this one has a symbol twice")
    return symbols


def nothing_frequent(what: str, min_count: int) -> OptionError:
    """Return the error for a vocabulary that the minimum count leaves empty."""
    return OptionError(f"no {what} occurs {min_count} times or more (min_count); choose a smaller min_count")


def nothing_given(what: str) -> DataError:
    """Return the error for an encoder that was given nothing to learn from."""
    return DataError(f"the {what} cannot be learnt from no records at all; give at least one")
