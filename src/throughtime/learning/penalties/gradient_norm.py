"""The regulariser that keeps the gradient's norm as it goes back in time."""

from collections.abc import Iterator
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer, Shaped

from throughtime.core.cell import Cell, FusedCell, Projected, State
from throughtime.core.errors import OptionError
from throughtime.core.scanning import valid_steps, zero_padding
from throughtime.core.state import keep_finished
from throughtime.core.unroll import unroll
from throughtime.learning.rule import Loss
from throughtime.learning.unrolled import loss_of_outputs
from throughtime.networks.stack import Stack, StackState


class _Seen(NamedTuple):
    """What a layer has read and remembered before each step."""

    inputs: Shaped[Array, "T B *I"]
    before: State


def gradient_norm_penalty(
    network: Cell,
    loss: Loss,
    state: State,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"] | None,
) -> tuple[Float[Array, ""], Cell]:
    r"""Return the penalty on the way that errors go back in time, and its immediate derivative.

    **Equations**

        Omega = 1/B sum_b sum_t (|dE/dh_t dh_t/dh_{t-1}| / |dE/dh_t| - 1)^2      (Eq. 9)

        of each recurrent layer; steps that no error reaches do not count. As in the paper, dE/dh_t, h_{t-1}
        and x_t are held fixed in the derivative, so only the recurrent weights have one (Eq. 10).

    **Cost**

        the time of about two more passes forward and back, step by step; memory O(T H)

    **Differs from**

        The paper, where a state is what goes into the nonlinearity. Here it is what a cell remembers (of an
        LSTM, hidden layer and cell), so the slope of the nonlinearity is that of step t and depends on the
        recurrent weights too.

    **Raises**

        OptionError: no layer of the network has its hidden layer as its output.

    **Source**

        Pascanu, Mikolov & Bengio 2013, arXiv 1211.5063, Eqs. 9 and 10.
    """
    layers = list(_recurrent_layers(network))
    if not layers:
        raise OptionError(
            "gradient_norm_penalty was asked for, and no layer of the network has its hidden layer as its "
            "output; leave it out, or use cells such as elman, lstm or gru"
        )
    if lengths is None:
        lengths = jnp.full(inputs.shape[1], inputs.shape[0])
    moves = [
        jax.tree.map(
            lambda leaf: jnp.zeros((*inputs.shape[:2], *leaf.shape), leaf.dtype), one.initial_state()
        )
        for one in layers
    ]

    def error(moves: list[State]) -> tuple[Float[Array, ""], list[_Seen]]:
        seen: list[_Seen] = []
        _, outputs = _moved(network, inputs, state, lengths, iter(moves), seen)
        return loss_of_outputs(loss, outputs, targets, mask), seen

    errors, seen = jax.grad(error, has_aux=True)(moves)
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)

    def penalty(parameters: Cell) -> Float[Array, ""]:
        each = _recurrent_layers(eqx.combine(parameters, rest))
        bent = jax.vmap(jax.vmap(_bent, (None, 0, 0)), (None, 0, 0))
        terms = [bent(*parts).sum() for parts in zip(each, seen, errors, strict=True)]
        return jnp.stack(terms).sum() / inputs.shape[1]

    return jax.value_and_grad(penalty)(parameters)


def _recurrent_layers(cell: Cell) -> Iterator[FusedCell]:
    if isinstance(cell, Stack):
        for layer in cell.cells:
            yield from _recurrent_layers(layer)
    elif isinstance(cell, FusedCell):
        yield cell


def _moved(
    cell: Cell,
    inputs: Shaped[Array, "T B *I"],
    state: State,
    lengths: Integer[Array, " B"],
    moves: Iterator[State],
    seen: list[_Seen],
) -> tuple[State, Float[Array, "T B O"]]:
    """Run a cell of which each state is moved a little: the derivative by a move is the error there."""
    if isinstance(cell, Stack):
        states = []
        for layer, layer_state in zip(cell.cells, state.layers, strict=True):
            layer_state, inputs = _moved(layer, inputs, layer_state, lengths, moves, seen)
            states.append(layer_state)
        return StackState(tuple(states)), inputs
    if not isinstance(cell, FusedCell):
        return unroll(cell, inputs, state, lengths=lengths)
    real = valid_steps(lengths, inputs.shape[0])
    inputs = zero_padding(inputs, real)

    def step(
        before: State, element: tuple[Projected, State, Bool[Array, " B"]]
    ) -> tuple[State, tuple[Float[Array, "B O"], State]]:
        projected, move, real = element
        after, _ = jax.vmap(cell.step)(before, projected)
        after = keep_finished(real, jax.tree.map(jnp.add, after, move), before)
        # Of the cells that have a kernel, the output is the first array of the state.
        return after, (jnp.where(real[:, None], jax.tree.leaves(after)[0], 0), before)

    projected = jax.vmap(jax.vmap(cell.project))(inputs)
    after, (outputs, before) = jax.lax.scan(step, state, (projected, next(moves), real))
    seen.append(_Seen(inputs, before))
    return after, outputs


def _bent(layer: FusedCell, seen: _Seen, error: State) -> Float[Array, ""]:
    """Return by how much a step changes the norm of an error that goes back through it."""
    recurrent = layer.fused().weights[2]
    weights, rest = eqx.partition(layer, eqx.is_inexact_array)
    fixed = eqx.combine(jax.lax.stop_gradient(weights), rest)
    layer = eqx.tree_at(lambda cell: getattr(cell, recurrent), fixed, getattr(layer, recurrent))

    def step(before: State) -> State:
        return layer.step(before, layer.project(seen.inputs))[0]

    # The ratio does not depend on the size of the error, of which float32 could not hold the square.
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in jax.tree.leaves(error)]))
    error = jax.tree.map(lambda leaf: leaf / jnp.where(largest > 0, largest, 1), error)
    (pulled,) = jax.vjp(step, seen.before)[1](error)
    size, arrived = _squares(error), _squares(pulled)
    counts = (size > 0) & (arrived > 0)
    ratio = jnp.sqrt(jnp.where(counts, arrived, 1) / jnp.where(size > 0, size, 1))
    # An error that a step brings to nothing has no direction in which to grow again.
    return jnp.where(counts, (ratio - 1) ** 2, jnp.where(size > 0, 1.0, 0.0))


def _squares(tree: State) -> Float[Array, ""]:
    return jnp.sum(jnp.stack([jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)]))
