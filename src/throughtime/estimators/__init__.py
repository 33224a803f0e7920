"""The scikit-learn face: estimators of sequences, and of streams."""

from throughtime.estimators.classifier import SequenceClassifier
from throughtime.estimators.online import OnlineClassifier, OnlineRegressor
from throughtime.estimators.regressor import SequenceRegressor

__all__ = ["OnlineClassifier", "OnlineRegressor", "SequenceClassifier", "SequenceRegressor"]
