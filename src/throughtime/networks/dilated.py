"""Dilated recurrences: a layer that looks back s steps instead of one, and stacks of them that reach far."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.errors import NotACellError, check_sizes
from throughtime.core.scanning import flip_in_time
from throughtime.core.unroll import unroll
from throughtime.networks.linear import Linear
from throughtime.networks.stack import Stack
from throughtime.networks.window import FixedWindow


class DilatedState(NamedTuple):
    """`pending`: the last s states of the inner cell in the order in which steps will go on from them, every
    array of the inner state with these s in front, `[s, ...]`."""

    pending: State


class Dilated(SelfUnrollingCell):
    r"""A cell whose step goes on from the state s steps ago: s recurrences interleaved, with equal weights.

    **Equations**

        (h_t, y_t) = step(h_{t-s}, project(x_t)),   h_t as the inner cell starts for t < 1

    **Shapes**

        x, h, y as the inner cell has them

    Arguments:
        cell: any cell. If it draws noise, each of the s recurrences has a key of its own.
        dilation: s, at least 1. It may be longer than the sequence, which then is s sequences of one element.

    **Raises**

        NotACellError: what is dilated is no cell.
        OptionError: the dilation is below 1.

    **Cost**

        as the inner cell; state s times as large. Over a whole sequence, T / s steps of a batch of s B: the s
        subsequences x_j, x_{j+s}, x_{j+2s}, ... run side by side, and by a kernel where the cell has one.

    **Exactness**

        dy_t / dx_{t-k} = 0 unless s divides k

    **Source**

        Chang et al. 2017, "Dilated recurrent neural networks", arXiv 1710.02224, section 2.1 (the skip
        connection without the edge to the step before, and its s chains in parallel).
    """

    cell: Cell
    dilation: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell, dilation: int):
        if not isinstance(cell, Cell):
            raise NotACellError(
                f"Dilated is made of a cell, and {type(cell).__name__} is not one: it has no step to dilate; "
                "dilate the cells that it is made of"
            )
        check_sizes(dilation=dilation)
        self.cell = cell
        self.dilation = int(dilation)
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def initial_state(self) -> DilatedState:
        """Return s times the initial state of the inner cell."""
        return DilatedState(
            jax.tree.map(
                lambda leaf: jnp.broadcast_to(leaf, (self.dilation, *jnp.shape(leaf))),
                self.cell.initial_state(),
            )
        )

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return the projection of the inner cell."""
        return self.cell.project(x)

    def step(self, state: DilatedState, projected: Projected) -> tuple[DilatedState, Float[Array, " O"]]:
        """Return the state with the oldest of its s states replaced by the newest, and the output."""
        oldest = jax.tree.map(lambda leaf: leaf[0], state.pending)
        newest, output = self.cell.step(oldest, projected)
        pending = jax.tree.map(lambda old, new: jnp.concatenate([old[1:], new[None]]), state.pending, newest)
        return DilatedState(pending), output

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: DilatedState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[DilatedState, Float[Array, "T B O"]]:
        """Run the s subsequences as one batch: step t is step t // s of subsequence t % s."""
        if reverse:
            inputs = flip_in_time(inputs, lengths)
        steps, batch_size = inputs.shape[:2]
        # Of a sequence shorter than s, only the subsequences that it reaches.
        chains = min(self.dilation, max(steps, 1))
        rounds = -(-steps // chains)
        missing = rounds * chains - steps
        filled = jnp.pad(inputs, [(0, missing)] + [(0, 0)] * (inputs.ndim - 1))
        ends: Array | None = None
        if lengths is not None or missing:
            real = jnp.full(batch_size, steps) if lengths is None else lengths
            ends = self._ends(real, chains)
        after, outputs = unroll(
            self.cell,
            filled.reshape(rounds, chains * batch_size, *inputs.shape[2:]),
            jax.tree.map(lambda leaf: _as_batch(leaf[:, :chains]), state.pending),
            lengths=ends,
        )
        outputs = outputs.reshape(rounds * chains, batch_size, self.output_size)[:steps]
        if reverse:
            outputs = flip_in_time(outputs, lengths)
        pending = jax.tree.map(
            lambda old, new: self._in_order(_with_first(old, _from_batch(new, batch_size)), steps, lengths),
            state.pending,
            after,
        )
        return DilatedState(pending), outputs

    @staticmethod
    def _ends(lengths: Integer[Array, " B"], chains: int) -> Integer[Array, " sB"]:
        """Return how many steps each subsequence has: subsequence j has the steps j, j + s, j + 2s, ..."""
        start = jnp.arange(chains, dtype=jnp.int32)[:, None]
        return ((lengths.astype(jnp.int32) + (chains - 1 - start)) // chains).reshape(-1)

    def _in_order(
        self, states: Shaped[Array, "B s *F"], steps: int, lengths: Integer[Array, " B"] | None
    ) -> Shaped[Array, "B s *F"]:
        """Put the state that the next step goes on from first."""
        if lengths is None:
            return jnp.roll(states, -(steps % self.dilation), axis=1)
        order = (lengths.astype(jnp.int32)[:, None] + jnp.arange(self.dilation)) % self.dilation
        return jax.vmap(lambda own, order: own[order])(states, order)


def _as_batch(states: Shaped[Array, "B s *F"]) -> Shaped[Array, "sB *F"]:
    return jnp.swapaxes(states, 0, 1).reshape(-1, *states.shape[2:])


def _from_batch(states: Shaped[Array, "sB *F"], batch_size: int) -> Shaped[Array, "B s *F"]:
    return jnp.swapaxes(states.reshape(-1, batch_size, *states.shape[1:]), 0, 1)


def _with_first(old: Shaped[Array, "B s *F"], new: Shaped[Array, "B n *F"]) -> Shaped[Array, "B s *F"]:
    """Replace the first n states."""
    return jnp.concatenate([new, old[:, new.shape[1] :]], axis=1)


def dilations(layers: int, *, base: int = 2, start: int = 1) -> tuple[int, ...]:
    """Return the dilation of each layer, lowest first: s^(l) = start base^(l-1).

    Arguments:
        layers: how many, at least 1.
        base: M, how much longer the dilation of each layer is than that of the layer below, at least 1.
        start: the dilation of the lowest layer, at least 1.

    **Source**

        Chang et al. 2017, arXiv 1710.02224, section 2.2, where start is a power of the base.
    """
    check_sizes(layers=layers, base=base, start=start)
    return tuple(start * base**number for number in range(layers))


def dilated_stack(
    cell: Callable[..., Cell],
    input_size: int,
    hidden_size: int,
    *,
    layers: int,
    base: int = 2,
    start: int = 1,
    output_size: int | None = None,
    key: PRNGKeyArray,
) -> Stack:
    r"""Return layers whose dilations grow exponentially, so that a few of them reach far back.

    **Equations**

        s^l = start base^(l-1)
        h^l_t = f^l(h^l_{t-s^l}, h^{l-1}_t),   h^0_t = x_t
        y_t = h^L_t,   or, as a last layer,   y_t = sum_{k=0}^{start-1} A_k h^L_{t-k} + b

    If start is above 1 it divides all dilations, and the layers see as many subsequences that never meet. The
    last layer then is a convolution over start steps, without an activation, which fuses them.

    Arguments:
        cell: what makes a layer when called with `input_size, hidden_size, key=`, such as `LSTM`. A layer
            with a dilation of 1 is the cell itself.
        input_size, hidden_size: at least 1.
        layers: L, how many recurrent layers, at least 1.
        base: M, by which the dilation grows from layer to layer, at least 1.
        start: the dilation of the lowest layer, at least 1.
        output_size: what the last layer gives, at least 1. When left out, there is none if start is 1, and
            else it gives `hidden_size`.
        key: source of all weights.

    **Raises**

        OptionError: a size, the base or the start is below 1.

    **Differs from**

        The paper starts at a power of the base, start = base^l0.

    **Source**

        Chang et al. 2017, arXiv 1710.02224, section 2.2.
    """
    each = dilations(layers, base=base, start=start)
    *keys, last_key = jax.random.split(key, layers + 1)
    cells = []
    size = input_size
    for dilation, layer_key in zip(each, keys, strict=True):
        cells.append(dilated(cell(size, hidden_size, key=layer_key), dilation))
        size = cells[-1].output_size
    if start > 1:
        cells.append(
            fusing_convolution(size, hidden_size if output_size is None else output_size, start, key=last_key)
        )
    elif output_size is not None:
        cells.append(Linear(size, output_size, key=last_key))
    return Stack(cells)


def dilated(cell: Cell, dilation: int) -> Cell:
    """Return the cell dilated; with a dilation of 1, the cell itself."""
    return cell if dilation == 1 else Dilated(cell, dilation)


def fusing_convolution(input_size: int, output_size: int, start: int, *, key: PRNGKeyArray) -> FixedWindow:
    """Return the last layer of a dilated stack whose lowest layer has the dilation `start`."""
    return FixedWindow(input_size, output_size, window=start, activation="identity", key=key)
