"""The estimator of texts learns, scores, writes, and is saved, as scikit-learn's are."""

import pickle
from pathlib import Path

import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from throughtime import SequenceGenerator
from throughtime.core.errors import DataError, ModelFolderError, OptionError
from throughtime.estimators import SequenceClassifier

LINES = ["one two three four five"] * 30
MODEL = SequenceGenerator(
    cell="gru", hidden_size=12, learning_rate=0.03, chunk_size=24, batch_size=4, epochs=8, random_state=0
)


@pytest.fixture(scope="module")
def fitted() -> SequenceGenerator:
    return clone(MODEL).fit(LINES)


def test_what_was_learned_is_written_and_scored(fitted: SequenceGenerator) -> None:
    assert fitted.generate("one two", temperature=0, length=16) == " three four five"
    assert fitted.score(LINES[:2]) > fitted.score(["five four three two one"])
    assert fitted.history_[-1]["loss"] < fitted.history_[0]["loss"]


def test_saved_and_pickled_it_writes_the_same(fitted: SequenceGenerator, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    text = fitted.generate(length=30, seed=1)
    for again in (SequenceGenerator.load(tmp_path / "model"), pickle.loads(pickle.dumps(fitted))):
        assert again.generate(length=30, seed=1) == text
        assert again.get_params() == fitted.get_params()
    with pytest.raises(ModelFolderError, match="was trained to generate, and SequenceClassifier is there to"):
        SequenceClassifier.load(tmp_path / "model")


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(NotFittedError):
        MODEL.generate()
    with pytest.raises(DataError, match=r"X is str; give a list of texts, .* \[text\] for a single one"):
        clone(MODEL).fit("one text")
    with pytest.raises(OptionError, match="direction is 'both', and a text is read from its beginning on"):
        clone(MODEL).set_params(direction="both", chunk_size=None).fit(LINES)
