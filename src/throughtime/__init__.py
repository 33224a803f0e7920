"""Sequence learning with recurrent networks: every architecture, every way to train it, every sequence task.

The layers of the library, from the inside out: cells and `unroll`; networks made of cells; learning rules; data from
files; tasks; the training loop; scikit-learn estimators; the shell command `throughtime`.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from throughtime.cells import GRU, LSTM, Elman, ElmanState, GRUState, LSTMState
from throughtime.core.cell import Cell, NoState, PointwiseCell
from throughtime.core.sequence_map import Network, SequenceMap, apply
from throughtime.core.state import initial_states
from throughtime.core.unroll import unroll
from throughtime.learning import BPTT, Gradient, LearningRule, gradient_over_chunks
from throughtime.networks import (
    AttentionPooling,
    Bidirectional,
    Chain,
    Dropout,
    Embedding,
    FixedWindow,
    Linear,
    MeanPooling,
    Stack,
    one_hot,
    wire,
    without_noise,
)

if TYPE_CHECKING:
    from throughtime.estimators import SequenceClassifier, SequenceRegressor
    from throughtime.training.model_folder import load_model

__version__ = metadata.version("throughtime")

# These pull in scikit-learn and the file readers, which a user of cells alone should not wait for.
_LAZY = {
    "SequenceClassifier": "throughtime.estimators",
    "SequenceRegressor": "throughtime.estimators",
    "load_model": "throughtime.training.model_folder",
}

__all__ = [
    "BPTT",
    "GRU",
    "LSTM",
    "AttentionPooling",
    "Bidirectional",
    "Cell",
    "Chain",
    "Dropout",
    "Elman",
    "ElmanState",
    "Embedding",
    "FixedWindow",
    "GRUState",
    "Gradient",
    "LSTMState",
    "LearningRule",
    "Linear",
    "MeanPooling",
    "Network",
    "NoState",
    "PointwiseCell",
    "SequenceClassifier",
    "SequenceMap",
    "SequenceRegressor",
    "Stack",
    "apply",
    "gradient_over_chunks",
    "initial_states",
    "load_model",
    "one_hot",
    "unroll",
    "wire",
    "without_noise",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'throughtime' has no attribute {name!r}")
