"""What is remembered: one family of cells a file."""

from throughtime.cells.elementwise_lstm import ElementwiseLSTM, ElementwiseLSTMState
from throughtime.cells.elman import Elman, ElmanState
from throughtime.cells.gru import GRU, GRUState, ResetBeforeGRU
from throughtime.cells.independent import IndRNN, IndRNNState
from throughtime.cells.linear_recurrent_unit import LRU
from throughtime.cells.lstm import LSTM, CoupledLSTM, LSTMState
from throughtime.cells.lstm_peephole import CoupledPeepholeLSTM, PeepholeLSTM
from throughtime.cells.min_gru import InputGatedState, MinGRU, MinLSTM
from throughtime.cells.minimal_gated_unit import MinimalGatedUnit
from throughtime.core.cell import Cell

CELLS: dict[str, type[Cell]] = {
    cell.kind: cell
    for cell in (
        Elman,
        LSTM,
        PeepholeLSTM,
        CoupledLSTM,
        CoupledPeepholeLSTM,
        GRU,
        ResetBeforeGRU,
        MinimalGatedUnit,
        IndRNN,
        ElementwiseLSTM,
        MinGRU,
        MinLSTM,
        LRU,
    )
}
"""Every cell that can be chosen by name; its constructor takes `input_size`, `hidden_size` and `key`."""

__all__ = [
    "CELLS",
    "GRU",
    "LRU",
    "LSTM",
    "CoupledLSTM",
    "CoupledPeepholeLSTM",
    "ElementwiseLSTM",
    "ElementwiseLSTMState",
    "Elman",
    "ElmanState",
    "GRUState",
    "IndRNN",
    "IndRNNState",
    "InputGatedState",
    "LSTMState",
    "MinGRU",
    "MinLSTM",
    "MinimalGatedUnit",
    "PeepholeLSTM",
    "ResetBeforeGRU",
]
