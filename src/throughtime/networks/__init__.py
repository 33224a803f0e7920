"""How cells are wired: stacks, directions, windows, readouts."""

from throughtime.networks.bidirectional import Bidirectional
from throughtime.networks.chain import Chain, wire
from throughtime.networks.convert import from_flax, from_keras, from_torch, to_flax, to_keras, to_torch
from throughtime.networks.convolution import Convolution
from throughtime.networks.dropout import Dropout, DropoutState, without_noise
from throughtime.networks.embedding import Embedding, one_hot
from throughtime.networks.grid import SpatialGridLSTM
from throughtime.networks.learned_start import LearnedStart
from throughtime.networks.linear import Linear
from throughtime.networks.pooling import AttentionPooling, AttentionState, MeanPooling, MeanState
from throughtime.networks.stack import Stack, StackState
from throughtime.networks.transplant import Transplanted, transplant
from throughtime.networks.window import FixedWindow, WindowState

__all__ = [
    "AttentionPooling",
    "AttentionState",
    "Bidirectional",
    "Chain",
    "Convolution",
    "Dropout",
    "DropoutState",
    "Embedding",
    "FixedWindow",
    "LearnedStart",
    "Linear",
    "MeanPooling",
    "MeanState",
    "SpatialGridLSTM",
    "Stack",
    "StackState",
    "Transplanted",
    "WindowState",
    "from_flax",
    "from_keras",
    "from_torch",
    "one_hot",
    "to_flax",
    "to_keras",
    "to_torch",
    "transplant",
    "wire",
    "without_noise",
]
