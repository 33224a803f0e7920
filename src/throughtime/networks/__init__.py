"""How cells are wired: stacks, directions, windows, readouts."""

from throughtime.core.noise import without_noise
from throughtime.networks.attention import AdditiveAttention, Attention, Look, Memory, MultiplicativeAttention
from throughtime.networks.bidirectional import Bidirectional
from throughtime.networks.bridge import Bridge, bridge_between
from throughtime.networks.chain import Chain, wire
from throughtime.networks.connections import ConnectedMap, Residual, Shortcut, connect
from throughtime.networks.convert import from_flax, from_keras, from_torch, to_flax, to_keras, to_torch
from throughtime.networks.convolution import Convolution
from throughtime.networks.crf import ConditionalRandomField, ForwardState
from throughtime.networks.dilated import Dilated, DilatedState, dilated_stack
from throughtime.networks.dropout import Dropout, DropoutState
from throughtime.networks.embedding import Embedding, one_hot
from throughtime.networks.encoder_decoder import EncoderDecoder, Reading
from throughtime.networks.feedback import ExpectedSymbol, Feedback, LikeliestSymbol, SampledSymbol, Values
from throughtime.networks.grid import SpatialGridLSTM
from throughtime.networks.layer_normalisation import LayerNormalisation, NormalisedSums
from throughtime.networks.learned_start import LearnedStart
from throughtime.networks.linear import Linear
from throughtime.networks.log_softmax import LogSoftmax
from throughtime.networks.look_then_step import LookThenStep
from throughtime.networks.looking import LookingCell, LookingState, looking_at, whole_memory
from throughtime.networks.net_noise import NetNoise, NetNoiseState
from throughtime.networks.output_feedback import FeedbackState, OutputFeedback, TeacherForcing
from throughtime.networks.parallel import Parallel, ParallelState
from throughtime.networks.pooling import AttentionPooling, AttentionState, MeanPooling, MeanState
from throughtime.networks.quantile_levels import QuantileLevels
from throughtime.networks.recurrent_dropout import RecurrentDropout, RecurrentDropoutState
from throughtime.networks.residual_step import ResidualStep
from throughtime.networks.roll_out import RollOut
from throughtime.networks.sampling_schedules import (
    ConstantProbability,
    ExponentialDecay,
    InverseSigmoidDecay,
    LinearDecay,
    SamplingSchedule,
)
from throughtime.networks.scheduled_sampling import ScheduledSampling, at_iteration, free_running
from throughtime.networks.seasonal_difference import SeasonalDifference
from throughtime.networks.seasonal_naive import SeasonalNaive
from throughtime.networks.seasonal_residual import SeasonalResidual
from throughtime.networks.stack import Stack, StackState
from throughtime.networks.step_then_look import StepThenLook
from throughtime.networks.tied_stack import TiedStack
from throughtime.networks.token_embedding import TokenEmbedding
from throughtime.networks.transplant import Transplanted, transplant
from throughtime.networks.window import FixedWindow, WindowState
from throughtime.networks.word_dropout import WordDropout
from throughtime.networks.wrapper import Wrapper
from throughtime.networks.zoneout import ExpectedZoneout, Zoneout, ZoneoutState

__all__ = [
    "AdditiveAttention",
    "Attention",
    "AttentionPooling",
    "AttentionState",
    "Bidirectional",
    "Bridge",
    "Chain",
    "ConditionalRandomField",
    "ConnectedMap",
    "ConstantProbability",
    "Convolution",
    "Dilated",
    "DilatedState",
    "Dropout",
    "DropoutState",
    "Embedding",
    "EncoderDecoder",
    "ExpectedSymbol",
    "ExpectedZoneout",
    "ExponentialDecay",
    "Feedback",
    "FeedbackState",
    "FixedWindow",
    "ForwardState",
    "InverseSigmoidDecay",
    "LayerNormalisation",
    "LearnedStart",
    "LikeliestSymbol",
    "Linear",
    "LinearDecay",
    "LogSoftmax",
    "Look",
    "LookThenStep",
    "LookingCell",
    "LookingState",
    "MeanPooling",
    "MeanState",
    "Memory",
    "MultiplicativeAttention",
    "NetNoise",
    "NetNoiseState",
    "NormalisedSums",
    "OutputFeedback",
    "Parallel",
    "ParallelState",
    "QuantileLevels",
    "Reading",
    "RecurrentDropout",
    "RecurrentDropoutState",
    "Residual",
    "ResidualStep",
    "RollOut",
    "SampledSymbol",
    "SamplingSchedule",
    "ScheduledSampling",
    "SeasonalDifference",
    "SeasonalNaive",
    "SeasonalResidual",
    "Shortcut",
    "SpatialGridLSTM",
    "Stack",
    "StackState",
    "StepThenLook",
    "TeacherForcing",
    "TiedStack",
    "TokenEmbedding",
    "Transplanted",
    "Values",
    "WindowState",
    "WordDropout",
    "Wrapper",
    "Zoneout",
    "ZoneoutState",
    "at_iteration",
    "bridge_between",
    "connect",
    "dilated_stack",
    "free_running",
    "from_flax",
    "from_keras",
    "from_torch",
    "looking_at",
    "one_hot",
    "to_flax",
    "to_keras",
    "to_torch",
    "transplant",
    "whole_memory",
    "wire",
    "without_noise",
]
