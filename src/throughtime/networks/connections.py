"""Connections around a layer: its input is added to its output, or handed on beside it."""

import abc
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.errors import NotACellError, ShapeError, choose
from throughtime.core.scanning import valid_steps, zero_padding
from throughtime.core.sequence_map import Network, SequenceMap
from throughtime.core.unroll import unroll

Connection = Literal["residual", "shortcut"]


class Around(NamedTuple):
    """What a step within a connection needs: the input `x` as it is, and `inside`, the cell's projection."""

    x: Array
    inside: Projected


class _Connected(SelfUnrollingCell):
    """A cell and a connection around it; the state is that of the cell."""

    cell: eqx.AbstractVar[Cell]

    @property
    @abc.abstractmethod
    def connection(self) -> Connection:
        """How input and output become one."""

    def initial_state(self) -> State:
        """Return the initial state of the cell."""
        return self.cell.initial_state()

    def project(self, x: Shaped[Array, "*I"]) -> Around:
        """Return `x` and its projection."""
        _check_features(x, self.connection)
        return Around(x, self.cell.project(x))

    def step(self, state: State, projected: Around) -> tuple[State, Float[Array, " O"]]:
        """Return the next state of the cell, and its output joined with the input."""
        state, output = self.cell.step(state, projected.inside)
        return state, _JOINS[self.connection](projected.x, output)

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: State,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[State, Float[Array, "T B O"]]:
        """Run the cell over the whole sequence, and join."""
        _check_features(inputs, self.connection)
        state, outputs = unroll(self.cell, inputs, state, lengths=lengths, reverse=reverse)
        return state, _JOINS[self.connection](inputs, outputs)


class Residual(_Connected):
    r"""A cell that says what is to be added to its input.

    **Equations**

        (h_t, r_t) = step(h_{t-1}, project(x_t))
        y_t = x_t + r_t

    **Shapes**

        x, r, y `[I]`; h as the cell has it

    Arguments:
        cell: a cell that gives as many features as it reads, and does not read symbols.

    **Raises**

        ShapeError: the two sizes are not equal, or the input is symbols.
        NotACellError: `cell` is no cell.

    **Source**

        He et al. 2016, "Deep residual learning", arXiv 1512.03385, Eq. 1; between the layers of a recurrent
        network: Wu et al. 2016, arXiv 1609.08144, section 3.1.
    """

    cell: Cell
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell):
        self.cell = _checked(cell, "Residual")
        self.input_size = cell.input_size
        self.output_size = _size(cell, "residual")

    @property
    def connection(self) -> Connection:
        """Add."""
        return "residual"


class Shortcut(_Connected):
    r"""A cell whose input goes on beside its output.

    In a `Stack` every layer then sees the input and all layers below it, and what stands on top, a readout
    say, sees the input and all layers. One such cell below a readout is a network with connections from its
    input to its output.

    **Equations**

        (h_t, r_t) = step(h_{t-1}, project(x_t))
        y_t = [x_t; r_t]

    **Shapes**

        x `[I]`, r as the cell gives it `[O]`, y `[I + O]`

    Arguments:
        cell: a cell that does not read symbols.

    **Raises**

        ShapeError: the input is symbols.
        NotACellError: `cell` is no cell.

    **Differs from**

        In the paper a layer sees the input and the one layer right below, and the readout all layers but not
        the input. Here a weight stands at each of these places too; the paper's network has zeros there.

    **Source**

        Graves 2013, arXiv 1308.0850, Eqs. 1-3.
    """

    cell: Cell
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell):
        self.cell = _checked(cell, "Shortcut")
        self.input_size = cell.input_size
        self.output_size = _size(cell, "shortcut")

    @property
    def connection(self) -> Connection:
        """Lay end to end."""
        return "shortcut"


class ConnectedMap(SequenceMap):
    r"""A connection around a network that must see the whole sequence, a bidirectional layer for instance.

    **Equations**

        y_t = x_t + r_t           residual
        y_t = [x_t; r_t]          shortcut,   r = network(x)

    **Shapes**

        x `[I]`, r as the network gives it `[O]`; y `[I]`, or `[I + O]` with a shortcut

    Arguments:
        network: a sequence map; for a residual connection, one that gives as many features as it reads.
        connection: `"residual"` or `"shortcut"`.

    **Raises**

        ShapeError: the sizes do not fit a residual connection, or the input is symbols.
        OptionError: there is no such connection.

    **Source**

        As `Residual` and `Shortcut`.
    """

    network: SequenceMap
    connection: Connection = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, network: SequenceMap, connection: Connection):
        choose("connection", connection, get_args(Connection))
        self.network = network
        self.connection = connection
        self.input_size = network.input_size
        self.output_size = _size(network, connection)

    def run(
        self,
        inputs: Shaped[Array, "T B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[tuple[State, ...], Float[Array, "T B O"]]:
        """Return the final states of the network, and its outputs joined with its inputs."""
        _check_features(inputs, self.connection)
        states, outputs = self.network.run(inputs, lengths=lengths, key=key)
        if lengths is not None:
            inputs = zero_padding(inputs, valid_steps(lengths, inputs.shape[0]))
        return states, _JOINS[self.connection](inputs, outputs)


def connect(network: Network, connection: Connection) -> Network:
    """Return a network with a connection around it: a cell again if it is a cell, else a sequence map.

    Arguments:
        network: what to go around.
        connection: `"residual"`: the input is added to the output; `"shortcut"`: it is handed on beside it.

    **Raises**

        ShapeError: a residual connection around what gives fewer or more features than it reads.
        OptionError: there is no such connection.
    """
    choose("connection", connection, get_args(Connection))
    if not isinstance(network, Cell):
        return ConnectedMap(network, connection)
    return Residual(network) if connection == "residual" else Shortcut(network)


def _checked(cell: Cell, name: str) -> Cell:
    if not isinstance(cell, Cell):
        raise NotACellError(
            f"{name} goes around a cell, and {type(cell).__name__} is not one; use connect, which takes "
            "cells and sequence maps"
        )
    return cell


def _beside(x: Float[Array, "*T I"], output: Float[Array, "*T O"]) -> Float[Array, "*T I+O"]:
    return jnp.concatenate([x, output], axis=-1)


_JOINS: dict[Connection, Callable[[Array, Array], Array]] = {"residual": jnp.add, "shortcut": _beside}


def _size(network: Network, connection: Connection) -> int:
    if connection == "shortcut":
        return network.input_size + network.output_size
    if network.input_size != network.output_size:
        raise ShapeError(
            f"a residual connection adds the input to the output, and {type(network).__name__} reads "
            f"{network.input_size} features and gives {network.output_size}; make the two sizes equal, or "
            "use a shortcut connection"
        )
    return network.output_size


def _check_features(x: Array, connection: Connection) -> None:
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise ShapeError(
            f"a {connection} connection hands on features, and its input is symbols ({x.dtype}); put the "
            "connection around the layers above the embedding"
        )
