"""How cells are wired: stacks, directions, windows, readouts."""

from throughtime.networks.bidirectional import Bidirectional
from throughtime.networks.chain import Chain, wire
from throughtime.networks.connections import ConnectedMap, Residual, Shortcut, connect
from throughtime.networks.dilated import Dilated, DilatedState, dilated_stack
from throughtime.networks.dropout import Dropout, DropoutState, without_noise
from throughtime.networks.embedding import Embedding, one_hot
from throughtime.networks.learned_start import LearnedStart
from throughtime.networks.linear import Linear
from throughtime.networks.pooling import AttentionPooling, AttentionState, MeanPooling, MeanState
from throughtime.networks.stack import Stack, StackState
from throughtime.networks.window import FixedWindow, WindowState

__all__ = [
    "AttentionPooling",
    "AttentionState",
    "Bidirectional",
    "Chain",
    "ConnectedMap",
    "Dilated",
    "DilatedState",
    "Dropout",
    "DropoutState",
    "Embedding",
    "FixedWindow",
    "LearnedStart",
    "Linear",
    "MeanPooling",
    "MeanState",
    "Residual",
    "Shortcut",
    "Stack",
    "StackState",
    "WindowState",
    "connect",
    "dilated_stack",
    "one_hot",
    "wire",
    "without_noise",
]
