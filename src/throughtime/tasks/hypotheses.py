"""What a search for the best target finds: some targets for each source, the best one first."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer


class Hypotheses(NamedTuple):
    """K targets for each source, the best one first.

    `symbols` `[B, K, T]`, -1 past the end; `lengths` `[B, K]`, without the end symbol; `log_probabilities`
    `[B, K]` in nats, `-inf` where fewer than K targets were found; `scores` `[B, K]`, by which they are
    ordered; `is_finished` `[B, K]`, false where the search was cut off before the target's end.
    """

    symbols: Integer[Array, "B K T"]
    lengths: Integer[Array, "B K"]
    log_probabilities: Float[Array, "B K"]
    scores: Float[Array, "B K"]
    is_finished: Bool[Array, "B K"]


def best_first(hypotheses: Hypotheses) -> Hypotheses:
    """Return the hypotheses ordered by score, those that are cut off behind all others."""
    # Two sorts, the second one stable: a number taken off the scores of some would cost the others precision.
    order = jnp.argsort(-hypotheses.scores, axis=1, stable=True)
    cut_off = jnp.take_along_axis(~hypotheses.is_finished, order, axis=1)
    order = jnp.take_along_axis(order, jnp.argsort(cut_off, axis=1, stable=True), axis=1)
    return jax.tree.map(lambda leaf: picked(leaf, order), hypotheses)


def picked(values: Array, which: Integer[Array, "B K"]) -> Array:
    """Return for each source the rows `which` of its values `[B, N, ...]`."""
    return jnp.take_along_axis(values, which.reshape(which.shape + (1,) * (values.ndim - 2)), axis=1)
