"""A network built from its description."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import (
    GRU,
    LSTM,
    AttentionPooling,
    Bidirectional,
    Chain,
    Dropout,
    Embedding,
    FixedWindow,
    Linear,
    MeanPooling,
    Stack,
    apply,
    without_noise,
)
from throughtime.core.errors import OptionError
from throughtime.networks.architecture import Architecture

SMALL = {"hidden_size": 5, "embedding_size": 4}


def layers(**settings: Any) -> list[Any]:
    built = Architecture(**SMALL, **settings).build(vocabulary_size=11, output_size=3, key=jax.random.key(0))
    assert isinstance(built, Stack | Chain)
    assert (built.input_size, built.output_size) == (11, 3)
    outputs = apply(without_noise(built), jnp.zeros((7, 2), jnp.int32))
    assert outputs.shape == (7, 2, 3)
    return list(built.cells if isinstance(built, Stack) else built.layers)


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        ({}, [Embedding, LSTM, Linear]),
        ({"cell": "gru", "layers": 2}, [Embedding, GRU, GRU, Linear]),
        ({"cell": "window,gru"}, [Embedding, FixedWindow, GRU, Linear]),
        ({"pooling": "mean"}, [Embedding, LSTM, MeanPooling, Linear]),
        ({"pooling": "attention"}, [Embedding, LSTM, AttentionPooling, Linear]),
        ({"direction": "both"}, [Embedding, Bidirectional, Linear]),
        (
            {"layers": 2, "dropout": 0.5, "input_dropout": 0.2},
            [Embedding, Dropout, LSTM, Dropout, LSTM, Dropout, Linear],
        ),
    ],
)
def test_layers(settings: dict[str, Any], kinds: list[type]) -> None:
    assert [type(layer) for layer in layers(**settings)] == kinds


def test_rates_go_where_they_belong() -> None:
    rates = [
        layer.rate for layer in layers(layers=2, dropout=0.5, input_dropout=0.2) if isinstance(layer, Dropout)
    ]
    assert rates == [0.2, 0.5, 0.5]


@pytest.mark.parametrize(("pooling", "ends"), [("last", [False, True]), ("mean", [False, False])])
def test_only_a_last_step_reads_to_the_end(pooling: str, ends: list[bool]) -> None:
    directions = [
        layer
        for layer in layers(direction="both", layers=2, pooling=pooling)
        if isinstance(layer, Bidirectional)
    ]
    assert [layer.to_the_end for layer in directions] == ends


def test_window_is_as_wide_as_asked() -> None:
    assert layers(cell="window", window=3)[1].weight.shape == (3, 5, 4)


def test_numbers_need_no_embedding() -> None:
    built = Architecture(**SMALL).build(feature_count=6, output_size=3, key=jax.random.key(0))
    assert built.input_size == 6
    with pytest.raises(TypeError, match="vocabulary_size or feature_count"):
        Architecture().build(output_size=3, key=jax.random.key(0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "lstn"}, r"cell is 'lstn' \(did you mean 'lstm'\?\); choose one of .*window"),
        ({"cell": "gru,lstn"}, r"cell is 'lstn' \(did you mean 'lstm'\?\)"),
        (
            {"cell": "gru,lstm", "layers": 3},
            r"layers is 3 and cell names 2 cells \(gru,lstm\); leave layers out",
        ),
        ({"cell": "elman", "memory_steps": 9}, r"memory_steps is 9 and cell is elman, which has no gates"),
        (
            {"recurrent_initializer": "ortho"},
            r"recurrent_initializer is 'ortho' \(did you mean 'orthogonal'\?\); choose one of",
        ),
        (
            {"cell": "window", "recurrent_initializer": "identity"},
            r"recurrent_initializer is identity and cell is window, which has no matrix of recurrent weights",
        ),
        ({"hidden_size": 0}, r"hidden_size is 0; it has to be greater than or equal to 1"),
        ({"dropout": 1.0}, r"dropout is 1\.0; it has to be less than 1"),
        (
            {"pooling": "mena"},
            r"pooling is 'mena' \(did you mean 'mean'\?\); choose one of last, mean, attention",
        ),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Architecture.parse(settings)


def test_memory_reaches_gated_layers_only() -> None:
    built = layers(cell="window,gru", memory_steps=50)
    assert built[2].bias.max() > 0.5
    assert not built[1].bias.any()


def test_recurrent_weights_start_from_what_is_asked_for() -> None:
    lower, upper = layers(cell="window,elman", recurrent_initializer="identity")[1:3]
    np.testing.assert_array_equal(upper.recurrent_weight, np.eye(5))
    assert isinstance(lower, FixedWindow)
    gates = layers(recurrent_initializer="identity", memory_steps=9)[1].recurrent_weight
    np.testing.assert_array_equal(gates, np.tile(np.eye(5), (4, 1)))
    assert np.any(layers(cell="elman")[1].recurrent_weight != np.eye(5))
