"""What is remembered: one family of cells a file."""

from throughtime.cells.elman import Elman, ElmanState
from throughtime.cells.gru import GRU, GRUState
from throughtime.cells.lstm import LSTM, LSTMState
from throughtime.core.cell import Cell

CELLS: dict[str, type[Cell]] = {cell.kind: cell for cell in (Elman, LSTM, GRU)}
"""Every cell that can be chosen by name; its constructor takes `input_size`, `hidden_size` and `key`."""

__all__ = ["CELLS", "GRU", "LSTM", "Elman", "ElmanState", "GRUState", "LSTMState"]
