"""Grids of LSTMs: sizes, starts, what a depth costs, and when a grid is one of fewer dimensions."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.compilation import quick_jit
from tests.laws.registry import lively
from throughtime import DepthLSTM, GridLSTM, SpatialGridLSTM, initial_states, unroll
from throughtime.cells.grid_block import GridBlock
from throughtime.core.errors import OptionError

EXACT = 1e-13


def in_a_row(length: int, *sizes: int, **options: Any) -> SpatialGridLSTM:
    return SpatialGridLSTM((length,), *sizes, **options)


KINDS = [DepthLSTM, GridLSTM, lambda *sizes, **options: in_a_row(2, *sizes, **options)]
DIMENSIONS = {DepthLSTM: 1, GridLSTM: 2}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tied", [True, False])
def test_starts(kind: Any, tied: bool, key: jax.Array) -> None:
    cell = kind(
        6, 6, depth=3, tied=tied, forget_bias=2.0,
        input_initializer="uniform", recurrent_initializer="identity", key=key,
    )  # fmt: skip
    dimensions = DIMENSIONS.get(kind, 3)
    block, layers = cell.column.block, () if tied else (3,)
    assert len(block.weights) == len(block.biases) == dimensions
    for weight, bias in zip(block.weights, block.biases, strict=True):
        expected = np.broadcast_to(np.tile(np.eye(6), (4, dimensions)), (*layers, 24, 6 * dimensions))
        np.testing.assert_array_equal(weight, expected)
        np.testing.assert_array_equal(
            bias, np.broadcast_to(np.repeat([0.0, 2.0, 0.0, 0.0], 6), (*layers, 24))
        )
    assert np.abs(cell.input_weight).max() <= 6**-0.5
    assert len(np.unique(cell.input_weight)) == cell.input_weight.size
    assert not np.any(cell.input_bias)


@pytest.mark.parametrize("kind", KINDS)
def test_every_matrix_is_drawn_by_itself(kind: Any, key: jax.Array) -> None:
    cell = kind(3, 4, depth=2, tied=False, key=key)
    squares = [
        square
        for weight in cell.column.block.weights
        for square in np.asarray(weight).reshape(2, 4, 4, -1, 4).transpose(0, 1, 3, 2, 4).reshape(-1, 4, 4)
    ]
    for square in squares:
        np.testing.assert_allclose(square @ square.T, np.eye(4), atol=1e-5)
    assert len({square.tobytes() for square in squares}) == len(squares) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_untied_layers_with_the_same_weights_are_tied_ones(kind: Any, key: jax.Array) -> None:
    tied = lively(kind(3, 4, depth=3, key=key))
    untied = kind(3, 4, depth=3, tied=False, key=key)
    leaves = [
        jnp.broadcast_to(leaf, twin.shape)
        for leaf, twin in zip(*map(jax.tree.leaves, (tied, untied)), strict=True)
    ]
    untied = jax.tree.unflatten(jax.tree.structure(untied), leaves)
    inputs = jax.random.normal(key, (5, 2, tied.input_size))
    (_, given), (_, expected) = unroll(untied, inputs), unroll(tied, inputs)
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tied", [True, False])
def test_the_program_does_not_grow_with_the_depth(kind: Any, tied: bool, key: jax.Array) -> None:
    def length(depth: int) -> int:
        cell = kind(3, 4, depth=depth, tied=tied, key=key)
        traced = jax.make_jaxpr(lambda cell, x: unroll(cell, x))(cell, jnp.zeros((5, 2, cell.input_size)))
        return len(str(traced).splitlines())

    assert length(3) == length(9)


@pytest.mark.usefixtures("float64")
def test_without_priority_dimensions_do_not_see_what_others_become(key: jax.Array) -> None:
    # Weights of the depth that look at time only: with priority to the depth they see this step's time.
    inputs = jax.random.normal(key, (1, 1, 3))

    def top(priority: Any) -> np.ndarray:
        cell = lively(GridLSTM(3, 4, depth=1, priority=priority, key=key))
        return np.asarray(unroll(cell, inputs)[1])

    depth, time, none = map(top, ("depth", "time", "none"))
    np.testing.assert_array_equal(time, none)
    assert np.abs(depth - none).max() > 1e-3


@pytest.mark.usefixtures("float64")
def test_one_position_is_a_grid_of_time_and_depth(key: jax.Array) -> None:
    # Nothing comes along space, so without priority the weights that look there do not matter.
    spatial = lively(SpatialGridLSTM((1,), 3, 4, depth=2, priority="none", key=key))
    plain = GridLSTM(3, 4, depth=2, priority="none", key=key)
    kept = np.r_[0:4, 8:12]
    block = spatial.column.block
    plain = eqx.tree_at(
        lambda cell: (cell.input_weight, cell.input_bias, cell.column.block),
        plain,
        (
            spatial.input_weight,
            spatial.input_bias,
            GridBlock(
                tuple(block.weights[n][:, kept] for n in (0, 2)), (block.biases[0], block.biases[2]), ()
            ),
        ),
    )
    inputs = jax.random.normal(key, (6, 2, 3))
    (_, given), (_, expected) = unroll(spatial, inputs), unroll(plain, inputs)
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(given, expected, rtol=0, atol=EXACT)


@pytest.mark.usefixtures("float64")
def test_a_position_hears_of_those_before_it_at_once_and_of_those_after_it_never(key: jax.Array) -> None:
    cell = lively(SpatialGridLSTM((3, 2), 1, 4, depth=2, key=key))
    state = initial_states(cell, 1)

    def last(inputs: jax.Array) -> jax.Array:
        return unroll(cell, inputs, state)[1][-1].reshape(3, 2, 4).sum(axis=-1)

    by_inputs = quick_jit(jax.jacfwd(last))(jax.random.normal(key, (2, 1, 6)))
    for row, column in np.ndindex(3, 2):
        reach = np.abs(by_inputs[row, column]).reshape(2, 3, 2)
        before = np.zeros((3, 2), bool)
        before[: row + 1, : column + 1] = True
        assert np.all(reach[:, before] > 1e-8)
        assert np.all(reach[:, ~before] == 0)


@pytest.mark.parametrize(
    ("space", "sizes", "options", "message"),
    [
        ((), (3, 4), {}, r"space is \(\); choose at least one axis, or GridLSTM for elements without"),
        ((2, 0), (3, 4), {}, r"space\[1\] is 0; choose a whole number of at least 1"),
        ((2,), (0, 4), {}, r"feature_size is 0"),
        ((2,), (3, 0), {}, r"hidden_size is 0"),
        ((2,), (3, 4), {"depth": 0}, r"depth is 0"),
        ((2,), (3, 4), {"priority": "spac"}, r"priority is 'spac' \(did you mean 'space'\?\); choose one of"),
    ],
)
@pytest.mark.usefixtures("as_users_run_it")
def test_what_does_not_fit_is_refused(
    space: Any, sizes: Any, options: Any, message: str, key: jax.Array
) -> None:
    with pytest.raises(OptionError, match=message):
        SpatialGridLSTM(space, *sizes, **options, key=key)


@pytest.mark.parametrize("kind", [DepthLSTM, GridLSTM])
@pytest.mark.usefixtures("as_users_run_it")
def test_depth_of_nothing_is_refused(kind: Any, key: jax.Array) -> None:
    with pytest.raises(OptionError, match=r"depth is 0; choose a whole number of at least 1"):
        kind(3, 4, depth=0, key=key)


@pytest.mark.usefixtures("as_users_run_it")
def test_priority_of_an_unknown_dimension_is_refused(key: jax.Array) -> None:
    with pytest.raises(
        OptionError, match=r"priority is 'dept' \(did you mean 'depth'\?\); choose one of depth, time, none"
    ):
        GridLSTM(3, 4, priority="dept", key=key)  # type: ignore[arg-type]
