"""What `fit` is given as y, as a checked column."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite, column_or_1d

from throughtime.core.errors import DataError


def one_column(estimator: BaseEstimator, y: Any) -> np.ndarray:
    """Return y as `[sequence]`.

    **Raises**

        ValueError: there is no y, it has several columns, or it holds NaN or infinity.
    """
    if y is None:
        raise DataError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None; give one target "
            "a "
            "sequence"
        )
    column = column_or_1d(y, warn=True)
    assert_all_finite(column, input_name="y", estimator_name=type(estimator).__name__)
    return column
