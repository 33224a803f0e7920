"""Estimators on disk, in pickles and as copies."""

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from throughtime.core.errors import ModelFolderError
from throughtime.estimators import SequenceClassifier, SequenceRegressor
from throughtime.training.model_folder import load_model, save_model

X = np.random.default_rng(0).normal(size=(20, 3))
SMALL: dict[str, Any] = {"cell": "elman", "hidden_size": 8, "epochs": 1, "dropout": 0.1, "random_state": 3}


@pytest.fixture(scope="module")
def model() -> SequenceClassifier:
    return SequenceClassifier(**SMALL).fit(X, (X.sum(1) > 0).astype(int))


def through_pickle(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


def through_joblib(model: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("through", [through_pickle, through_joblib, copy.deepcopy, copy.copy])
def test_a_copy_is_the_estimator_again(model: SequenceClassifier, through: Any) -> None:
    again = through(model)
    assert again.get_params() == model.get_params()
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(again.classes_, model.classes_)
    assert again.n_features_in_ == 3
    assert again.history_ == model.history_


def test_an_estimator_that_is_not_fitted_is_copied_too() -> None:
    assert through_pickle(SequenceRegressor(**SMALL)).get_params() == SequenceRegressor(**SMALL).get_params()


def test_a_pickle_holds_the_two_files_of_the_model_folder(model: SequenceClassifier) -> None:
    card, weights = model.__getstate__()["model_"]
    assert isinstance(card, bytes)
    assert b'"format": "throughtime-model"' in card
    assert isinstance(weights, bytes)


def test_a_damaged_pickle_is_refused(model: SequenceClassifier) -> None:
    state = model.__getstate__()
    card, weights = state["model_"]
    with pytest.raises(ModelFolderError, match=r"the pickled model/.*: the weights are not those"):
        SequenceClassifier().__setstate__(state | {"model_": (card, weights[:-1])})


@pytest.mark.parametrize("classes", [[0, 1], [False, True], [2.0, 30.0], ["b", "a"], ["10", "9"]], ids=str)
def test_what_was_saved_is_loaded(classes: list[Any], tmp_path: Path) -> None:
    labels = np.array(classes)[(X.sum(1) > 0).astype(int)]
    model = SequenceClassifier(**SMALL).fit(X, labels)
    model.save(tmp_path / "model")
    loaded = SequenceClassifier.load(tmp_path / "model")
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.predict(X).tolist() == model.predict(X).tolist()
    assert loaded.classes_.dtype == model.classes_.dtype
    assert loaded.get_params() == model.get_params()
    assert loaded.n_features_in_ == 3
    assert loaded.history_ == model.history_
    loaded.partial_fit(X, labels)


@pytest.mark.parametrize(
    "wiring",
    [
        {"layers": 3, "dilation": 2, "connections": "residual"},
        {"layers": 2, "start_dilation": 2, "connections": "shortcut"},
        {"layers": 2, "dilation": 3, "direction": "both", "connections": "residual"},
    ],
    ids=lambda wiring: "-".join(map(str, wiring.values())),
)
def test_every_wiring_is_saved_and_loaded(wiring: dict[str, Any], tmp_path: Path) -> None:
    model = SequenceClassifier(**SMALL, **wiring).fit(X, (X.sum(1) > 0).astype(int))
    model.save(tmp_path / "model")
    loaded = SequenceClassifier.load(tmp_path / "model")
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert {name: loaded.get_params()[name] for name in wiring} == wiring


def test_a_regressor_is_saved_and_loaded(tmp_path: Path) -> None:
    model = SequenceRegressor(**SMALL).fit(list(X), X.sum(1))
    model.save(tmp_path / "model")
    loaded = SequenceRegressor.load(tmp_path / "model")
    assert np.array_equal(loaded.predict(X), model.predict(X))
    assert not hasattr(loaded, "n_features_in_")


def test_the_folder_is_a_model_folder_like_any_other(model: SequenceClassifier, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    plain = load_model(tmp_path / "model")
    assert plain.predict(list(X)) == [str(label) for label in model.predict(X)]
    save_model(model.model_, tmp_path / "plain")
    assert SequenceClassifier.load(tmp_path / "plain").predict(X).tolist() == plain.predict(list(X))


def test_a_folder_is_replaced_on_request_only(model: SequenceClassifier, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    with pytest.raises(ModelFolderError, match="model: exists already; choose another folder, or pass"):
        model.save(tmp_path / "model")
    model.save(tmp_path / "model", overwrite=True)


def test_nothing_is_saved_before_fit(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        SequenceClassifier().save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_model_of_another_task_is_refused(model: SequenceClassifier, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    with pytest.raises(ModelFolderError, match="to classify, and SequenceRegressor is there to regress"):
        SequenceRegressor.load(tmp_path / "model")
    with pytest.raises(ModelFolderError, match="no such model folder"):
        SequenceRegressor.load(tmp_path / "nothing")
