"""Streams by River's verbs and by scikit-learn's: the same model, whichever of the two is used."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from throughtime import SequenceClassifier, SequenceRegressor
from throughtime.core.errors import DataError, ModelFolderError, NotACellError, OptionError
from throughtime.data.encoders import NumberEncoder, NumberTargetEncoder, SequenceEncoder, WordEncoder
from throughtime.estimators import OnlineClassifier, OnlineRegressor
from throughtime.networks.architecture import Architecture
from throughtime.tasks import Classify, Regress, Task
from throughtime.training.model import Model
from throughtime.training.model_folder import build_network, save_model
from throughtime.training.settings import Settings

# One network and one rule for all, so that each of the two estimators is compiled once.
SMALL: dict[str, Any] = {"cell": "elman", "hidden_size": 5, "learning_rate": 0.02, "random_state": 0}


def wave(length: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy sine wave, and its next value."""
    values = np.sin(0.5 * np.arange(length + 1)) + 0.05 * np.random.default_rng(0).normal(size=length + 1)
    return values[:-1, None], values[1:]


def changes(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Bits, and whether each differs from the one before: nothing that one bit alone could tell."""
    bits = np.random.default_rng(1).integers(0, 2, length + 1)
    return bits[1:, None], np.where(bits[1:] != bits[:-1], "other", "same")


def test_a_regressor_beats_persistence_and_the_mean() -> None:
    X, y = wave(2000)
    model = OnlineRegressor(**SMALL)
    model.partial_fit(X[:1900], y[:1900])
    errors = []
    for x, target in zip(X[1900:], y[1900:], strict=True):
        errors.append(model.predict_one(x) - target)
        assert model.learn_one(x, target) is model
    persistence, mean = (X[1900:, 0] - y[1900:]).std(), y[1900:].std()
    assert np.std(errors) < 0.5 * min(persistence, mean)


def test_a_classifier_learns_what_one_element_cannot_tell() -> None:
    X, y = changes(4000)
    model = OnlineClassifier(classes=["same", "other"], **SMALL)
    model.partial_fit(X[:3900], y[:3900])
    answers = [model.read_one(x, label) for x, label in zip(X[3900:], y[3900:], strict=True)]
    assert np.mean([answer["label"] == label for answer, label in zip(answers, y[3900:], strict=True)]) > 0.95
    assert all(0.5 <= answer["probability"] <= 1 for answer in answers)


def test_every_verb_reads_the_same_stream() -> None:
    X, y = wave(10)
    one, told, many = OnlineRegressor(**SMALL), OnlineRegressor(**SMALL), OnlineRegressor(**SMALL)
    many.partial_fit(X[:4], y[:4]).partial_fit(X[4:], y[4:])
    for x, target in zip(X, y, strict=True):
        before = one.predict_one({"value": x[0]})
        one.learn_one({"value": x[0]}, target)
        answer = told.read_one(x, target)["value"]
        assert one.learner_.steps == 1 or answer == pytest.approx(before, rel=1e-6)
    assert one.predict_one({"value": 0.3}) == told.predict_one([0.3]) == many.predict_one([0.3])
    np.testing.assert_allclose(many.predict(X)[0], many.predict_one(X[0]), rtol=1e-6)
    assert one.feature_names_in_.tolist() == ["value"]
    assert many.fit(X, y).predict_one([0.3]) == one.predict_one({"value": 0.3})
    assert many.learner_.steps == 10


def test_without_a_target_memory_goes_on_and_weights_stay() -> None:
    X, y = wave(6)
    model = OnlineRegressor(**SMALL).fit(X, y)
    weights, before = model.learner_.network, model.predict_one(X[0])
    model.read_one(X[3])
    assert model.learner_.steps == 7
    assert model.predict_one(X[0]) != before
    np.testing.assert_array_equal(
        model.learner_.network.cells[0].recurrent_weight, weights.cells[0].recurrent_weight
    )
    first = OnlineRegressor(**SMALL).partial_fit(X[:1], y[:1]).predict_one(X[1])
    model = OnlineRegressor(**SMALL).partial_fit(X[:1], y[:1])
    model.learn_one(X[2], 0.5)
    assert model.reset().predict_one(X[1]) != first


def test_features_go_by_their_names() -> None:
    model = OnlineRegressor(**SMALL)
    model.learn_one({"a": 1.0, "b": 2.0}, 0.5)
    assert model.predict_one({"a": 1.0, "b": 3.0}) == model.predict_one({"b": 3.0, "a": 1.0})
    assert model.predict_one({"a": 1.0, "b": 3.0}) != model.predict_one({"a": 3.0, "b": 1.0})
    with pytest.raises(DataError, match=r"missing: \['b'\], unknown: \['c'\]"):
        model.predict_one({"a": 1.0, "c": 2.0})
    with pytest.raises(DataError, match=r"X has 1 features.*expecting 2"):
        model.predict_one([1.0])


def test_scikit_learn_knows_when_there_is_a_model() -> None:
    X, y = changes(4)
    assert OnlineRegressor().predict_one({"a": 1.0}) == 0.0
    model = OnlineClassifier(classes=["same", "other"], **SMALL)
    assert model.predict_one([1.0]) is None
    assert model.predict_proba_one([1.0]) == {}
    for ask in (check_is_fitted, lambda model: model.predict([[1.0]])):
        with pytest.raises(NotFittedError):
            ask(model)
    model.partial_fit(X, y)
    check_is_fitted(model)
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(model))


def test_probabilities_are_by_label_and_add_up_to_one() -> None:
    X, y = changes(5)
    model = OnlineClassifier(**SMALL).partial_fit(X, y, classes=np.unique(y))
    by_label = model.predict_proba_one(X[0])
    assert list(by_label) == ["other", "same"]
    assert sum(by_label.values()) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(model.predict_proba(X)[0], list(by_label.values()), rtol=1e-6)
    assert model.predict_one(X[0]) == max(by_label, key=by_label.__getitem__) == model.predict(X)[0]
    assert 0 <= model.score(X, y) <= 1


@pytest.mark.parametrize("through", ["folder", "pickle"])
def test_a_saved_model_goes_on_to_the_last_bit(through: str, tmp_path: Path) -> None:
    X, y = changes(12)
    whole = OnlineClassifier(**SMALL).partial_fit(X[:6], y[:6], classes=np.unique(y))
    if through == "folder":
        whole.save(tmp_path / "model")
        restored = OnlineClassifier.load(tmp_path / "model")
        with pytest.raises(ModelFolderError, match="holds OnlineClassifier, and this is OnlineRegressor"):
            OnlineRegressor.load(tmp_path / "model")
        with pytest.raises(ModelFolderError, match="exists already"):
            whole.save(tmp_path / "model")
    else:
        restored = pickle.loads(pickle.dumps(whole))
    for x, label in zip(X[6:], y[6:], strict=True):
        for model in (whole, restored):
            model.learn_one(x, label)
    assert whole.predict_proba_one(X[0]) == restored.predict_proba_one(X[0])
    assert restored.classes_.dtype == whole.classes_.dtype
    assert restored.learner_.steps == 12
    assert clone(restored).get_params()["hidden_size"] == 5


def test_a_learner_without_an_estimator_is_told_apart(tmp_path: Path) -> None:
    X, y = wave(2)
    model = OnlineRegressor(**SMALL).fit(X, y)
    model.learner_.save(tmp_path / "plain")
    with pytest.raises(ModelFolderError, match="holds a learner without an estimator"):
        OnlineRegressor.load(tmp_path / "plain")


def test_the_constructor_only_stores() -> None:
    model = OnlineClassifier(classes=("a", "b"), cell="nonsense", clip_norm=-1)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(OptionError, match="cell is 'nonsense'"):
        model.learn_one([1.0], "a")
    assert not [name for name in vars(model) if name.endswith("_")]


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
    model.learn_one([1.0], 1.0)
    with pytest.raises(DataError, match="x holds NaN or infinity"):
        model.learn_one([np.inf], 1.0)
    with pytest.raises(DataError, match="features have no names"):
        model.predict_one({"a": 1.0})
    with pytest.raises(DataError, match=r"x has shape \(\)"):
        model.predict_one(1.0)


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
    assert model.fit([[1.0], [2.0]], [7, 3]).classes_.tolist() == [3, 7]


def saved(folder: Path, task: Task, encoder: SequenceEncoder, **architecture: Any) -> Path:
    """The folder of a model that nothing was learned by."""
    network = Architecture(cell="elman", hidden_size=5, dropout=0.1, **architecture)
    settings = Settings(task=task.name, network=network)
    model = Model(settings, encoder, task, build_network(settings, encoder, task), (4,))
    save_model(model, folder)
    return folder


NUMBERS = NumberEncoder(mean=(100.0,), scale=(20.0,))
REGRESS = Regress(scale=NumberTargetEncoder(mean=1000.0, scale=300.0))
CLASSIFY = Classify.fit([("10", None), ("9", None)])


def test_a_stream_starts_from_a_model_with_its_units_and_classes(tmp_path: Path) -> None:
    sequence = np.array([[90.0], [130.0], [110.0]])
    regressor = saved(tmp_path / "regressor", REGRESS, NUMBERS)
    offline = SequenceRegressor.load(regressor)
    model = OnlineRegressor(start_from=regressor, learning_rate=0.02, random_state=0)
    answers = [model.read_one(element)["value"] for element in sequence]
    np.testing.assert_allclose(answers[-1], offline.predict([sequence])[0], rtol=1e-4)
    model.save(tmp_path / "stream")
    assert OnlineRegressor.load(tmp_path / "stream").predict_one([95.0]) == model.predict_one([95.0])

    folder = saved(tmp_path / "classifier", CLASSIFY, NUMBERS)
    labels = SequenceClassifier.load(folder)
    classifier = OnlineClassifier(start_from=str(folder), learning_rate=0.02, random_state=0)
    classifier.read_one(sequence[0])
    assert classifier.classes_.tolist() == labels.classes_.tolist() == ["9", "10"]
    np.testing.assert_allclose(
        list(classifier.predict_proba_one(sequence[1]).values()),
        labels.predict_proba([sequence[:2]])[0],
        rtol=1e-4,
    )


def test_models_that_do_not_fit_a_stream_are_refused(tmp_path: Path) -> None:
    regressor = saved(tmp_path / "regressor", REGRESS, NUMBERS)
    classifier = saved(tmp_path / "classifier", CLASSIFY, NUMBERS)
    words = saved(tmp_path / "words", CLASSIFY, WordEncoder.fit(["a b", "b c"]))
    both = saved(tmp_path / "both", REGRESS, NUMBERS, direction="both")
    with pytest.raises(OptionError, match="a model that was trained to classify"):
        OnlineRegressor(start_from=classifier).read_one([1.0])
    with pytest.raises(OptionError, match=r"cell is 'lstm' and start_from is .* a model of cell='elman'"):
        OnlineRegressor(start_from=regressor, cell="lstm").read_one([1.0])
    with pytest.raises(OptionError, match="a model that reads words"):
        OnlineClassifier(start_from=words).read_one([1.0])
    with pytest.raises(OptionError, match=r"those of the model to start from are \['9', '10'\]"):
        OnlineClassifier(start_from=classifier, classes=[1, 2]).read_one([1.0])
    with pytest.raises(NotACellError, match="Chain must see the whole sequence"):
        OnlineRegressor(start_from=both).read_one([1.0])
