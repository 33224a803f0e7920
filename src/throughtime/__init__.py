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
        LRU,
        LSTM,
        SEARCH_SPACE,
        ConvolutionalGRU,
        ConvolutionalGRUState,
        ConvolutionalLSTM,
        ConvolutionalLSTMState,
        CoupledLSTM,
        CoupledPeepholeLSTM,
        DepthLSTM,
        ElementwiseLSTM,
        ElementwiseLSTMState,
        Elman,
        ElmanState,
        FullGateRecurrenceLSTM,
        GateRecurrenceState,
        GridLSTM,
        GridState,
        GRUState,
        HigherOrderElman,
        HigherOrderState,
        IndRNN,
        IndRNNState,
        InputGatedState,
        Jordan,
        JordanState,
        LeakyElman,
        LSTMState,
        MinGRU,
        MinimalGatedUnit,
        MinLSTM,
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
    from throughtime.core.elementwise import ElementwiseCell, LinearCell
    from throughtime.core.linear_recurrence import ComplexState
    from throughtime.core.sequence_map import Network, SequenceMap, apply
    from throughtime.core.state import initial_states
    from throughtime.core.unroll import unroll
    from throughtime.estimators import (
        OnlineClassifier,
        OnlineRegressor,
        SequenceClassifier,
        SequenceGenerator,
        SequenceLabeller,
        SequenceRegressor,
        SequenceTransducer,
    )
    from throughtime.learning import (
        BPTT,
        KFRTRL,
        RFLO,
        RTRL,
        UORO,
        Curvature,
        Descent,
        EProp,
        ForwardGradient,
        Gradient,
        HessianFreeState,
        LearningRule,
        LogisticEquations,
        NormalEquations,
        ReadoutSolver,
        SnAp,
        TaughtOnline,
        TriangularEquations,
        TruncatedBPTT,
        conjugate_gradients,
        fit_components,
        fit_readout,
        force,
        gauss_newton,
        gradient_over_chunks,
        hessian_free,
        recursive_update,
    )
    from throughtime.networks import (
        AdditiveAttention,
        AttentionPooling,
        Bidirectional,
        Bridge,
        Chain,
        ConditionalRandomField,
        ConnectedMap,
        ConstantProbability,
        Convolution,
        Dilated,
        Dropout,
        Embedding,
        EncoderDecoder,
        ExpectedSymbol,
        ExpectedZoneout,
        ExponentialDecay,
        FixedWindow,
        InverseSigmoidDecay,
        LayerNormalisation,
        LearnedStart,
        LikeliestSymbol,
        Linear,
        LinearDecay,
        LogSoftmax,
        LookThenStep,
        MeanPooling,
        MultiplicativeAttention,
        NetNoise,
        NormalisedSums,
        OutputFeedback,
        Parallel,
        RecurrentDropout,
        Residual,
        ResidualStep,
        SampledSymbol,
        ScheduledSampling,
        Shortcut,
        SpatialGridLSTM,
        Stack,
        StepThenLook,
        TeacherForcing,
        TiedStack,
        TokenEmbedding,
        Values,
        Zoneout,
        at_iteration,
        bridge_between,
        connect,
        dilated_stack,
        free_running,
        from_flax,
        from_keras,
        from_torch,
        looking_at,
        one_hot,
        to_flax,
        to_keras,
        to_torch,
        transplant,
        whole_memory,
        wire,
        without_noise,
    )
    from throughtime.reservoirs import (
        EchoState,
        LearnedScaling,
        ModelSpace,
        ReservoirState,
        SparseRows,
        scalings,
    )
    from throughtime.serving import Stream
    from throughtime.training.model_folder import load_model
    from throughtime.training.online import OnlineLearner

    __version__: str

