"""Cells over images: the convolution itself, sizes, starts, numbers of parameters, forecasters."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import (
    GRU,
    Convolution,
    ConvolutionalGRU,
    ConvolutionalLSTM,
    Linear,
    MeanPooling,
    PeepholeLSTM,
    ResetBeforeGRU,
    Stack,
    initial_states,
    unroll,
)
from throughtime.cells.convolution import convolve
from throughtime.core.errors import OptionError

CELLS = [ConvolutionalLSTM, ConvolutionalGRU]
SHAPES = [
    ((2, 5), (3, 3)),
    ((2, 5), (3, 2)),
    ((2, 4, 3), (3, 3, 2)),
    ((2, 3, 4), (1, 2, 4)),
    ((1, 3, 2, 3), (2, 1, 2, 3)),
]
"""Of an image, and of a kernel: how many there are, and the window."""


def by_xla(image: jax.Array, kernel: jax.Array) -> jax.Array:
    around = [((length - 1) // 2, length // 2) for length in kernel.shape[2:]]
    return jax.lax.conv_general_dilated(image[None], kernel, [1] * len(around), around)[0]


def image_and_kernel(image: Any, kernel: Any, rng: np.random.Generator) -> tuple[jax.Array, jax.Array]:
    count, *window = kernel
    return jnp.asarray(rng.normal(size=image)), jnp.asarray(rng.normal(size=(count, image[0], *window)))


@pytest.mark.parametrize(("image", "kernel"), SHAPES)
@pytest.mark.usefixtures("float64")
def test_convolution_is_that_of_xla(image: Any, kernel: Any, rng: np.random.Generator) -> None:
    given = image_and_kernel(image, kernel, rng)
    ours, theirs = convolve(*given), by_xla(*given)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    assert ours.shape == (kernel[0], *image[1:])
    weights = jnp.cos(jnp.arange(ours.size)).reshape(ours.shape)

    def curved(convolution: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
        return lambda *given: jnp.sum(jnp.tanh(convolution(*given)) * weights)

    second_order = (jax.hessian,) if len(image) == 2 else ()
    for differentiate in (jax.grad, *second_order):
        by_ours, by_theirs = (quick_jit(differentiate(curved(f), (0, 1)))(*given) for f in (convolve, by_xla))
        for one, other in zip(jax.tree.leaves(by_ours), jax.tree.leaves(by_theirs), strict=True):
            assert np.abs(other).max() > 1e-2
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_many_kernels_need_no_convolution_in_groups(rng: np.random.Generator) -> None:
    image, kernel = image_and_kernel((2, 4, 3), (3, 3, 2), rng)
    traced = jax.make_jaxpr(jax.vmap(convolve))(jnp.stack([image, image]), jnp.stack([kernel, -kernel]))
    assert "conv_general_dilated" not in str(traced)
    assert "dot_general" in str(traced)


def test_only_the_image_is_kept_for_the_gradient(rng: np.random.Generator) -> None:
    image, kernel = image_and_kernel((2, 9, 9), (3, 3, 3), rng)
    _, pull_back = jax.vjp(convolve, image, kernel)
    assert sum(leaf.size for leaf in jax.tree.leaves(pull_back)) == image.size + kernel.size


@pytest.mark.parametrize("kind", CELLS)
def test_sizes(kind: Any, key: jax.Array) -> None:
    for image_shape, space in (((2, 5), (5,)), ((2, 5, 4), (5, 4)), ((2, 3, 4, 5), (3, 4, 5))):
        cell = kind(image_shape, 7, key=key)
        assert (cell.input_size, cell.output_size) == (2 * np.prod(space), 7 * np.prod(space))
        assert all(leaf.shape == (7, *space) for leaf in cell.initial_state())
    cell = kind((2, 5, 4), 7, kernel_size=(3, 1), input_kernel_size=4, key=key)
    assert cell.recurrent_weight.shape[1:] == (7, 3, 1)
    assert cell.input_weight.shape[1:] == (2, 4, 4)


@pytest.mark.parametrize(
    ("image_shape", "hidden", "options", "message"),
    [
        ((3,), 7, {}, r"image_shape is \(3,\); choose \(channels, length\) or \(channels, height, width\)"),
        ((-1, 5, 4), 7, {}, r"image_shape\[0\] is -1; choose a whole number of at least 1"),
        ((2, 5, 0), 7, {}, r"image_shape\[2\] is 0; choose a whole number of at least 1"),
        ((2, 2.5), 7, {}, r"image_shape\[1\] is 2.5"),
        ((2, 5, 4), 0, {}, r"hidden_channels is 0; choose a whole number of at least 1"),
        ((2, 5, 4), 7, {"kernel_size": 0}, r"kernel_size is 0; choose a whole number of at least 1"),
        ((2, 5, 4), 7, {"kernel_size": 2.5}, r"kernel_size is 2.5"),
        ((2, 5, 4), 7, {"kernel_size": (3, 0)}, r"kernel_size\[1\] is 0"),
        (
            (2, 5, 4),
            7,
            {"kernel_size": (3, 3, 3)},
            r"kernel_size is \(3, 3, 3\) and the image has 2 axes; choose one length for all or for each",
        ),
        (
            (2, 5, 4),
            7,
            {"kernel_size": 5},
            r"kernel_size is 5, larger than the image of 5 x 4 places; choose at most 4",
        ),
        (
            (2, 5, 4),
            7,
            {"input_kernel_size": (6, 4)},
            r"input_kernel_size is \(6, 4\), larger than the image of 5 x 4 places; choose at most \(5, 4\)",
        ),
        ((2, 5, 4), 7, {"memory_steps": 1}, r"memory_steps is 1; choose a number of steps of at least 2"),
    ],
)
@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.usefixtures("as_users_run_it")
def test_what_does_not_fit_is_refused(
    kind: Any, image_shape: Any, hidden: Any, options: Any, message: str, key: jax.Array
) -> None:
    with pytest.raises(OptionError, match=message):
        kind(image_shape, hidden, **options, key=key)


@pytest.mark.usefixtures("as_users_run_it")
def test_a_readout_that_does_not_fit_is_refused(key: jax.Array) -> None:
    with pytest.raises(OptionError, match=r"image_shape\[0\] is 0; choose a whole number of at least 1"):
        Convolution((0, 5), 2, key=key)
    with pytest.raises(OptionError, match=r"output_channels is 0"):
        Convolution((2, 5), 0, key=key)
    with pytest.raises(OptionError, match=r"kernel_size is 6, larger than the image of 5 places"):
        Convolution((2, 5), 2, kernel_size=6, key=key)


def test_starts(key: jax.Array) -> None:
    cell = ConvolutionalLSTM((2, 5), 3, forget_bias=2.0, key=key)
    np.testing.assert_array_equal(cell.bias, np.repeat([0.0, 2.0, 0.0, 0.0], 3))
    assert not np.any(cell.peephole_weight)
    i, f, g, o = np.split(ConvolutionalLSTM((2, 5), 50, memory_steps=100, key=key).bias, 4)
    np.testing.assert_array_equal(i, -f)
    assert f.max() > 3
    assert f.min() >= 0
    assert not np.any([g, o])
    r, z, n = np.split(ConvolutionalGRU((2, 5), 50, memory_steps=100, key=key).bias, 3)
    assert z.max() > 3
    assert not np.any([r, n])
    assert not np.any(ConvolutionalGRU((2, 5), 50, key=key).bias)
    for gate in np.split(np.asarray(cell.recurrent_weight).reshape(4 * 3, -1), 4):
        np.testing.assert_allclose(gate @ gate.T, np.eye(3), atol=1e-5)


@pytest.mark.parametrize(
    ("spatial", "plain"), [(ConvolutionalLSTM, PeepholeLSTM), (ConvolutionalGRU, ResetBeforeGRU)]
)
@pytest.mark.usefixtures("float64")
def test_on_one_place_it_is_the_cell_of_the_same_gates(spatial: Any, plain: Any, key: jax.Array) -> None:
    cell = lively(spatial((3, 1, 1), 5, kernel_size=1, key=key))
    flat = plain(3, 5, key=key)
    same = jax.tree.unflatten(
        jax.tree.structure(flat),
        [
            getattr(cell, path[0].name).reshape(leaf.shape)
            for path, leaf in jax.tree_util.tree_leaves_with_path(flat)
        ],
    )
    inputs = jax.random.normal(key, (6, 2, 3))
    (_, given), (_, expected) = unroll(cell, inputs), unroll(same, inputs, initial_states(same, 2))
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.usefixtures("float64")
def test_a_length_is_an_image_one_wide(kind: Any, key: jax.Array) -> None:
    line = lively(kind((2, 5), 3, kernel_size=3, key=key))
    plane = kind((2, 5, 1), 3, kernel_size=(3, 1), key=key)
    leaves = [
        leaf.reshape(twin.shape) for leaf, twin in zip(*map(jax.tree.leaves, (line, plane)), strict=True)
    ]
    plane = jax.tree.unflatten(jax.tree.structure(plane), leaves)
    inputs = jax.random.normal(key, (6, 2, 10))
    np.testing.assert_allclose(unroll(line, inputs)[1], unroll(plane, inputs)[1], rtol=0, atol=1e-13)


def shapes(build: Callable[[], Any]) -> int:
    """Return how many numbers a network has, without drawing any of them."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter_eval_shape(build)))


