"""The scikit-learn face."""

from throughtime.estimators.classifier import SequenceClassifier
from throughtime.estimators.regressor import SequenceRegressor
from throughtime.estimators.transducer import SequenceTransducer

__all__ = ["SequenceClassifier", "SequenceRegressor", "SequenceTransducer"]