__all__ = [
    "BPTT",
    "GRU",
    "IRNN",
    "KFRTRL",
    "LRU",
    "LSTM",
    "RFLO",
    "RTRL",
    "SEARCH_SPACE",
    "UORO",
    "AdditiveAttention",
    "AttentionPooling",
    "Bidirectional",
    "Bridge",
    "Cell",
    "Chain",
    "ComplexState",
    "ConditionalRandomField",
    "ConnectedMap",
    "ConstantProbability",
    "Convolution",
    "ConvolutionalGRU",
    "ConvolutionalGRUState",
    "ConvolutionalLSTM",
    "ConvolutionalLSTMState",
    "CoupledLSTM",
    "CoupledPeepholeLSTM",
    "Curvature",
    "DepthLSTM",
    "Descent",
    "Dilated",
    "Dropout",
    "EProp",
    "EchoState",
    "ElementwiseCell",
    "ElementwiseLSTM",
    "ElementwiseLSTMState",
    "Elman",
    "ElmanState",
    "Embedding",
    "EncoderDecoder",
    "ExpectedSymbol",
    "ExpectedZoneout",
    "ExponentialDecay",
    "FixedWindow",
    "ForwardGradient",
    "FullGateRecurrenceLSTM",
    "GRUState",
    "GateRecurrenceState",
    "Gradient",
    "GridLSTM",
    "GridState",
    "HessianFreeState",
    "HigherOrderElman",
    "HigherOrderState",
    "IndRNN",
    "IndRNNState",
    "InputGatedState",
    "InverseSigmoidDecay",
    "Jordan",
    "JordanState",
    "LSTMState",
    "LayerNormalisation",
    "LeakyElman",
    "LearnedScaling",
    "LearnedStart",
    "LearningRule",
    "LikeliestSymbol",
    "Linear",
    "LinearCell",
    "LinearDecay",
    "LogSoftmax",
    "LogisticEquations",
    "LookThenStep",
    "MeanPooling",
    "MinGRU",
    "MinLSTM",
    "MinimalGatedUnit",
    "ModelSpace",
    "MultiplicativeAttention",
    "NetNoise",
    "Network",
    "NoForgetGateLSTM",
    "NoInputActivationLSTM",
    "NoInputGateLSTM",
    "NoOutputActivationLSTM",
    "NoOutputGateLSTM",
    "NoState",
    "NormalEquations",
    "NormalisedSums",
    "OnlineClassifier",
    "OnlineLearner",
    "OnlineRegressor",
    "OriginalLSTM",
    "OutputFeedback",
    "Parallel",
    "PartialPeepholeLSTM",
    "PeepholeLSTM",
    "PointwiseCell",
    "ReadoutSolver",
    "RecurrentDropout",
    "ReservoirState",
    "ResetBeforeGRU",
    "Residual",
    "ResidualStep",
    "SampledSymbol",
    "ScheduledSampling",
    "SequenceClassifier",
    "SequenceGenerator",
    "SequenceLabeller",
    "SequenceMap",
    "SequenceRegressor",
    "SequenceTransducer",
    "Shortcut",
    "SnAp",
    "SparseRows",
    "SpatialGridLSTM",
    "Stack",
    "StepThenLook",
    "Stream",
    "TaughtOnline",
    "TeacherForcing",
    "TiedStack",
    "TokenEmbedding",
    "TriangularEquations",
    "TruncatedBPTT",
    "Values",
    "Zoneout",
    "apply",
    "at_iteration",
    "bridge_between",
    "conjugate_gradients",
    "connect",
    "dilated_stack",
    "fit_components",
    "fit_readout",
    "force",
    "free_running",
    "from_flax",
    "from_keras",
    "from_torch",
    "gauss_newton",
    "gradient_over_chunks",
    "hessian_free",
    "initial_states",
    "load_model",
    "looking_at",
    "one_hot",
    "recursive_update",
    "scalings",
    "to_flax",
    "to_keras",
    "to_torch",
    "transplant",
    "unroll",
    "whole_memory",
    "wire",
    "without_noise",
]


# Each name is imported when it is first asked for: the shell answers `--help` without waiting for JAX, and a
# user of cells alone does not wait for the file readers.
_HOMES: dict[str, str] = {
    "cells": (
        "GRU IRNN LRU LSTM SEARCH_SPACE ConvolutionalGRU ConvolutionalGRUState ConvolutionalLSTM "
        "ConvolutionalLSTMState CoupledLSTM CoupledPeepholeLSTM DepthLSTM ElementwiseLSTM "
        "ElementwiseLSTMState Elman ElmanState FullGateRecurrenceLSTM GRUState GateRecurrenceState "
        "GridLSTM GridState HigherOrderElman HigherOrderState IndRNN IndRNNState InputGatedState Jordan "
        "JordanState LSTMState LeakyElman MinGRU MinLSTM MinimalGatedUnit NoForgetGateLSTM "
        "NoInputActivationLSTM NoInputGateLSTM NoOutputActivationLSTM NoOutputGateLSTM OriginalLSTM "
        "PartialPeepholeLSTM PeepholeLSTM ResetBeforeGRU"
    ),
    "core.cell": "Cell NoState PointwiseCell",
    "core.elementwise": "ElementwiseCell LinearCell",
    "core.linear_recurrence": "ComplexState",
    "core.sequence_map": "Network SequenceMap apply",
    "core.state": "initial_states",
    "core.unroll": "unroll",
    "estimators": (
        "OnlineClassifier OnlineRegressor SequenceClassifier SequenceGenerator SequenceLabeller "
        "SequenceRegressor SequenceTransducer"
    ),
    "learning": (
        "BPTT KFRTRL RFLO RTRL UORO Curvature Descent EProp ForwardGradient Gradient HessianFreeState "
        "LearningRule LogisticEquations NormalEquations ReadoutSolver SnAp TaughtOnline "
        "TriangularEquations TruncatedBPTT conjugate_gradients fit_components fit_readout force "
        "gauss_newton gradient_over_chunks hessian_free recursive_update"
    ),
    "networks": (
        "AdditiveAttention AttentionPooling Bidirectional Bridge Chain ConditionalRandomField "
        "ConnectedMap ConstantProbability Convolution Dilated Dropout Embedding EncoderDecoder "
        "ExpectedSymbol ExpectedZoneout ExponentialDecay FixedWindow InverseSigmoidDecay "
        "LayerNormalisation LearnedStart LikeliestSymbol Linear LinearDecay LogSoftmax LookThenStep "
        "MeanPooling MultiplicativeAttention NetNoise NormalisedSums OutputFeedback Parallel "
        "RecurrentDropout Residual ResidualStep SampledSymbol ScheduledSampling Shortcut SpatialGridLSTM "
        "Stack StepThenLook TeacherForcing TiedStack TokenEmbedding Values Zoneout at_iteration "
        "bridge_between connect dilated_stack free_running from_flax from_keras from_torch looking_at "
        "one_hot to_flax to_keras to_torch transplant whole_memory wire without_noise"
    ),
    "reservoirs": "EchoState LearnedScaling ModelSpace ReservoirState SparseRows scalings",
    "serving": "Stream",
    "training.model_folder": "load_model",
    "training.online": "OnlineLearner",
}
_HOME_OF = {name: f"throughtime.{home}" for home, names in _HOMES.items() for name in names.split()}


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
