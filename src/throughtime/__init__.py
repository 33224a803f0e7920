"""Sequence learning with recurrent networks: every architecture, every way to train it, every sequence task.

The layers of the library, from the inside out: cells and `unroll`; networks made of cells; learning rules;
data from files; tasks; the training loop; scikit-learn estimators; the shell command `throughtime`.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from throughtime.cells import (
        GRU,
        IRNN,
        LSTM,
        SEARCH_SPACE,
        CoupledLSTM,
        CoupledPeepholeLSTM,
        Elman,
        ElmanState,
        FullGateRecurrenceLSTM,
        GateRecurrenceState,
        GRUState,
        HigherOrderElman,
        HigherOrderState,
        Jordan,
        JordanState,
        LSTMState,
        MinimalGatedUnit,
        NoForgetGateLSTM,
        NoInputActivationLSTM,
        NoInputGateLSTM,
        NoOutputActivationLSTM,
        NoOutputGateLSTM,
        OriginalLSTM,
        PartialPeepholeLSTM,
        PeepholeLSTM,
        ResetBeforeGRU,
    )
    from throughtime.core.cell import Cell, NoState, PointwiseCell
    from throughtime.core.sequence_map import Network, SequenceMap, apply
    from throughtime.core.state import initial_states
    from throughtime.core.unroll import unroll
    from throughtime.estimators import SequenceClassifier, SequenceRegressor
    from throughtime.learning import BPTT, Gradient, LearningRule, gradient_over_chunks
    from throughtime.networks import (
        AttentionPooling,
        Bidirectional,
        Chain,
        ConnectedMap,
        Dilated,
        Dropout,
        Embedding,
        FixedWindow,
        LearnedStart,
        Linear,
        MeanPooling,
        Residual,
        Shortcut,
        Stack,
        connect,
        dilated_stack,
        one_hot,
        wire,
        without_noise,
    )
    from throughtime.serving import Stream
    from throughtime.training.model_folder import load_model

    __version__: str

__all__ = [
    "BPTT",
    "GRU",
    "IRNN",
    "LSTM",
    "SEARCH_SPACE",
    "AttentionPooling",
    "Bidirectional",
    "Cell",
    "Chain",
    "ConnectedMap",
    "CoupledLSTM",
    "CoupledPeepholeLSTM",
    "Dilated",
    "Dropout",
    "Elman",
    "ElmanState",
    "Embedding",
    "FixedWindow",
    "FullGateRecurrenceLSTM",
    "GRUState",
    "GateRecurrenceState",
    "Gradient",
    "HigherOrderElman",
    "HigherOrderState",
    "Jordan",
    "JordanState",
    "LSTMState",
    "LearnedStart",
    "LearningRule",
    "Linear",
    "MeanPooling",
    "MinimalGatedUnit",
    "Network",
    "NoForgetGateLSTM",
    "NoInputActivationLSTM",
    "NoInputGateLSTM",
    "NoOutputActivationLSTM",
    "NoOutputGateLSTM",
    "NoState",
    "OriginalLSTM",
    "PartialPeepholeLSTM",
    "PeepholeLSTM",
    "PointwiseCell",
    "ResetBeforeGRU",
    "Residual",
    "SequenceClassifier",
    "SequenceMap",
    "SequenceRegressor",
    "Shortcut",
    "Stack",
    "Stream",
    "apply",
    "connect",
    "dilated_stack",
    "gradient_over_chunks",
    "initial_states",
    "load_model",
    "one_hot",
    "unroll",
    "wire",
    "without_noise",
]


# Each name is imported when it is first asked for: the shell answers `--help` without waiting for JAX, and a
# user of cells alone does not wait for the file readers.
_HOMES = {
    "cells": (
        "GRU",
        "IRNN",
        "LSTM",
        "SEARCH_SPACE",
        "CoupledLSTM",
        "CoupledPeepholeLSTM",
        "Elman",
        "ElmanState",
        "FullGateRecurrenceLSTM",
        "GRUState",
        "GateRecurrenceState",
        "HigherOrderElman",
        "HigherOrderState",
        "Jordan",
        "JordanState",
        "LSTMState",
        "MinimalGatedUnit",
        "NoForgetGateLSTM",
        "NoInputActivationLSTM",
        "NoInputGateLSTM",
        "NoOutputActivationLSTM",
        "NoOutputGateLSTM",
        "OriginalLSTM",
        "PartialPeepholeLSTM",
        "PeepholeLSTM",
        "ResetBeforeGRU",
    ),
    "core.cell": ("Cell", "NoState", "PointwiseCell"),
    "core.sequence_map": ("Network", "SequenceMap", "apply"),
    "core.state": ("initial_states",),
    "core.unroll": ("unroll",),
    "estimators": ("SequenceClassifier", "SequenceRegressor"),
    "learning": ("BPTT", "Gradient", "LearningRule", "gradient_over_chunks"),
    "networks": (
        "AttentionPooling",
        "Bidirectional",
        "Chain",
        "ConnectedMap",
        "Dilated",
        "Dropout",
        "Embedding",
        "FixedWindow",
        "LearnedStart",
        "Linear",
        "MeanPooling",
        "Residual",
        "Shortcut",
        "Stack",
        "connect",
        "dilated_stack",
        "one_hot",
        "wire",
        "without_noise",
    ),
    "serving": ("Stream",),
    "training.model_folder": ("load_model",),
}
_HOME_OF = {name: f"throughtime.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = metadata.version("throughtime")
    elif name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module 'throughtime' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
