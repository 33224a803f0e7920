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
    ConnectedMap,
    Convolution,
    ConvolutionalGRU,
    ConvolutionalLSTM,
    Dilated,
    Dropout,
    Embedding,
    FixedWindow,
    LayerNormalisation,
    Linear,
    MeanPooling,
    NormalisedSums,
    RecurrentDropout,
    Residual,
    Shortcut,
    Stack,
    TiedStack,
    Zoneout,
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
        ({"layers": 3, "dilation": 2}, [Embedding, LSTM, Dilated, Dilated, Linear]),
        ({"start_dilation": 3}, [Embedding, Stack, Linear]),
        ({"layers": 2, "connections": "residual"}, [Embedding, LSTM, Residual, Linear]),
        (
            {"layers": 2, "connections": "shortcut", "dropout": 0.5},
            [Embedding, *[Shortcut] * 2, Dropout, Linear],
        ),
        (
            {"layers": 2, "connections": "residual", "direction": "both", "dilation": 3, "dropout": 0.5},
            [Embedding, Bidirectional, ConnectedMap, Dropout, Linear],
        ),
    ],
)
def test_layers(settings: dict[str, Any], kinds: list[type]) -> None:
    assert [type(layer) for layer in layers(**settings)] == kinds


def test_a_readout_has_the_matrix_of_the_embedding_where_asked() -> None:
    for hidden_size, kinds in ((4, [Embedding, LSTM]), (6, [Embedding, LSTM, Linear])):
        network = Architecture(hidden_size=hidden_size, embedding_size=4, tied_readout=True).build(
            vocabulary_size=9, output_size=9, key=jax.random.key(0)
        )
        assert isinstance(network, TiedStack)
        assert [type(cell) for cell in network.cells] == kinds
        assert network.untied().cells[-1].weight is network.cells[0].weight  # type: ignore[attr-defined]
    for reads, given in (({"vocabulary_size": 9}, "9 symbols"), ({"feature_count": 2}, "numbers")):
        with pytest.raises(OptionError, match=f"tied_readout is True, and the network reads {given} and ans"):
            Architecture(tied_readout=True).build(**reads, output_size=3, key=jax.random.key(0))


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
        (
            {"tied_readout": True, "direction": "both"},
            r"tied_readout is True, direction is 'both' and readout is 'linear'; it goes with",
        ),
        ({"cell": "lstn"}, r"cell is 'lstn' \(did you mean 'lstm'\?\); choose one of .*window"),
        ({"cell": "gru,lstn"}, r"cell is 'lstn' \(did you mean 'lstm'\?\)"),
        (
            {"cell": "gru,lstm", "layers": 3},
            r"layers is 3 and cell names 2 cells \(gru,lstm\); leave layers out",
        ),
        (
            {"cell": "elman", "memory_steps": 9},
            r"memory_steps is 9 and cell is elman, which cannot be",
        ),
        (
            {"cell": "window", "zoneout": 0.1},
            r"zoneout is 0\.1 and cell is window, which does not recur; leave zoneout out, or choose .*lstm",
        ),
        ({"recurrent_dropout": 1.0}, r"recurrent_dropout is 1\.0; it has to be less than 1"),
        (
            {"recurrent_initializer": "ortho"},
            r"recurrent_initializer is 'ortho' \(did you mean 'orthogonal'\?\); choose one of",
        ),
        (
            {"cell": "window", "input_initializer": "alike"},
            r"input_initializer is alike and cell is window, which has no matrix of input weights",
        ),
        (
            {"cell": "window", "recurrent_initializer": "identity"},
            r"recurrent_initializer is identity and cell is window, which has no matrix of recurrent weights",
        ),
        ({"dilation": 0}, r"dilation is 0; it has to be greater than or equal to 1"),
        ({"start_dilation": 0}, r"start_dilation is 0; it has to be greater than or equal to 1"),
        (
            {"dilation": 2},
            r"dilation is 2 and there is one layer, whose dilation is start_dilation; use more",
        ),
        (
            {"dilation": 2, "layers": 17, "start_dilation": 3},
            r"highest layer would be 3 \* 2 \*\* 16, and it keeps as many states; .* at most 65536",
        ),
        (
            {"connections": "residual"},
            r"connections is 'residual', which goes around .* there is one layer; use",
        ),
        (
            {"connections": "shortcuts"},
            r"connections is 'shortcuts' \(did you mean 'shortcut'\?\); choose one of none, residual,",
        ),
        ({"cell": "lstm_convolutional"}, r"which reads images, and image_size is None; give it"),
        ({"cell": "gru_convolutional", "image_size": "3,x"}, r"image_size is 'x'; it has to be a valid int"),
        ({"cell": "gru_convolutional", "image_size": (3, 0)}, r"image_size is 0; it has to be greater"),
        (
            {"cell": "gru_convolutional,gru", "image_size": "3,4", "readout": "convolution"},
            r"readout is 'convolution', and the highest cell, gru, gives no image; use readout='linear'",
        ),
        ({"cell": "grid_lstm", "depth": 0}, r"depth is 0; it has to be greater than or equal to 1"),
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


