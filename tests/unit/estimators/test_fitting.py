"""What both estimators do: learn, answer, and answer the same again."""

import doctest
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import throughtime.estimators.saving as saving
from throughtime.core.errors import DataError, DivergedError
from throughtime.estimators import SequenceClassifier, SequenceRegressor, classifier, regressor

EXAMPLES = Path(__file__).parents[3] / "examples" / "data"
SMALL: dict[str, Any] = {"cell": "elman", "hidden_size": 8, "learning_rate": 0.03, "random_state": 0}
WORDS = ["abab", "ababab", "abababab", "aabb", "aaabbb", "aaaabbbb"] * 5
TURNS = ["turns", "turns", "turns", "blocks", "blocks", "blocks"] * 5


def vowels() -> tuple[list[np.ndarray], list[int]]:
    lines = (EXAMPLES / "japanese_vowels_train.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [np.array(record["sequence"]) for record in records], [record["label"] for record in records]


def sums(count: int, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    generator = np.random.default_rng(seed)
    sequences = [generator.uniform(size=length) for length in generator.integers(3, 7, size=count)]
    return sequences, np.array([100 + sequence.sum() for sequence in sequences])


@pytest.mark.parametrize("module", [classifier, regressor])
def test_the_examples_in_the_docstrings_are_true(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted >= 5
    assert result.failed == 0


def test_speakers_are_told_apart_in_cross_validation() -> None:
    model = SequenceClassifier(cell="gru", hidden_size=32, epochs=20, learning_rate=0.01, random_state=0)
    assert cross_val_score(model, *vowels(), cv=3).mean() > 0.9


def test_texts_go_through_a_grid_search() -> None:
    search = GridSearchCV(SequenceClassifier(**SMALL), {"epochs": [1, 30]}, cv=2)
    search.fit(WORDS, TURNS)
    assert search.best_params_ == {"epochs": 30}
    assert search.best_score_ == 1
    assert search.predict(["ababababab", "aaaaabbbbb"]).tolist() == ["turns", "blocks"]
    assert search.predict_proba(["abab"]).shape == (1, 2)


def test_a_pipeline_hands_lists_through() -> None:
    swap = FunctionTransformer(lambda texts: [text.replace("a", "z") for text in texts])
    model = make_pipeline(swap, SequenceClassifier(**SMALL)).fit(WORDS, TURNS)
    assert model.score(WORDS, TURNS) == 1
    assert "z" in model[-1].model_.encoder.symbols


def test_a_pipeline_scales_a_table() -> None:
    table = np.random.default_rng(0).normal(size=(60, 5))
    model = make_pipeline(StandardScaler(), SequenceRegressor(**SMALL)).fit(table, table.sum(1))
    assert model.n_features_in_ == 5
    assert model.score(table, table.sum(1)) > 0.5


def test_sums_are_learned_far_better_than_their_mean() -> None:
    X, y = sums(300)
    model = SequenceRegressor(**SMALL).fit(X[:250], y[:250])
    error, trivial = (
        np.abs(m.predict(X[250:]) - y[250:]).mean() for m in (model, DummyRegressor().fit(X[:250], y[:250]))
    )
    assert error < 0.25 * trivial
    assert model.history_[-1]["r2"] > 0.9


def test_lists_of_symbols_are_learned() -> None:
    symbols = [[{"a": "push", "b": "pull"}[letter] for letter in word] for word in WORDS]
    assert SequenceClassifier(**SMALL).fit(symbols, TURNS).score(symbols, TURNS) == 1


@pytest.mark.parametrize(
    "classes",
    [[3, 20], [-1.0, 2.0], [False, True], ["10", "9"], ["b", "a"], np.array(["no", "yes"], object)],
    ids=str,
)
def test_labels_come_back_as_they_were_given(classes: Any) -> None:
    classes = np.asarray(classes)
    y = classes[[int(turn == "turns") for turn in TURNS]]
    model = SequenceClassifier(**SMALL).fit(WORDS, y)
    assert model.classes_.tolist() == sorted(classes.tolist())
    assert model.classes_.dtype == classes.dtype
    assert model.predict(WORDS).tolist() == y.tolist()
    assert model.score(WORDS, y) == 1
    proba = model.predict_proba(WORDS)
    assert np.array_equal(model.classes_[proba.argmax(1)], y)
    assert np.allclose(proba.sum(1), 1, rtol=1e-12)
    assert np.allclose(np.exp(model.predict_log_proba(WORDS)), proba)


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(1).normal(size=(40, 4))
    return X, X.sum(1)


def test_a_table_is_the_list_of_its_rows(table: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = table
    models = [
        SequenceRegressor(**SMALL, epochs=2).fit(same, y) for same in (X, list(X), X.tolist(), X[..., None])
    ]
    answers = [
        model.predict(same)
        for model, same in zip(models, (X, list(X), X.tolist(), X[..., None]), strict=True)
    ]
    for other in answers[1:]:
        assert np.array_equal(answers[0], other)


def test_one_random_state_gives_one_model(table: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = table
    states = (1, 1, 2, np.random.RandomState(1), np.random.RandomState(1))
    answers = [
        SequenceRegressor(**SMALL | {"random_state": state, "epochs": 2, "dropout": 0.1}).fit(X, y).predict(X)
        for state in states
    ]
    assert np.array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])
    assert np.array_equal(answers[3], answers[4])


def test_the_history_has_a_row_for_each_epoch(table: tuple[np.ndarray, np.ndarray]) -> None:
    model = SequenceRegressor(**SMALL, epochs=3).fit(*table)
    assert [row["epoch"] for row in model.history_] == [1, 2, 3]
    assert {"train_loss", "loss", "r2", "rmse", "mae"} <= model.history_[0].keys()
    assert not hasattr(SequenceRegressor(), "history_")


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (WORDS, None, "SequenceClassifier requires y to be passed, but the target y is None"),
        (WORDS, TURNS[1:], "y has 29 targets but X has 30 sequences; give one target a sequence"),
        (WORDS, ["turns"] * 30, "y holds one class only, 'turns'; give sequences of at least two classes"),
        (WORDS, np.linspace(0, 1, 30), "Unknown label type: continuous"),
        (WORDS, np.array([*TURNS[1:], np.nan], object), "Input contains NaN"),
        (WORDS, np.array([*TURNS[1:], 1], object), "y mixes texts and numbers"),
        (WORDS, np.zeros((30, 2), int), "y should be a 1d array, got an array of shape"),
        ([*WORDS[1:], ""], TURNS, r"X\[29\]: the sequence is empty"),
        ([[1.0, 2.0], [1.0, None]], [0, 1], r"X\[1\]: time step 2 is missing"),
        ([[[1.0, 2.0]], [[1.0, np.nan]]], [0, 1], r"X\[1\]: time step 1, feature 2 is nan where a finite"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], [0, 1], r"X\[1\]: the sequence has 3 numbers a time step"),
    ],
)
def test_what_a_classifier_cannot_learn_from_is_refused(X: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SequenceClassifier(**SMALL, validation=0.0).fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["two", "three"], "y is to hold numbers, one a sequence, and does not: could not convert"),
        ([1.0, np.inf], "Input y contains infinity"),
        ([[1.0, 2.0], [3.0, 4.0]], "y should be a 1d array"),
    ],
)
def test_what_a_regressor_cannot_learn_from_is_refused(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SequenceRegressor(**SMALL, validation=0.0).fit(["ab", "ba"], y)


def test_what_cannot_be_read_as_the_training_data_was_is_refused() -> None:
    model = SequenceClassifier(**SMALL, epochs=1).fit([[0.0, 1.0], [1.0, 0.0, 1.0]] * 10, [0, 1] * 10)
    with pytest.raises(DataError, match=r"X\[1\]: time step 1 is 'a' where a number was expected"):
        model.predict([[1.0], "a"])
    with pytest.raises(NotFittedError, match="This SequenceClassifier instance is not fitted yet"):
        SequenceClassifier().predict(WORDS)


def test_a_run_that_diverges_at_once_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = sums(40)
    with pytest.raises(DivergedError, match="in epoch 1; the run has a learning rate of 1e"):
        SequenceRegressor(**SMALL | {"learning_rate": 1e38, "clip_norm": 0.0}).fit(X, y)


def test_a_run_that_diverges_later_gives_its_best_weights_and_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train = saving.train

    def diverging(*args: Any) -> Any:
        model = train(*args)
        model.report.update(stopped="diverged", best_epoch=1, explanation="the loss became infinite")
        return model

    monkeypatch.setattr(saving, "train", diverging)
    X, y = sums(40)
    with pytest.warns(ConvergenceWarning, match="weights are those of epoch 1: the loss became infinite"):
        SequenceRegressor(**SMALL, epochs=1).fit(X, y)


def test_two_fits_of_one_shape_share_what_was_compiled(
    table: tuple[np.ndarray, np.ndarray], caplog: pytest.LogCaptureFixture
) -> None:
    X, y = table
    SequenceRegressor(**SMALL, epochs=1).fit(X, y).predict(X)
    with jax.log_compiles(), caplog.at_level("WARNING", logger="jax"):
        SequenceRegressor(**SMALL | {"random_state": 5}, epochs=1).fit(X + 1, 3 * y + 1).predict(X)
    assert [record.getMessage() for record in caplog.records if "ompil" in record.getMessage()] == []
