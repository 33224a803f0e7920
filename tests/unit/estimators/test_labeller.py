"""The estimator that labels each element."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from throughtime import SequenceLabeller
from throughtime.core.errors import DataError, OptionError

X = [["x", "y", "x"], ["y", "y", "x", "x"], ["x", "x"], ["y", "x", "y", "y"]] * 10
Y = [["new" if row[t] != row[t - 1] or t == 0 else "again" for t in range(len(row))] for row in X]
SMALL = {"cell": "gru", "hidden_size": 16, "learning_rate": 0.03, "random_state": 0}


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_it_learns_and_can_be_saved(tmp_path: Path, head: str) -> None:
    model = SequenceLabeller(head=head, **SMALL).fit(X, Y)
    assert model.predict([["y", "x", "x", "y"], ["x"]]) == [["new", "new", "again", "new"], ["new"]]
    assert model.score(X, Y) == 1
    model.save(tmp_path / "model")
    assert SequenceLabeller.load(tmp_path / "model").predict(X[:2]) == Y[:2]


def test_numbers_of_frames_and_letters_of_a_text(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    frames = [draw.normal(size=(length, 2)) for length in draw.integers(2, 6, size=40)]
    signs = ["".join("+-"[int(value < 0)] for value in one[:, 0]) for one in frames]
    model = SequenceLabeller(epochs=40, **SMALL).fit(frames, signs)
    assert model.score(frames, signs) > 0.95


def test_scikit_learn_can_clone_and_cross_validate_it() -> None:
    model = SequenceLabeller(epochs=3, **SMALL)
    assert len(cross_val_score(clone(model), X, Y, cv=2)) == 2


def test_what_cannot_be_used_is_refused() -> None:
    model = SequenceLabeller(**SMALL)
    with pytest.raises(NotFittedError):
        model.predict(X)
    with pytest.raises(DataError, match=r"^X\[0\].*: there are 3 elements and 2 labels"):
        model.fit(X, [["new", "new"], *Y[1:]])
    with pytest.raises(DataError, match=r"^y is to be a list with a list of labels for each sequence"):
        model.fit(X, None)
    with pytest.raises(DataError, match=r"the target is 1; give a list of labels"):
        model.fit(X, [1] * len(X))
    with pytest.raises(OptionError, match=r"^head is 'cfr' \(did you mean 'crf'\?\)"):
        SequenceLabeller(head="cfr").fit(X, Y)
    with pytest.raises(OptionError, match=r"^metric is 'span_f1', and the labels \(again, new, …\)"):
        SequenceLabeller(metric="span_f1", **SMALL).fit(X, Y)