@pytest.mark.parametrize(
    ("input_kernel", "kernel", "layers", "count"),
    [
        (5, 5, (256,), 13_524_496),
        (5, 5, (128, 128), 10_042_896),
        (5, 5, (128, 64, 64), 7_585_296),
        (9, 1, (128, 128), 11_550_224),
        (9, 1, (128, 64, 64), 8_830_480),
    ],
)
def test_parameters_are_as_many_as_in_the_paper(
    input_kernel: int, kernel: int, layers: tuple[int, ...], count: int, key: jax.Array
) -> None:
    # Shi et al. 2015, Table 1: frames of 64 x 64 as 16 x 16 patches of 4 x 4, an encoder, and a forecaster
    # that reads nothing and whose layers are read out together.
    def stacked(channels: int) -> list[ConvolutionalLSTM]:
        return [
            ConvolutionalLSTM(
                (below, 16, 16), hidden, kernel_size=kernel, input_kernel_size=input_kernel, key=key
            )
            for below, hidden in zip((channels, *layers), layers, strict=False)
        ]

    assert count == shapes(
        lambda: [*stacked(16), *stacked(0), Convolution((sum(layers), 16, 16), 16, key=key)]
    )


def test_parameters_of_the_fully_connected_network_are_as_many_as_in_the_paper(key: jax.Array) -> None:
    lowest = shapes(lambda: PeepholeLSTM(1, 2048, key=key)) - 4 * 2048  # without its input
    assert (
        lowest
        + shapes(
            lambda: [
                PeepholeLSTM(4096, 2048, key=key),
                *(PeepholeLSTM(2048, 2048, key=key) for _ in ("encoder", "forecaster")),
                Linear(2048, 4096, key=key),
            ]
        )
        == 142_667_776
    )


