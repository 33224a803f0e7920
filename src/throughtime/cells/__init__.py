"""What is remembered: one family of cells a file."""

from throughtime.cells.convolutional_gru import ConvolutionalGRU, ConvolutionalGRUState
from throughtime.cells.convolutional_lstm import ConvolutionalLSTM, ConvolutionalLSTMState
from throughtime.cells.elman import Elman, ElmanState
from throughtime.cells.grid_block import GridState
from throughtime.cells.grid_lstm import DepthLSTM, GridLSTM
from throughtime.cells.gru import GRU, GRUState, ResetBeforeGRU
from throughtime.cells.lstm import LSTM, CoupledLSTM, LSTMState
from throughtime.cells.lstm_peephole import CoupledPeepholeLSTM, PeepholeLSTM
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
        GridLSTM,
        DepthLSTM,
    )
}
"""Every cell that can be chosen by name; its constructor takes `input_size`, `hidden_size` and `key`."""

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "ConvolutionalGRU",
    "ConvolutionalGRUState",
    "ConvolutionalLSTM",
    "ConvolutionalLSTMState",
    "CoupledLSTM",
    "CoupledPeepholeLSTM",
    "DepthLSTM",
    "Elman",
    "ElmanState",
    "GRUState",
    "GridLSTM",
    "GridState",
    "LSTMState",
    "MinimalGatedUnit",
    "PeepholeLSTM",
    "ResetBeforeGRU",
]
