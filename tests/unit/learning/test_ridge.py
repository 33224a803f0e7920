"""Linear regression from sums, from a triangle and as odds, beside scikit-learn's on all rows at once."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_predict

from throughtime.core.errors import DataError, OptionError, ShapeError
from throughtime.learning import LogisticEquations, NormalEquations, TriangularEquations
from throughtime.learning.packed_triangle import PackedTriangle

BOTH = pytest.mark.parametrize("kind", [NormalEquations, TriangularEquations])
FEATURES, OUTPUTS = 7, 2


@pytest.fixture
def rows(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    features = rng.normal(size=(90, FEATURES)) + 3
    return features, features @ rng.normal(size=(FEATURES, OUTPUTS)) + rng.normal(size=(90, OUTPUTS)) - 4


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_packed_triangle(size: int, rng: np.random.Generator) -> None:
    rows, right = rng.normal(size=(3 * size, size)), rng.normal(size=(size, 2))
    packed = PackedTriangle(size)
    packed.add_product(rows[:2])
    packed.add_product(rows[2:])
    np.testing.assert_allclose(packed.full(), rows.T @ rows, atol=1e-12)
    np.testing.assert_allclose(packed.numbers[packed.diagonal_places], np.diag(rows.T @ rows))
    assert packed.factorise()
    np.testing.assert_allclose(packed.solved(right), np.linalg.solve(rows.T @ rows, right))


@BOTH
@pytest.mark.parametrize("regularisation", [0.0, 1e-3, 10.0])
def test_parts_give_what_all_rows_give(
    kind: type, regularisation: float, rows: tuple[np.ndarray, np.ndarray]
) -> None:
    features, targets = rows
    equations = kind(FEATURES, OUTPUTS)
    for part in np.array_split(np.arange(len(features)), [3, 4, 50]):
        equations.add(features[part], targets[part])
    found = equations.solve(regularisation)
    expected = Ridge(alpha=regularisation, solver="svd").fit(features, targets)
    np.testing.assert_allclose(found.weight, expected.coef_, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.bias, expected.intercept_, rtol=0, atol=1e-10)
    assert equations.rows == 90


def test_triangle_has_twice_the_digits(rng: np.random.Generator) -> None:
    features = rng.normal(size=(60, 3))
    features[:, 2] = features[:, 0] + 1e-6 * features[:, 2]
    weight = np.array([[1.0, -2.0, 3.0]])
    errors = []
    for kind in (NormalEquations, TriangularEquations):
        equations = kind(3, 1)
        equations.add(features, features @ weight.T)
        errors.append(np.abs(equations.solve(0.0).weight - weight).max())
    assert errors[1] < 1e-8 < 1e-6 < errors[0]


def test_one_pass_cross_validates(rows: tuple[np.ndarray, np.ndarray]) -> None:
    features, targets = rows
    equations = NormalEquations(FEATURES, OUTPUTS, folds=5)
    for fold, part in enumerate(np.array_split(np.arange(90), 5)):
        equations.add(features[part], targets[part], fold=fold)
    found = equations.cross_validated((1e-3, 1.0, 1e3))
    for candidate, error in found.errors.items():
        foretold = cross_val_predict(Ridge(alpha=candidate), features, targets, cv=KFold(5))
        assert error == pytest.approx(((foretold - targets) ** 2).sum(axis=1).mean())
    assert found.regularisation == min(found.errors, key=lambda one: found.errors[one])
    again = equations.solve(found.regularisation)
    np.testing.assert_array_equal(found.weight, again.weight)


@BOTH
def test_features_that_depend_on_one_another(kind: type, rng: np.random.Generator) -> None:
    features = rng.normal(size=(50, 2))
    features = np.hstack([features, features.sum(axis=1, keepdims=True)])
    equations = kind(3, 1)
    equations.add(features, features[:, :1])
    with pytest.raises(OptionError, match=r"regularisation is 0, and the features depend .* such as .e-09"):
        equations.solve(0.0)
    assert np.isfinite(equations.solve(1e-9).weight).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_odds_are_those_of_logistic_regression(classes: int, rng: np.random.Generator) -> None:
    features, answers = rng.normal(size=(80, 4)), rng.integers(classes, size=80)
    features[np.arange(80), answers] += 1
    equations = LogisticEquations(4, classes)
    for part in np.array_split(np.arange(80), 3):
        equations.add(features[part], np.eye(classes)[answers[part]])
    found = equations.solve(0.5)
    expected = LogisticRegression(C=2.0, max_iter=2000).fit(features, answers)
    odds = features @ found.weight.T + found.bias
    shares = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected.predict_proba(features), atol=1e-6)
    chosen = equations.cross_validated((1e-2, 1.0, 1e4))
    assert chosen.errors[chosen.regularisation] == min(chosen.errors.values())


def test_wrong_rows_and_settings() -> None:
    equations = NormalEquations(2, 1)
    with pytest.raises(ShapeError, match=r"features have shape \[3, 2\] and targets \[3, 2\]; expected"):
        equations.add(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(OptionError, match="there are no rows to solve for"):
        equations.solve(1.0)
    with pytest.raises(OptionError, match=r"regularisation is -1.0; choose a number of at least 0"):
        equations.solve(-1.0)
    with pytest.raises(OptionError, match=r"cross-validation needs rows in at least 2 folds, and .* in 0"):
        equations.cross_validated()
    folds = NormalEquations(2, 1, folds=2)
    for fold in range(2):
        folds.add(np.ones((3, 2)), np.ones((3, 1)), fold=fold)
    with pytest.raises(OptionError, match=r"the candidates are \[0.0\]; give regularisations above 0"):
        folds.cross_validated((0.0,))
    odds = LogisticEquations(2, 2)
    with pytest.raises(DataError, match="tells classes apart, and a target is no class; give whole numbers"):
        odds.add(np.ones((3, 2)), np.full((3, 2), 0.5))
    odds.add(np.ones((2, 2)), np.eye(2))
    with pytest.raises(OptionError, match=r"regularisation is 0, and the weights of classes .* grow without"):
        odds.solve(0.0)
    with pytest.raises(OptionError, match="output_size is 1, and logistic regression tells classes apart"):
        LogisticEquations(2, 1)
