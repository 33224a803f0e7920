"""Cells around cells: one row each, and all of them around a stack."""

from typing import Any

import jax

from tests.laws.row import HIDDEN, INPUT, OUTPUT, Row
from throughtime import (
    GRU,
    LSTM,
    Cell,
    ConstantProbability,
    Elman,
    Embedding,
    ExpectedZoneout,
    LayerNormalisation,
    Linear,
    NormalisedSums,
    OutputFeedback,
    RecurrentDropout,
    ResidualStep,
    SampledSymbol,
    ScheduledSampling,
    Stack,
    TeacherForcing,
    Values,
    Zoneout,
)

RATES = {"cell": 0.5, "hidden": 0.2}
FEATURES = 2


def wrapped_stack(key: Any) -> Cell:
    """Every wrapper, one around the other, and layers with a kernel in the middle."""
    lower, upper = jax.random.split(key)
    stack = Stack([Elman(INPUT, HIDDEN, key=lower), GRU(HIDDEN, OUTPUT, key=upper)])
    return Zoneout(LayerNormalisation(RecurrentDropout(ResidualStep(stack), 0.3), epsilon=0.1), 0.2)


def with_readout(key: Any, feedback_size: int = OUTPUT) -> Stack:
    """A network that reads its feedback besides the input."""
    lower, upper = jax.random.split(key)
    return Stack([Elman(INPUT + feedback_size, HIDDEN, key=lower), Linear(HIDDEN, OUTPUT, key=upper)])


def sampling(key: Any) -> Cell:
    """Mostly the teacher's symbol, else one that is drawn."""
    inner, vectors = jax.random.split(key)
    feedback = SampledSymbol(Embedding(OUTPUT, FEATURES, key=vectors))
    return ScheduledSampling(with_readout(inner, FEATURES), feedback, ConstantProbability(0.7))


ROWS = (
    Row("layer_normalisation", lambda key: LayerNormalisation(GRU(INPUT, HIDDEN, key=key)), HIDDEN),
    Row("normalised_sums", lambda key: NormalisedSums(LSTM(INPUT, HIDDEN, key=key)), HIDDEN),
    Row(
        "recurrent_dropout", lambda key: RecurrentDropout(GRU(INPUT, HIDDEN, key=key), 0.4), HIDDEN,
        draws_noise=True,
    ),
    Row("zoneout", lambda key: Zoneout(LSTM(INPUT, HIDDEN, key=key), RATES), HIDDEN, draws_noise=True),
    Row("zoneout_expected", lambda key: ExpectedZoneout(LSTM(INPUT, HIDDEN, key=key), RATES), HIDDEN),
    Row("residual_step", lambda key: ResidualStep(Elman(INPUT, HIDDEN, key=key), alpha=0.4), HIDDEN),
    Row("wrapped_stack", wrapped_stack, OUTPUT, draws_noise=True),
    Row(
        "output_feedback",
        lambda key: OutputFeedback(with_readout(key), Values(OUTPUT, activation="tanh")), OUTPUT,
    ),
    Row(
        "teacher_forcing",
        lambda key: TeacherForcing(with_readout(key), Values(OUTPUT, activation="tanh")), OUTPUT,
        input_size=INPUT + OUTPUT,
    ),
    Row("scheduled_sampling", sampling, OUTPUT, input_size=INPUT + OUTPUT, draws_noise=True),
)  # fmt: skip
