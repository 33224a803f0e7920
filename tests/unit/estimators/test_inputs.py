"""What X may be, and what is said of what it may not be."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator

from throughtime.estimators.inputs import raw_sequences


class Anything(BaseEstimator):
    """Stands for an estimator, for its name and its attributes."""


def of(X: Any, estimator: BaseEstimator | None = None, *, reset: bool = True) -> list[Any]:
    return raw_sequences(Anything() if estimator is None else estimator, X, reset=reset)


class NotAnArray:
    """Something of another library, with values."""

    def __init__(self, values: Any):
        self.values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values if dtype is None else self.values.astype(dtype)


def test_a_list_is_taken_entry_by_entry() -> None:
    array = np.zeros((3, 2))
    assert of([array, "acgt", ["a", "b"], ("a", "b")])[1:] == ["acgt", ["a", "b"], ["a", "b"]]
    assert of([array])[0] is array
    assert of((NotAnArray([1, 2]),))[0].tolist() == [1, 2]


def test_the_rows_of_a_table_are_sequences() -> None:
    table = np.arange(6.0).reshape(2, 3)
    for X in (table, table.astype(np.float32), table.astype(object), NotAnArray(table)):
        estimator = Anything()
        assert [row.tolist() for row in of(X, estimator)] == [[0, 1, 2], [3, 4, 5]]
        assert estimator.n_features_in_ == 3


def test_three_axes_are_sequence_time_and_feature() -> None:
    estimator = Anything()
    block = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(of(block, estimator), block)
    assert not hasattr(estimator, "n_features_in_")


def test_texts_and_symbols_may_be_in_arrays() -> None:
    assert of(np.array(["acgt", "ac"])) == ["acgt", "ac"]
    assert of(np.array([["a", "c"], ["g", "t"]])) == [["a", "c"], ["g", "t"]]
    ragged = np.empty(2, object)
    ragged[:] = [np.zeros(2), np.zeros(3)]
    assert [len(sequence) for sequence in of(ragged)] == [2, 3]


def test_columns_are_held_to_what_they_were() -> None:
    estimator = Anything()
    of([[1, 2, 3], [4, 5, 6]], estimator)
    assert estimator.n_features_in_ == 3
    with pytest.raises(
        ValueError,
        match=r"X has 2 features, but Anything is expecting 3 features as input; .* give list\(X\)",
    ):
        of(np.zeros((4, 2)), estimator, reset=False)
    assert len(of(list(np.zeros((4, 2))), estimator, reset=False)) == 4
    of([[1, 2, 3], [4, 5]], estimator)
    assert not hasattr(estimator, "n_features_in_")


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], "X holds no sequences; give at least one"),
        ("acgt", "X is a single text; give a list of sequences"),
        ({"a": 1}, "X is of type dict; give a list of sequences"),
        (3, "X is the single value 3; give a list of sequences"),
        ([1.0, 2.0], r"X\[0\]: is the single value 1.0, not a sequence; give a list of sequences"),
        ([[1.0], None], r"X\[1\]: is of type NoneType, not a sequence"),
        ([{"a": 1}], r"X\[0\]: is of type dict, not a sequence"),
        (np.zeros(5), "X is one array of 5 numbers, which may be one sequence or many. Reshape your data: "),
        (np.zeros(()), r"X has the shape \[\]; give"),
        (np.zeros((2, 2, 2, 2)), r"X has the shape \[2, 2, 2, 2\]; give"),
        (np.array([[1.0, np.nan]]), "Input X contains NaN"),
        (np.array([[[1.0, np.inf]]]), "Input X contains infinity"),
        (np.zeros((2, 2), complex), "Complex data not supported"),
        (np.zeros((2, 2, 2), complex), "Complex data not supported"),
        (np.zeros((0, 3)), r"Found array with 0 sample\(s\)"),
        (np.zeros((3, 0)), r"Found array with 0 feature\(s\)"),
    ],
)
def test_what_is_no_list_of_sequences_is_refused(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of(X)


def test_a_sparse_matrix_is_refused() -> None:
    with pytest.raises(TypeError, match="Sparse data was passed for X, but dense data is required"):
        of(csr_array(np.eye(3)))
