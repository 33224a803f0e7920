"""How a model is put into words."""

from typing import Any

import jax
import pytest

from throughtime import GRU, LSTM, Bidirectional, Dropout, NormalisedSums, RecurrentDropout, Zoneout
from throughtime.cli.describe import _name

KEY = jax.random.key(0)
CELL = LSTM(3, 5, key=KEY)
SEEN = RecurrentDropout(NormalisedSums(CELL), 0.2)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (CELL, "LSTM"),
        (Dropout(3, 0.25), "Dropout 0.25"),
        (Bidirectional(GRU(3, 5, key=KEY), CELL), "Bidirectional GRU"),
        (
            Zoneout(SEEN, 0.1),
            "Zoneout RecurrentDropout 0.2 NormalisedSums LSTM",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_layer_is_named_with_what_is_within(layer: Any, name: str) -> None:
    assert _name(layer) == name
