"""Every cell that draws noise is asked what it is without, however deep it stands."""

import jax
import pytest

from throughtime import (
    GRU,
    LSTM,
    Bidirectional,
    Chain,
    ConstantProbability,
    Dropout,
    Embedding,
    ExpectedZoneout,
    LayerNormalisation,
    LikeliestSymbol,
    Linear,
    OutputFeedback,
    RecurrentDropout,
    SampledSymbol,
    ScheduledSampling,
    Stack,
    Zoneout,
    without_noise,
)
from throughtime.core.noise import NoisyCell
from throughtime.core.state import is_key

KEY = jax.random.key(0)
CELL = LSTM(3, 5, key=KEY)
SYMBOLS = Embedding(5, 3, key=KEY)
HALF = ConstantProbability(0.5)


@pytest.mark.parametrize(
    ("noisy", "kinds"),
    [
        (RecurrentDropout(CELL, 0.4), [LSTM]),
        (Zoneout(CELL, 0.4), [ExpectedZoneout, LSTM]),
        (Zoneout(RecurrentDropout(CELL, 0.4), 0.4), [ExpectedZoneout, LSTM]),
        (RecurrentDropout(Zoneout(CELL, 0.4), 0.4), [ExpectedZoneout, LSTM]),
        (LayerNormalisation(RecurrentDropout(CELL, 0.4)), [LayerNormalisation, LSTM]),
        (Zoneout(Stack([Dropout(3, 0.5), RecurrentDropout(CELL, 0.4)]), 0.1), [ExpectedZoneout, Stack]),
        (OutputFeedback(CELL, SampledSymbol(SYMBOLS)), [OutputFeedback, LSTM]),
        (ScheduledSampling(CELL, SampledSymbol(SYMBOLS), HALF), [ScheduledSampling, LSTM]),
    ],
    ids=lambda case: "" if isinstance(case, list) else type(case).__name__,
)  # fmt: skip
def test_nothing_draws_after_training(noisy: NoisyCell, kinds: list[type]) -> None:
    assert any(is_key(leaf) for leaf in jax.tree.leaves(noisy.initial_state()))
    silent = without_noise(noisy)
    assert not any(is_key(leaf) for leaf in jax.tree.leaves(silent.initial_state()))  # type: ignore[union-attr]
    found = [type(silent), type(getattr(silent, "cell", None))]
    assert found[: len(kinds)] == kinds
    for one, other in zip(jax.tree.leaves(silent), jax.tree.leaves(noisy), strict=True):
        assert one is other or one.shape == ()


def test_symbols_are_no_longer_drawn() -> None:
    for cell in (
        OutputFeedback(CELL, SampledSymbol(SYMBOLS)),
        ScheduledSampling(CELL, SampledSymbol(SYMBOLS), HALF),
    ):
        silent = without_noise(cell)
        assert isinstance(silent.feedback, LikeliestSymbol)  # type: ignore[union-attr]


def test_within_directions_and_chains() -> None:
    layer = Zoneout(GRU(3, 5, key=KEY), 0.3)
    silent = without_noise(Chain([Dropout(3, 0.2), Bidirectional(layer, layer)]))
    assert isinstance(silent, Chain)
    assert isinstance(silent.layers[0], Dropout)
    assert silent.layers[0].inference
    assert isinstance(silent.layers[1].forward, ExpectedZoneout)  # type: ignore[union-attr]


def test_what_is_silent_stays_as_it_is() -> None:
    network = Stack([CELL, Linear(5, 2, key=KEY)])
    assert jax.tree.structure(without_noise(network)) == jax.tree.structure(network)
