"""Penalties on the hidden layers of a network over time, and how those are had while it is unrolled."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer, Shaped

from throughtime.core.cell import Cell, FusedCell, PointwiseCell, Projected, State
from throughtime.core.errors import OptionError
from throughtime.core.scanning import valid_steps, zero_padding
from throughtime.core.state import keep_finished
from throughtime.core.unroll import unroll
from throughtime.networks.stack import Stack, StackState


class Watched(NamedTuple):
    """A run: the state after it, the outputs, and each hidden layer at steps 0 (before) to T."""

    state: State
    outputs: Float[Array, "T B O"]
    hidden: tuple[Float[Array, "T1 B ..."], ...]


def unroll_watching(
    cell: Cell, inputs: Shaped[Array, "T B *I"], state: State, lengths: Integer[Array, " B"] | None
) -> Watched:
    """Return what `unroll` does, and all hidden layers on the way.

    A hidden layer is a field `hidden` of a state. Where it is the output too, a kernel gives it; other cells
    that have one go step by step.
    """
    if isinstance(cell, Stack):
        states: list[State] = []
        hidden: list[Array] = []
        for layer, layer_state in zip(cell.cells, state.layers, strict=True):
            layer_state, inputs, seen = unroll_watching(layer, inputs, layer_state, lengths)
            states.append(layer_state)
            hidden += seen
        return Watched(StackState(tuple(states)), inputs, tuple(hidden))
    if isinstance(cell, PointwiseCell) or not _hidden(state):
        return Watched(*unroll(cell, inputs, state, lengths=lengths), ())
    if isinstance(cell, FusedCell):
        after, outputs = unroll(cell, inputs, state, lengths=lengths)
        return Watched(after, outputs, (jnp.concatenate([_hidden(state)[0][None], outputs]),))
    return _scan(cell, inputs, state, lengths)


def _scan(
    cell: Cell, inputs: Shaped[Array, "T B *I"], state: State, lengths: Integer[Array, " B"] | None
) -> Watched:
    real = _real(inputs, lengths)
    projected = jax.vmap(jax.vmap(cell.project))(zero_padding(inputs, real))

    def step(
        before: State, element: tuple[Projected, Bool[Array, " B"]]
    ) -> tuple[State, tuple[Float[Array, "B O"], list[Array]]]:
        after, output = jax.vmap(cell.step)(before, element[0])
        after = keep_finished(element[1], after, before)
        return after, (jnp.where(element[1][:, None], output, 0), _hidden(after))

    after, (outputs, hidden) = jax.lax.scan(step, state, (projected, real))
    whole = [jnp.concatenate([first[None], rest]) for first, rest in zip(_hidden(state), hidden, strict=True)]
    return Watched(after, outputs, tuple(whole))


def _real(inputs: Shaped[Array, "T B *I"], lengths: Integer[Array, " B"] | None) -> Bool[Array, "T B"]:
    if lengths is None:
        return jnp.ones(inputs.shape[:2], bool)
    return valid_steps(lengths, inputs.shape[0])


def _hidden(state: State) -> list[Array]:
    """Return the hidden layers in a state, but for those of several steps ago that a dilated cell keeps."""
    found = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        names = [getattr(part, "name", None) for part in path]
        if names and names[-1] == "hidden" and "pending" not in names:
            found.append(leaf)
    return found


def activation(watched: Watched, lengths: Integer[Array, " B"] | None) -> Float[Array, ""]:
    r"""Return the squares of all hidden units, summed over the steps, as a mean over the batch.

    **Equations**

        1/B sum_b sum_t |h_t|^2

    **Source**

        Merity, McCann & Socher 2017, arXiv 1708.01009 (activation regularisation).
    """
    return _mean(watched, lengths, [_squares(layer[1:]) for layer in watched.hidden])


def instability(watched: Watched, lengths: Integer[Array, " B"] | None) -> Float[Array, ""]:
    r"""Return how much the norm of the hidden layers changes from step to step, as a mean over the batch.

    **Equations**

        1/B sum_b sum_t (|h_t| - |h_{t-1}|)^2

    **Differs from**

        The paper, where it is a mean over the steps: here the chunks of a stream add up.

    **Source**

        Krueger & Memisevic 2016, arXiv 1511.08400, Eq. 1.
    """
    return _mean(watched, lengths, [jnp.diff(_norm(layer), axis=0) ** 2 for layer in watched.hidden])


def _mean(
    watched: Watched, lengths: Integer[Array, " B"] | None, terms: list[Float[Array, "T B"]]
) -> Float[Array, ""]:
    if not terms:
        raise OptionError(
            "a penalty on hidden layers was asked for, and no layer of the network has a state of that name; "
            "leave the penalty out, or use cells such as elman, lstm or gru"
        )
    real = _real(watched.outputs, lengths)
    return jnp.stack([jnp.where(real, term, 0).sum() for term in terms]).sum() / real.shape[1]


def _squares(layer: Float[Array, "T B ..."]) -> Float[Array, "T B"]:
    return jnp.sum(layer**2, axis=tuple(range(2, layer.ndim)))


def _norm(layer: Float[Array, "T B ..."]) -> Float[Array, "T B"]:
    """Return the norm, with a slope of 0 where it is 0: at the initial state, say."""
    squares = _squares(layer)
    return jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1)), 0)