def test_a_forecaster_goes_on_from_the_states_of_an_encoder(key: jax.Array) -> None:
    def layers(channels: int) -> Stack:
        return lively(
            Stack(
                [
                    ConvolutionalLSTM((channels, 4, 3), 2, key=key),
                    ConvolutionalLSTM((2, 4, 3), 3, key=key),
                    Convolution((3, 4, 3), 1, key=key),
                ]
            )
        )

    encoder, forecaster = layers(1), layers(0)
    nothing = jnp.zeros((4, 2, 0))

    def forecasts(seen: jax.Array) -> jax.Array:
        memory, _ = unroll(encoder, seen)
        return unroll(forecaster, nothing, memory)[1]

    seen = jax.random.normal(key, (5, 2, 12))
    future = quick_jit(forecasts)(seen)
    assert future.shape == (4, 2, 12)
    by_seen = quick_jit(jax.grad(lambda seen: jnp.sum(forecasts(seen)[-1] ** 2)))(seen)
    assert np.all(np.abs(by_seen).max(axis=(1, 2)) > 1e-6), "a frame that was seen does not matter"
    assert np.abs(np.diff(future, axis=0)).max() > 1e-3, "the forecast stands still"


def test_images_pass_through_layers_that_do_not_know_them(key: jax.Array) -> None:
    network = Stack(
        [
            ConvolutionalGRU((1, 4, 3), 2, key=key),
            MeanPooling(24),
            GRU(24, 5, key=key),
        ]
    )
    assert unroll(network, jax.random.normal(key, (6, 2, 12)))[1].shape == (6, 2, 5)
