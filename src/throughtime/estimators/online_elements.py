"""The elements of a stream as rows of numbers: dicts and arrays, tables and arrays of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from throughtime.core.errors import DataError

Names = list[Any] | None
"""What features are called, if they have names."""


def one_element(x: Any, known: Names, *, begun: bool) -> tuple[np.ndarray, Names]:
    """Return an element as a row `[1, feature]`, and the names of its features, if it has any.

    Arguments:
        x: a dict of numbers by name, or an array `[feature]`.
        known: the names that the first element had.
        begun: whether there was one.

    **Raises**

        DataError: x is something else, or has other features than the first element.
    """
    names: Names = None
    if isinstance(x, Mapping):
        if known is None and begun:
            raise DataError(
                "x is a dict, and the first elements were arrays, whose features have no names; give arrays"
            )
        names = list(x) if known is None else known
        if set(names) != set(x):
            missing, extra = [n for n in names if n not in x], [n for n in x if n not in names]
            raise DataError(
                f"x has other features than the first element (missing: {missing or 'none'}, unknown: "
                f"{extra or 'none'}); give {names}"
            )
        x = [x[name] for name in names]
    row = numbers("x", x)
    if row.ndim != 1 or not row.size:
        raise DataError(f"x has shape {row.shape}; give a dict of numbers, or an array [feature]")
    return row[None], names


def many_elements(X: Any, known: Names) -> tuple[np.ndarray, Names]:
    """Return elements as `[time, feature]`, and the names of a table's columns.

    **Raises**

        DataError: X is something else, or has other columns than the first elements.
    """
    names = list(X.columns) if hasattr(X, "columns") else None
    rows = numbers("X", X)
    if rows.ndim != 2 or not rows.shape[1]:
        raise DataError(f"X has shape {rows.shape}; give [time, feature], one row for each element")
    if names is not None and known is not None and names != known:
        raise DataError(f"X has the columns {names}, and the first elements had {known}; give these")
    return rows, names


def numbers(name: str, given: Any) -> np.ndarray:
    """Return what was given as an array of numbers; raise `DataError` if it is none."""
    try:
        return np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} holds something that is no number; give numbers") from None
