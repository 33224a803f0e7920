"""The scikit-learn face."""

from throughtime.estimators.classifier import SequenceClassifier
from throughtime.estimators.forecaster import SequenceForecaster
from throughtime.estimators.generator import SequenceGenerator
from throughtime.estimators.labeller import SequenceLabeller
from throughtime.estimators.online_classifier import OnlineClassifier
from throughtime.estimators.online_regressor import OnlineRegressor
from throughtime.estimators.regressor import SequenceRegressor
from throughtime.estimators.transducer import SequenceTransducer

__all__ = [
    "OnlineClassifier",
    "OnlineRegressor",
    "SequenceClassifier",
    "SequenceForecaster",
    "SequenceGenerator",
    "SequenceLabeller",
    "SequenceRegressor",
    "SequenceTransducer",
]