def test_wrappers_go_around_the_cells_that_recur() -> None:
    built = layers(
        cell="window,gru,lstm", layer_normalisation=True, recurrent_dropout=0.3, zoneout=0.1, direction="both"
    )
    assert isinstance(built[1].forward, FixedWindow)
    for layer, normalised, kind in zip(
        built[2:4], (LayerNormalisation, NormalisedSums), (GRU, LSTM), strict=True
    ):
        for direction in (layer.forward, layer.backward):
            assert isinstance(direction, Zoneout)
            assert direction.rates[0] == ("hidden", 0.1)
            assert isinstance(direction.cell, RecurrentDropout)
            assert direction.cell.rate == 0.3
            assert isinstance(direction.cell.cell, normalised)
            assert isinstance(direction.cell.cell.cell, kind)


def test_dilations_grow_from_layer_to_layer() -> None:
    built = layers(layers=4, dilation=3, start_dilation=2)
    assert [layer.dilation for layer in built[1:4]] == [2, 6, 18]
    top, fusing = built[4].cells
    assert top.dilation == 54
    assert fusing.weight.shape == (2, 5, 5)
    assert Architecture(layers=9, dilation=2).dilations == (1, 2, 4, 8, 16, 32, 64, 128, 256)


@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("connections", ["none", "residual", "shortcut"])
def test_the_answer_of_a_dilated_network_sees_every_element(direction: str, connections: str) -> None:
    settings = {"layers": 2, "start_dilation": 3, "dilation": 2, "connections": connections}
    network = Architecture(**SMALL, direction=direction, **settings).build(
        feature_count=6, output_size=3, key=jax.random.key(0)
    )
    slope = jax.grad(lambda inputs: apply(network, inputs)[-1].sum())(jnp.ones((11, 1, 6)))
    assert jnp.all(jnp.abs(slope).sum((1, 2)) > 1e-6)


def test_what_goes_around_a_layer_goes_around_its_dropout_too() -> None:
    built = layers(layers=2, connections="shortcut", dropout=0.5)
    assert [type(cell) for cell in built[2].cell.cells] == [Dropout, LSTM]
    assert [layer.output_size for layer in built] == [4, 9, 14, 14, 3]


def test_plain_networks_have_the_weights_that_they_had() -> None:
    built = Architecture(**SMALL, layers=2).build(feature_count=6, output_size=3, key=jax.random.key(0))
    dilated = Architecture(**SMALL, layers=2, dilation=2).build(
        feature_count=6, output_size=3, key=jax.random.key(0)
    )
    for one, other in zip(jax.tree.leaves(built), jax.tree.leaves(dilated), strict=True):
        assert jnp.array_equal(one, other)


def images(output_size: int, **settings: Any) -> Any:
    architecture = Architecture(hidden_size=2, image_size=(4, 3), **settings)
    return architecture.build(feature_count=3 * 12, output_size=output_size, key=jax.random.key(0))


def test_convolutional_layers_read_and_give_images() -> None:
    built = images(24, cell="lstm_convolutional,gru_convolutional", readout="convolution", kernel_size=1)
    lower, upper, readout = built.cells
    assert [type(cell) for cell in built.cells] == [ConvolutionalLSTM, ConvolutionalGRU, Convolution]
    assert lower.input_weight.shape == (8, 3, 1, 1)
    assert upper.input_weight.shape == (6, 2, 1, 1)
    assert readout.weight.shape == (2, 2, 1, 1)
    assert apply(built, jnp.ones((5, 2, 36))).shape == (5, 2, 24)
    classes = images(7, cell="gru_convolutional", direction="both", connections="shortcut")
    assert apply(classes, jnp.ones((5, 2, 36))).shape == (5, 2, 7)
    with pytest.raises(OptionError, match=r"image_size is 4,3, which is 12 places, and there are 25 numbers"):
        images(25, cell="gru_convolutional", readout="convolution")


def test_depth_and_ties_reach_the_grid() -> None:
    tied, untied = (layers(cell="grid_lstm", depth=3, tied=tied)[1] for tied in (True, False))
    assert sum(leaf.size for leaf in jax.tree.leaves(untied.column)) == 3 * sum(
        leaf.size for leaf in jax.tree.leaves(tied.column)
    )
    assert layers(cell="depth_lstm,gru")[1].column.depth == 4


def test_memory_reaches_gated_layers_only() -> None:
    built = layers(cell="window,gru", memory_steps=50)
    assert built[2].bias.max() > 0.5
    assert not built[1].bias.any()


def test_recurrent_weights_start_from_what_is_asked_for() -> None:
    lower, upper = layers(cell="window,elman", recurrent_initializer="identity")[1:3]
    np.testing.assert_array_equal(upper.recurrent_weight, np.eye(5))
    assert isinstance(lower, FixedWindow)
    weight = layers(cell="elman", input_initializer="alike")[1].input_weight
    assert jnp.all(weight == weight[:, :1])
    assert not jnp.any(weight[1:] == weight[:1])
    gates = layers(recurrent_initializer="identity", memory_steps=9)[1].recurrent_weight
    np.testing.assert_array_equal(gates, np.tile(np.eye(5), (4, 1)))
    assert np.any(layers(cell="elman")[1].recurrent_weight != np.eye(5))
