"""Going on with new data, pass by pass."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from throughtime.core.errors import DataError, DivergedError, OptionError
from throughtime.estimators import SequenceClassifier, SequenceRegressor

SMALL: dict[str, Any] = {"cell": "elman", "hidden_size": 8, "learning_rate": 0.03, "random_state": 0}
WORDS = ["abab", "ababab", "abababab", "aabb", "aaabbb", "aaaabbbb"] * 5
TURNS = ["turns", "turns", "turns", "blocks", "blocks", "blocks"] * 5
CLASSES = ["blocks", "never", "turns"]


@pytest.fixture(scope="module")
def begun() -> SequenceClassifier:
    return SequenceClassifier(**SMALL).partial_fit(WORDS, TURNS, CLASSES).partial_fit(WORDS, TURNS)


def probabilities(model: SequenceClassifier) -> np.ndarray:
    return model.predict_proba(WORDS[:6])


def test_passes_add_up_to_a_model() -> None:
    model = SequenceClassifier(**SMALL)
    for number in range(30):
        model.partial_fit(WORDS, TURNS, classes=CLASSES if number == 0 else None)
    assert model.score(WORDS, TURNS) == 1
    assert model.classes_.tolist() == CLASSES
    assert [row["epoch"] for row in model.history_] == list(range(1, 31))
    assert model.history_[-1]["train_loss"] < 0.3 * model.history_[0]["train_loss"]


def test_numbers_are_learned_pass_by_pass() -> None:
    X = np.random.default_rng(0).normal(size=(60, 5))
    model = SequenceRegressor(**SMALL)
    for _ in range(30):
        model.partial_fit(X, X.sum(1))
    assert model.score(X, X.sum(1)) > 0.5


def test_a_pass_is_an_epoch_of_fit() -> None:
    settings = SMALL | {"epochs": 1, "validation": 0.0}
    fitted = SequenceClassifier(**settings).fit(WORDS, TURNS)
    begun = SequenceClassifier(**settings).partial_fit(WORDS, TURNS, ["blocks", "turns"])
    assert np.array_equal(probabilities(fitted), probabilities(begun))


def test_the_optimiser_keeps_its_state(begun: SequenceClassifier) -> None:
    forgetful = copy.deepcopy(begun)
    forgetful._run = None
    gone_on = copy.deepcopy(begun).partial_fit(WORDS, TURNS)
    assert not np.array_equal(probabilities(forgetful.partial_fit(WORDS, TURNS)), probabilities(gone_on))


def test_a_pickled_model_goes_on_where_it_was(begun: SequenceClassifier) -> None:
    copied = pickle.loads(pickle.dumps(begun))
    assert np.array_equal(probabilities(copied), probabilities(begun))
    never_copied = SequenceClassifier(**SMALL).partial_fit(WORDS, TURNS, CLASSES)
    never_copied.partial_fit(WORDS, TURNS).partial_fit(WORDS, TURNS)
    assert np.array_equal(probabilities(copied.partial_fit(WORDS, TURNS)), probabilities(never_copied))
    assert len(copied.history_) == 3


def test_the_encoder_is_that_of_the_first_call(begun: SequenceClassifier) -> None:
    model = copy.deepcopy(begun)
    model.partial_fit(["abc" * 9, "ab"], ["turns", "blocks"])
    assert model.model_.encoder.model_dump() == begun.model_.encoder.model_dump()
    assert model.model_.boundaries == begun.model_.boundaries


def test_one_seed_is_drawn_for_all_calls() -> None:
    model = SequenceClassifier(**SMALL | {"random_state": np.random.RandomState(0)})
    seed = model.partial_fit(WORDS, TURNS, CLASSES).model_.settings.seed
    assert model.partial_fit(WORDS, TURNS).model_.settings.seed == seed


def test_after_fit_its_model_is_trained_further() -> None:
    model = SequenceClassifier(**SMALL, epochs=3).fit(WORDS, TURNS)
    before, encoder = probabilities(model), model.model_.encoder
    model.partial_fit(WORDS, TURNS)
    assert model.model_.encoder is encoder
    assert [row["epoch"] for row in model.history_] == [1, 2, 3, 4]
    assert not np.array_equal(probabilities(model), before)
    assert len(model.fit(WORDS, TURNS).history_) == 3


def test_the_step_size_may_change(begun: SequenceClassifier) -> None:
    fast, slow = copy.deepcopy(begun), copy.deepcopy(begun).set_params(learning_rate=1e-9)
    before = probabilities(begun)
    assert np.allclose(probabilities(slow.partial_fit(WORDS, TURNS)), before, atol=1e-6)
    assert not np.allclose(probabilities(fast.partial_fit(WORDS, TURNS)), before, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "y", "classes", "message"),
    [
        (
            {"hidden_size": 9},
            TURNS,
            None,
            "hidden_size was changed from 8 to 9, and the model that",
        ),
        ({"optimizer": "sgd"}, TURNS, None, "optimizer was changed from 'adamw' to 'sgd'"),
        (
            {"schedule": "cosine"},
            TURNS,
            None,
            "schedule is 'cosine' and warmup 0, which depend on",
        ),
        (
            {"warmup": 0.1},
            TURNS,
            None,
            "schedule is 'constant' and warmup 0.1, which depend on",
        ),
        (
            {},
            ["odd", *TURNS[1:]],
            None,
            r"y holds the label 'odd', which is not among the classes \[",
        ),
        ({}, TURNS, ["turns", "other"], r"classes are \['other', 'turns'\], but at the first call they were"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(
    begun: SequenceClassifier, change: dict[str, Any], y: Any, classes: Any, message: str
) -> None:
    model = copy.deepcopy(begun).set_params(**change)
    with pytest.raises((OptionError, DataError), match=message):
        model.partial_fit(WORDS, y, classes)
    assert np.array_equal(probabilities(model), probabilities(begun))


def test_the_first_call_needs_the_classes() -> None:
    with pytest.raises(OptionError, match="classes have to be given at the first call of partial_fit, since"):
        SequenceClassifier(**SMALL).partial_fit(WORDS, TURNS)
    with pytest.raises(DataError, match="at least two classes"):
        SequenceClassifier(**SMALL).partial_fit(WORDS, ["turns"] * 30, ["turns"])


def test_a_pass_that_diverges_leaves_the_model_as_it_was(begun: SequenceClassifier) -> None:
    model = copy.deepcopy(begun).set_params(learning_rate=1e38, clip_norm=0.0, batch_size=8)
    with pytest.raises(DivergedError, match=r"in pass 3, with a learning rate of 1e\+38; the weights are"):
        model.partial_fit(WORDS, TURNS)
    assert np.array_equal(probabilities(model), probabilities(begun))
