"""How cells are wired: stacks, directions, windows, readouts."""

from throughtime.networks.bidirectional import Bidirectional
from throughtime.networks.chain import Chain, wire
from throughtime.networks.convolution import Convolution
from throughtime.networks.dropout import Dropout, DropoutState, without_noise
from throughtime.networks.embedding import Embedding, one_hot
from throughtime.networks.grid import SpatialGridLSTM
from throughtime.networks.linear import Linear
from throughtime.networks.pooling import AttentionPooling, AttentionState, MeanPooling, MeanState
from throughtime.networks.stack import Stack, StackState
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
    "Linear",
    "MeanPooling",
    "MeanState",
    "SpatialGridLSTM",
    "Stack",
    "StackState",
    "WindowState",
    "one_hot",
    "wire",
    "without_noise",
]
