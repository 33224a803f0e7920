"""scikit-learn's own checks of its rules, on both estimators."""

from collections.abc import Callable
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from throughtime.estimators import SequenceClassifier, SequenceRegressor

# Small, so that the checks are quick, and still able to learn what some of them ask for. Nothing is held out,
# since a check may come with ten records.
SMALL: dict[str, Any] = {
    "cell": "elman",
    "hidden_size": 8,
    "epochs": 10,
    "learning_rate": 0.03,
    "validation": 0,
}


@parametrize_with_checks([SequenceClassifier(**SMALL), SequenceRegressor(**SMALL)])
def test_scikit_learn_check(estimator: object, check: Callable[[object], None]) -> None:
    """Not one of the checks is expected to fail."""
    check(estimator)
