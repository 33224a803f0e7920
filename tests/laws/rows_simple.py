"""Rows of the simple networks, of the variants of the LSTM, and of a start that is learned."""

from tests.laws.row import HIDDEN, INPUT, OUTPUT, Row
from throughtime import (
    IRNN,
    LSTM,
    FullGateRecurrenceLSTM,
    HigherOrderElman,
    Jordan,
    LeakyElman,
    LearnedStart,
    NoForgetGateLSTM,
    NoInputActivationLSTM,
    NoInputGateLSTM,
    NoOutputActivationLSTM,
    NoOutputGateLSTM,
    OriginalLSTM,
    PartialPeepholeLSTM,
)

ROWS = (
    Row("irnn", lambda key: IRNN(INPUT, HIDDEN, key=key), HIDDEN),
    Row("elman_higher_order", lambda key: HigherOrderElman(INPUT, HIDDEN, order=3, key=key), HIDDEN),
    Row("jordan", lambda key: Jordan(INPUT, HIDDEN, output_size=OUTPUT, decay=0.6, key=key), OUTPUT),
    Row("leaky_elman", lambda key: LeakyElman(INPUT, HIDDEN, time_constant=2.5, key=key), HIDDEN),
    Row("lstm_1997", lambda key: OriginalLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_no_input_gate", lambda key: NoInputGateLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_no_forget_gate", lambda key: NoForgetGateLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_no_output_gate", lambda key: NoOutputGateLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_no_input_activation", lambda key: NoInputActivationLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_no_output_activation", lambda key: NoOutputActivationLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row("lstm_full_gate_recurrence", lambda key: FullGateRecurrenceLSTM(INPUT, HIDDEN, key=key), HIDDEN),
    Row(
        "lstm_partial_peephole",
        lambda key: PartialPeepholeLSTM(INPUT, HIDDEN, peepholes=("o", "f"), key=key),
        HIDDEN,
    ),
    Row(
        "learned_start",
        lambda key: LearnedStart(LSTM(INPUT, HIDDEN, key=key)),
        HIDDEN,
        acting=lambda network: network.cell,
    ),
)
