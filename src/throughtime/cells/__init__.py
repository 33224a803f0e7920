"""What is remembered: one family of cells a file."""

from throughtime.cells.convolutional_gru import ConvolutionalGRU, ConvolutionalGRUState
from throughtime.cells.convolutional_lstm import ConvolutionalLSTM, ConvolutionalLSTMState
from throughtime.cells.elementwise_lstm import ElementwiseLSTM, ElementwiseLSTMState
from throughtime.cells.elman import IRNN, Elman, ElmanState
from throughtime.cells.grid_block import GridState
from throughtime.cells.grid_lstm import DepthLSTM, GridLSTM
from throughtime.cells.gru import GRU, GRUState, ResetBeforeGRU
from throughtime.cells.higher_order import HigherOrderElman, HigherOrderState
from throughtime.cells.independent import IndRNN, IndRNNState
from throughtime.cells.jordan import Jordan, JordanState
from throughtime.cells.leaky_elman import LeakyElman
from throughtime.cells.linear_recurrent_unit import LRU
from throughtime.cells.lstm import LSTM, CoupledLSTM, LSTMState
from throughtime.cells.lstm_1997 import OriginalLSTM
from throughtime.cells.lstm_full_gate_recurrence import FullGateRecurrenceLSTM, GateRecurrenceState
from throughtime.cells.lstm_peephole import CoupledPeepholeLSTM, PartialPeepholeLSTM, PeepholeLSTM
from throughtime.cells.lstm_variants import (
    NoForgetGateLSTM,
    NoInputActivationLSTM,
    NoInputGateLSTM,
    NoOutputActivationLSTM,
    NoOutputGateLSTM,
)
from throughtime.cells.min_gru import InputGatedState, MinGRU, MinLSTM
from throughtime.cells.minimal_gated_unit import MinimalGatedUnit
from throughtime.core.cell import Cell

CELLS: dict[str, type[Cell]] = {
    cell.kind: cell
    for cell in (
        Elman,
        IRNN,
        LeakyElman,
        HigherOrderElman,
        Jordan,
        LSTM,
        PeepholeLSTM,
        CoupledLSTM,
        CoupledPeepholeLSTM,
        OriginalLSTM,
        NoInputGateLSTM,
        NoForgetGateLSTM,
        NoOutputGateLSTM,
        NoInputActivationLSTM,
        NoOutputActivationLSTM,
        FullGateRecurrenceLSTM,
        GRU,
        ResetBeforeGRU,
        MinimalGatedUnit,
        IndRNN,
        ElementwiseLSTM,
        MinGRU,
        MinLSTM,
        LRU,
        GridLSTM,
        DepthLSTM,
    )
}
"""Every cell that can be chosen by name; its constructor takes `input_size`, `hidden_size` and `key`."""

SEARCH_SPACE: dict[str, str] = {
    "V": PeepholeLSTM.kind,
    "NIG": NoInputGateLSTM.kind,
    "NFG": NoForgetGateLSTM.kind,
    "NOG": NoOutputGateLSTM.kind,
    "NIAF": NoInputActivationLSTM.kind,
    "NOAF": NoOutputActivationLSTM.kind,
    "CIFG": CoupledPeepholeLSTM.kind,
    "NP": LSTM.kind,
    "FGR": FullGateRecurrenceLSTM.kind,
}
"""The vanilla LSTM and its eight variants: their names in `CELLS`, by the abbreviations of Greff et al. 2015,
"LSTM: a search space odyssey"."""

__all__ = [
    "CELLS",
    "GRU",
    "IRNN",
    "LRU",
    "LSTM",
    "SEARCH_SPACE",
    "ConvolutionalGRU",
    "ConvolutionalGRUState",
    "ConvolutionalLSTM",
    "ConvolutionalLSTMState",
    "CoupledLSTM",
    "CoupledPeepholeLSTM",
    "DepthLSTM",
    "ElementwiseLSTM",
    "ElementwiseLSTMState",
    "Elman",
    "ElmanState",
    "FullGateRecurrenceLSTM",
    "GRUState",
    "GateRecurrenceState",
    "GridLSTM",
    "GridState",
    "HigherOrderElman",
    "HigherOrderState",
    "IndRNN",
    "IndRNNState",
    "InputGatedState",
    "Jordan",
    "JordanState",
    "LSTMState",
    "LeakyElman",
    "MinGRU",
    "MinLSTM",
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
]
