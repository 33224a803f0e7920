"""Connections around cells and sequence maps, beside a network of Graves, and what they refuse."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.registry import lively
from tests.oracles import papers_wirings
from throughtime import (
    GRU,
    Bidirectional,
    Chain,
    ConnectedMap,
    Dropout,
    Elman,
    Embedding,
    Linear,
    Residual,
    Shortcut,
    Stack,
    apply,
    connect,
    unroll,
)
from throughtime.core.errors import NotACellError, OptionError, ShapeError

pytestmark = pytest.mark.usefixtures("as_users_run_it")

KEY = jax.random.key(0)
CELL = GRU(3, 5, key=KEY)
EQUAL = GRU(3, 3, key=KEY)


@pytest.mark.usefixtures("float64")
def test_a_stack_of_shortcuts_is_the_network_of_graves_where_his_has_weights(
    rng: np.random.Generator,
) -> None:
    layers = [Elman(3, 5, key=KEY), Elman(8, 4, key=KEY), Elman(12, 6, key=KEY)]
    stack = lively(Stack([*(Shortcut(layer) for layer in layers), Linear(18, 2, key=KEY)]))
    lowest, middle, highest = (np.array(shortcut.cell.input_weight) for shortcut in stack.cells[:-1])
    readout = np.array(stack.cells[-1].weight)
    # What he leaves out: the third layer does not see the first, the readout does not see the input.
    highest[:, 3:8] = 0
    readout[:, :3] = 0
    stack = eqx.tree_at(
        lambda stack: (stack.cells[2].cell.input_weight, stack.cells[3].weight),
        stack,
        (jnp.asarray(highest), jnp.asarray(readout)),
    )
    x = rng.normal(size=(7, 3))
    expected = papers_wirings.graves(
        x,
        [lowest, middle[:, :3], highest[:, :3]],
        [middle[:, 3:], highest[:, 8:]],
        [np.asarray(shortcut.cell.recurrent_weight) for shortcut in stack.cells[:-1]],
        [np.asarray(shortcut.cell.bias) for shortcut in stack.cells[:-1]],
        [readout[:, 3:8], readout[:, 8:12], readout[:, 12:]],
        np.asarray(stack.cells[-1].bias),
    )
    _, outputs = unroll(stack, jnp.asarray(x)[:, None])
    np.testing.assert_allclose(outputs[:, 0], expected, rtol=0, atol=1e-12)


def test_a_readout_above_one_shortcut_sees_the_input_itself() -> None:
    network = Stack([Shortcut(CELL), Linear(8, 2, key=KEY)])
    inputs = jax.random.normal(KEY, (7, 2, 3))
    _, hidden = unroll(CELL, inputs)
    readout = network.cells[1]
    expected = inputs @ readout.weight[:, :3].T + hidden @ readout.weight[:, 3:].T
    np.testing.assert_allclose(unroll(network, inputs)[1], expected, atol=1e-6)


def test_connect_makes_a_cell_of_a_cell_and_a_sequence_map_of_the_rest() -> None:
    assert isinstance(connect(EQUAL, "residual"), Residual)
    assert isinstance(connect(CELL, "shortcut"), Shortcut)
    both = Bidirectional(EQUAL, EQUAL, merge="sum")
    for connection, size in (("residual", 3), ("shortcut", 6)):
        network = connect(both, connection)  # type: ignore[arg-type]
        assert isinstance(network, ConnectedMap)
        assert network.output_size == size


def test_connections_around_both_directions_by_hand() -> None:
    both = Bidirectional(EQUAL, EQUAL, merge="sum")
    inputs, lengths = jax.random.normal(KEY, (7, 2, 3)), jnp.array([4, 7])
    inside = apply(both, inputs, lengths=lengths)
    padded = inputs.at[4:, 0].set(jnp.nan)
    real = inputs.at[4:, 0].set(0)
    added = apply(connect(both, "residual"), padded, lengths=lengths)
    np.testing.assert_allclose(added, real + inside, atol=1e-6)
    beside = apply(connect(both, "shortcut"), padded, lengths=lengths)
    np.testing.assert_allclose(beside, jnp.concatenate([real, inside], -1), atol=1e-6)


def test_what_is_handed_on_has_no_noise_of_the_layer() -> None:
    network = connect(Chain([Dropout(3, 0.5), Bidirectional(EQUAL, EQUAL, merge="mean")]), "shortcut")
    inputs = jax.random.normal(KEY, (7, 2, 3))
    outputs = apply(network, inputs, key=KEY)
    np.testing.assert_array_equal(outputs[..., :3], inputs)
    assert not np.array_equal(outputs, apply(network, inputs, key=jax.random.key(1)))


def test_a_residual_connection_needs_equal_sizes() -> None:
    message = r"{} reads 3 features and gives {}; make the two sizes equal, or use a shortcut connection"
    with pytest.raises(ShapeError, match=message.format("GRU", 5)):
        Residual(CELL)
    with pytest.raises(ShapeError, match=message.format("Bidirectional", 10)):
        connect(Bidirectional(CELL, CELL), "residual")


@pytest.mark.parametrize("connection", ["residual", "shortcut"])
def test_symbols_are_not_handed_on(connection: str) -> None:
    symbols = jnp.zeros((7, 2), jnp.int32)
    message = rf"a {connection} connection hands on features, and its input is symbols \(int32\); put the"
    cell = connect(Embedding(4, 4, key=KEY), connection)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=message):
        unroll(cell, symbols)
    with pytest.raises(ShapeError, match=message):
        cell.project(symbols[0, 0])
    both = Bidirectional(Embedding(4, 4, key=KEY), Embedding(4, 4, key=KEY), merge="sum")
    with pytest.raises(ShapeError, match=message):
        apply(connect(both, connection), symbols)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [Residual, Shortcut])
def test_around_a_cell_only(kind: type) -> None:
    with pytest.raises(
        NotACellError,
        match=rf"{kind.__name__} goes around a cell, and Bidirectional is not one; use connect, which takes",
    ):
        kind(Bidirectional(CELL, CELL))


def test_unknown_connection() -> None:
    message = r"connection is 'residul' \(did you mean 'residual'\?\)"
    with pytest.raises(OptionError, match=message):
        connect(EQUAL, "residul")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=message):
        ConnectedMap(Bidirectional(CELL, CELL), "residul")  # type: ignore[arg-type]
