"""scikit-learn's own checks of its rules, on both estimators."""

from collections.abc import Callable
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from throughtime.estimators import SequenceClassifier, SequenceRegressor

# Small, so that the checks are quick, and still able to learn what some of them ask for. Nothing is held out,
# since a check may come with ten records.
SMALL: dict[str, Any] = dict(cell="elman", hidden_size=8, epochs=10, learning_rate=0.03, validation=0)

EXPECTED_FAILURES = {
    "check_dtype_object": (
        "an estimator that takes texts is asked to take a mapping among the numbers of X as well, and a mapping "
        "is no element of any sequence"
    ),
}


def expected_failures(estimator: object) -> dict[str, str]:
    return EXPECTED_FAILURES


@parametrize_with_checks(
    [SequenceClassifier(**SMALL), SequenceRegressor(**SMALL)], expected_failed_checks=expected_failures
)
def test_scikit_learn_check(estimator: object, check: Callable[[object], None]) -> None:
    check(estimator)
