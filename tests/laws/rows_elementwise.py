"""Rows of the cells whose units remember each for itself."""

from tests.laws.row import HIDDEN, INPUT, OUTPUT, Row
from throughtime import LRU, ElementwiseLSTM, IndRNN, MinGRU, MinLSTM

ROWS = (
    Row("indrnn", lambda key: IndRNN(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_elementwise", lambda key: ElementwiseLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("min_gru", lambda key: MinGRU(INPUT, HIDDEN, key=key), HIDDEN),
    Row("min_lstm", lambda key: MinLSTM(INPUT, HIDDEN, candidate="linear", key=key), HIDDEN),
    Row("lru", lambda key: LRU(INPUT, HIDDEN, state_size=OUTPUT, key=key), HIDDEN),
)
