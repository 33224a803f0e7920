"""The scikit-learn face."""

from throughtime.estimators.classifier import SequenceClassifier
from throughtime.estimators.labeller import SequenceLabeller
from throughtime.estimators.regressor import SequenceRegressor

__all__ = ["SequenceClassifier", "SequenceLabeller", "SequenceRegressor"]
