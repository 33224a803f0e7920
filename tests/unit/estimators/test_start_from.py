"""Estimators that start from a saved model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from throughtime.core.errors import ModelFolderError, OptionError
from throughtime.estimators import SequenceClassifier, SequenceRegressor

SMALL: dict[str, Any] = {
    "cell": "gru",
    "hidden_size": 8,
    "embedding_size": 4,
    "learning_rate": 0.02,
    "batch_size": 8,
    "validation": 0,
}
WORDS = ["abab", "ababab", "abababab", "aabb", "aaabbb", "aaaabbbb"] * 5
TURNS = ["turns", "turns", "turns", "blocks", "blocks", "blocks"] * 5
OTHER = [f"c{word[::-1]}" for word in WORDS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = SequenceClassifier(**SMALL, epochs=15, random_state=0).fit(WORDS, TURNS)
    folder = tmp_path_factory.mktemp("source") / "model"
    model.save(folder)
    return folder


def first_losses(start_from: Any) -> list[float]:
    """Return the training loss of the third epoch on other words with other labels, with several seeds."""
    named = ["no" if label == "turns" else "yes" for label in TURNS]
    return [
        SequenceClassifier(**SMALL, epochs=3, start_from=start_from, random_state=seed)
        .fit(OTHER, named)
        .history_[-1]["train_loss"]
        for seed in range(1, 4)
    ]


def test_a_model_of_other_labels_is_a_better_start(folder: Path) -> None:
    for pretrained, scratch in zip(first_losses(folder), first_losses(None), strict=True):
        assert pretrained < 0.9 * scratch


def test_parameter_is_stored_as_given_and_checked_by_fit(folder: Path) -> None:
    for given in (folder, str(folder)):
        model = clone(SequenceClassifier(**SMALL, start_from=given))
        assert model.get_params()["start_from"] == given
        assert model._settings().training.start_from == str(folder)
    with pytest.raises(ModelFolderError, match=r"nowhere: there is no such model folder"):
        SequenceClassifier(start_from="nowhere").fit(WORDS, TURNS)
    with pytest.raises(
        OptionError, match=r"^start_from is .*a model that reads symbols, and these sequences are num"
    ):
        SequenceRegressor(**SMALL, start_from=folder).fit([[0.0, 1.0], [1.0, 0.0]] * 2, [1, 2, 3, 4])


def test_a_regressor_starts_from_a_classifier(folder: Path) -> None:
    model = SequenceRegressor(**SMALL, epochs=1, start_from=folder, random_state=0)
    model.fit(WORDS, np.arange(len(WORDS)))
    assert "taken from" in model.model_.report["notes"][-1]


def test_passes_over_parts_start_there_too(folder: Path) -> None:
    model = SequenceClassifier(**SMALL, start_from=folder, random_state=0)
    model.partial_fit(WORDS, TURNS, np.unique(TURNS))
    assert "layer 0 (GRU from 4 to 8)" in model.model_.report["notes"][-1]
    first = model.history_[0]["train_loss"]
    model.partial_fit(WORDS, TURNS)
    assert model.history_[1]["train_loss"] < first
    scratch = SequenceClassifier(**SMALL, random_state=0).partial_fit(WORDS, TURNS, np.unique(TURNS))
    assert first < scratch.history_[0]["train_loss"]
