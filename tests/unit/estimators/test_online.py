"""Streams by River's verbs and by scikit-learn's: the same model, whichever of the two is used."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from throughtime.core.errors import DataError, ModelFolderError, OptionError
from throughtime.estimators import OnlineClassifier, OnlineRegressor

SMALL: dict[str, Any] = {"cell": "elman", "hidden_size": 6, "learning_rate": 0.01, "random_state": 0}


def wave(length: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy sine wave, and its next value."""
    values = np.sin(0.5 * np.arange(length + 1)) + 0.05 * np.random.default_rng(0).normal(size=length + 1)
    return values[:-1, None], values[1:]


def changes(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Bits, and whether each differs from the one before: nothing that one bit alone could tell."""
    bits = np.random.default_rng(1).integers(0, 2, length + 1)
    return bits[1:, None], np.where(bits[1:] != bits[:-1], "other", "same")


def test_a_regressor_beats_persistence_and_the_mean() -> None:
    X, y = wave(3000)
    model = OnlineRegressor(**SMALL)
    model.partial_fit(X[:2500], y[:2500])
    errors = []
    for x, target in zip(X[2500:], y[2500:], strict=True):
        errors.append(model.predict_one(x) - target)
        model.learn_one(x, target)
    persistence, mean = (X[2500:, 0] - y[2500:]).std(), y[2500:].std()
    assert np.std(errors) < 0.5 * min(persistence, mean)


def test_a_classifier_learns_what_one_element_cannot_tell() -> None:
    X, y = changes(4000)
    model = OnlineClassifier(classes=["same", "other"], **SMALL)
    model.partial_fit(X[:3500], y[:3500])
    right = []
    for x, label in zip(X[3500:], y[3500:], strict=True):
        right.append(model.predict_one(x) == label)
        model.learn_one(x, label)
    assert np.mean(right) > 0.95


def test_partial_fit_is_as_many_times_learn_one() -> None:
    X, y = wave(10)
    one, many = OnlineRegressor(**SMALL), OnlineRegressor(**SMALL).partial_fit(X, y)
    for x, target in zip(X, y, strict=True):
        one.learn_one({"value": x[0]}, target)
    assert one.predict_one({"value": 0.3}) == many.predict_one([0.3])
    np.testing.assert_allclose(many.predict(X)[0], many.predict_one(X[0]), rtol=1e-6)
    assert one.feature_names_in_.tolist() == ["value"]


def test_features_go_by_their_names() -> None:
    model = OnlineRegressor(**SMALL)
    model.learn_one({"a": 1.0, "b": 2.0}, 0.5)
    assert model.predict_one({"a": 1.0, "b": 3.0}) == model.predict_one({"b": 3.0, "a": 1.0})
    assert model.predict_one({"a": 1.0, "b": 3.0}) != model.predict_one({"a": 3.0, "b": 1.0})
    with pytest.raises(DataError, match=r"missing: \['b'\], unknown: \['c'\]"):
        model.predict_one({"a": 1.0, "c": 2.0})


def test_before_the_first_element_there_is_an_answer_and_no_model() -> None:
    assert OnlineRegressor().predict_one({"a": 1.0}) == 0.0
    model = OnlineClassifier(classes=[0, 1])
    assert model.predict_one([1.0]) is None
    assert model.predict_proba_one([1.0]) == {}
    with pytest.raises(NotFittedError):
        model.predict([[1.0]])


def test_probabilities_are_by_label_and_add_up_to_one() -> None:
    X, y = changes(5)
    model = OnlineClassifier(**SMALL).partial_fit(X, y, classes=np.unique(y))
    by_label = model.predict_proba_one(X[0])
    assert list(by_label) == ["other", "same"]
    assert sum(by_label.values()) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(model.predict_proba(X)[0], list(by_label.values()), rtol=1e-6)
    assert model.predict_one(X[0]) == max(by_label, key=by_label.__getitem__) == model.predict(X)[0]


@pytest.mark.parametrize("through", ["folder", "pickle"])
def test_a_saved_model_goes_on_to_the_last_bit(through: str, tmp_path: Path) -> None:
    X, y = changes(12)
    whole = OnlineClassifier(**SMALL, rule="uoro").partial_fit(X[:6], y[:6], classes=np.unique(y))
    if through == "folder":
        whole.save(tmp_path / "model")
        restored = OnlineClassifier.load(tmp_path / "model")
    else:
        restored = pickle.loads(pickle.dumps(whole))
    for x, label in zip(X[6:], y[6:], strict=True):
        for model in (whole, restored):
            model.learn_one(x, label)
    assert whole.predict_proba_one(X[0]) == restored.predict_proba_one(X[0])
    assert restored.classes_.dtype == whole.classes_.dtype
    assert restored.learner_.steps == 12
    if through == "folder":
        with pytest.raises(ModelFolderError, match="holds OnlineClassifier, and this is OnlineRegressor"):
            OnlineRegressor.load(tmp_path / "model")


def test_the_constructor_only_stores() -> None:
    model = OnlineClassifier(classes=("a", "b"), cell="nonsense", clip_norm=-1)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(OptionError, match="cell is 'nonsense'"):
        model.learn_one([1.0], "a")
    assert not hasattr(model, "learner_")
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rule": "bptt"}, "'bptt' carries nothing"),
        ({"optimizer": "hessian_free"}, "optimizer is 'hessian_free'"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"order": 2}, "order is 2 and rule is 'rtrl'"),
        ({"random_state": -1}, "random_state is -1"),
    ],
)
def test_parameters_that_cannot_be_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        OnlineRegressor(**(SMALL | parameters)).learn_one([1.0], 0.0)


def test_data_that_cannot_be_is_refused() -> None:
    model = OnlineRegressor(**SMALL)
    with pytest.raises(DataError, match="x holds something that is no number"):
        model.learn_one({"a": "red"}, 1.0)
    with pytest.raises(DataError, match="y holds NaN"):
        model.learn_one([1.0], np.nan)
    assert not hasattr(model, "n_features_in_")
    with pytest.raises(DataError, match=r"give \[time, feature\]"):
        model.partial_fit([1.0, 2.0], [1.0, 2.0])
    model.learn_one([1.0, 2.0], 1.0)
    with pytest.raises(DataError, match=r"X has 1 features.*expecting 2"):
        model.predict_one([1.0])
    with pytest.raises(DataError, match="features have no names"):
        model.predict_one({"a": 1.0, "b": 1.0})


def test_classes_have_to_be_known_first() -> None:
    model = OnlineClassifier(**SMALL)
    with pytest.raises(OptionError, match="classes have to be known before the first element"):
        model.learn_one([1.0], "a")
    with pytest.raises(OptionError, match="give at least two"):
        model.partial_fit([[1.0]], ["a"], classes=["a"])
    with pytest.raises(DataError, match="the label 'c', which is not among"):
        model.partial_fit([[1.0]], ["c"], classes=["a", "b"])
    model.partial_fit([[1.0]], ["a"], classes=["a", "b"])
    with pytest.raises(OptionError, match="give the same ones or none"):
        model.partial_fit([[1.0]], ["a"], classes=["a", "c"])
