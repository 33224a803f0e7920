"""What a run carries from one training step to the next where its batches are chunks of one long sequence."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotACellError
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states, is_key
from throughtime.core.unroll import unroll
from throughtime.learning import LearningRule
from throughtime.learning.rule import Loss, Trace


class Carried(NamedTuple):
    """Where all lanes stand: the network's `state`, and the `trace` of the learning rule."""

    state: State
    trace: Trace


def start_lanes(network: Network, rule: LearningRule, lanes: int, key: PRNGKeyArray) -> Carried:
    """Return what is carried into the first chunk.

    **Raises**

        NotACellError: the network must see the whole sequence.
    """
    cell = check_reads_on(network)
    state_key, rule_key = jax.random.split(key)
    return Carried(initial_states(cell, lanes, state_key), rule.start(cell, lanes, rule_key))


def with_fresh_noise(state: State, key: PRNGKeyArray) -> State:
    """Return a state in which every random key is a new one, so that no noise is drawn from where it stands
    alone."""
    leaves, structure = jax.tree.flatten(state)
    keys = iter(jax.random.split(key, len(leaves)))
    fresh = [jax.random.split(next(keys), leaf.shape) if is_key(leaf) else leaf for leaf in leaves]
    return jax.tree.unflatten(structure, fresh)


def check_reads_on(network: Network) -> Cell:
    """Return the network; raise `NotACellError` for one that cannot read a sequence without an end."""
    if not isinstance(network, Cell):
        raise NotACellError(
            f"{type(network).__name__} must see the whole sequence, and a text is read chunk by chunk; use a "
            "network of direction='forward'"
        )
    return network


def chunk_losses(
    network: Cell,
    loss: Loss,
    state: State,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    lengths: Integer[Array, " B"],
) -> tuple[State, Float[Array, ""]]:
    """Return where the lanes stand after a chunk, and the sum of its losses."""
    state, outputs = unroll(network, inputs, state, lengths=lengths)
    each = jax.vmap(jax.vmap(loss))(outputs, targets)
    counts = jnp.arange(inputs.shape[0])[:, None] < lengths
    return state, jnp.where(counts, each, 0).sum()
