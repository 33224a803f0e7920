"""What `fit` and `predict` are given as X, as a list of raw sequences."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from throughtime.core.errors import DataError, Place, ShapeError
from throughtime.data.records import RawSequence
from throughtime.data.signals import Biosignal, Recording

EXPECTED = (
    "give a list of sequences (arrays [time] or [time, feature], texts, lists of symbols), or an array "
    "[sequence, "
    "time] or [sequence, time, feature]"
)


def raw_sequences(estimator: BaseEstimator, X: Any, *, reset: bool) -> list[RawSequence]:
    """Return the sequences in X, one entry each.

    A list holds sequences of any lengths. The rows of a 2-D array are sequences of one number (or one symbol)
    a time step. A 3-D array is `[sequence, time, feature]`.

    Where scikit-learn reads a table (a 2-D array, or lists of numbers that are all of one length), its
    columns become `n_features_in_`, and later 2-D arrays must have as many.

    Arguments:
        estimator: what is fitted or predicts; its `n_features_in_` and `feature_names_in_` are set or
            checked.
        reset: whether they are set.

    **Raises**

        ValueError: X cannot be read as sequences, is empty, or holds NaN or infinity.
        TypeError: X is sparse.
    """
    if reset:
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(estimator, name):
                delattr(estimator, name)
    if isinstance(X, list | tuple):
        sequences = [_raw(sequence, index) for index, sequence in enumerate(X)]
        if reset and _is_table(X):
            estimator.n_features_in_ = len(X[0])
    elif hasattr(X, "__array__") or issparse(X):
        sequences = _entries(estimator, X, reset=reset)
    else:
        raise DataError(f"X is {_named(X)}; {EXPECTED}")
    if not sequences:
        raise DataError("X holds no sequences; give at least one")
    return sequences


def _entries(estimator: BaseEstimator, X: Any, *, reset: bool) -> list[RawSequence]:
    array = check_array(X, input_name="X", estimator=estimator) if issparse(X) else np.asarray(X)
    if array.ndim == 1:
        if array.dtype.kind not in "OUS":
            raise ShapeError(
                f"X is one array of {len(array)} numbers, which may be one sequence or many. Reshape your "
                "data: X.reshape(1, -1) is one sequence, X.reshape(-1, 1) are sequences of one time step"
            )
        return [_raw(sequence, index) for index, sequence in enumerate(array.tolist())]
    if array.ndim == 2:
        expected = None if reset else getattr(estimator, "n_features_in_", None)
        if expected not in (None, array.shape[1]):
            raise ShapeError(
                f"X has {array.shape[1]} features, but {type(estimator).__name__} is expecting {expected} "
                "features as input; if the columns are time steps and other lengths are meant, give list(X)"
            )
        if _holds_text(array):
            validate_data(estimator, X, reset=reset, skip_check_array=True)
            return array.tolist()
        return list(validate_data(estimator, X, reset=reset))
    if array.ndim == 3:
        return list(check_array(X, allow_nd=True, input_name="X", estimator=estimator))
    raise ShapeError(f"X has the shape {list(array.shape)}; {EXPECTED}")


def _is_table(X: list[Any] | tuple[Any, ...]) -> bool:
    return (
        all(isinstance(row, list | tuple) for row in X)
        and len({len(row) for row in X}) == 1
        and all(isinstance(entry, Real) for row in X for entry in row)
    )


def _holds_text(array: np.ndarray) -> bool:
    if array.dtype.kind == "O":
        return any(isinstance(entry, str) for entry in array.flat)
    return array.dtype.kind in "US"


def _raw(sequence: Any, index: int) -> RawSequence:
    if isinstance(sequence, str | list | np.ndarray | Recording | Biosignal):
        return sequence
    if isinstance(sequence, tuple):
        return list(sequence)
    if hasattr(sequence, "__array__") and np.ndim(sequence) > 0:
        return np.asarray(sequence)
    raise DataError(f"is {_named(sequence)}, not a sequence; {EXPECTED}", Place(f"X[{index}]"))


def _named(value: object) -> str:
    if isinstance(value, str):
        return "a single text"
    if isinstance(value, bool | int | float | np.generic):
        return f"the single value {value}"
    return f"of type {type(value).__name__}"
