"""Search for the likeliest labelling of a network trained by connectionist temporal classification."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer

from throughtime.core.errors import check_sizes
from throughtime.tasks.hypotheses import Hypotheses, best_first, picked


class _Prefixes(NamedTuple):
    """The labellings under way: `symbols` `[B, K, T]`, `lengths` `[B, K]`, and the log-probabilities of all
    their paths that end in a blank, and of all that do not."""

    symbols: Integer[Array, "B K T"]
    lengths: Integer[Array, "B K"]
    blank: Float[Array, "B K"]
    unblank: Float[Array, "B K"]


def prefix_search(scores: Float[Array, "T B V"], lengths: Integer[Array, " B"], *, width: int) -> Hypotheses:
    r"""Return the best labellings of a batch that a search of this width finds.

    A path names a symbol or the blank at each step; its labelling is what remains when repetitions are made
    one and blanks are taken out. All paths of a labelling count together. The blank is the last symbol,
    V - 1.

    **Equations**

        p(z) = sum over the paths of z of prod_t softmax(y_t)[path_t]

        b_t(z) = softmax(y_t)[blank] (b_{t-1}(z) + n_{t-1}(z))
        n_t(z) = softmax(y_t)[z_end] (n_{t-1}(z) + b_{t-1}(z') + n_{t-1}(z') [z'_end != z_end]),
        z' being z without its last symbol, and b and n what ends in a blank and what does not

    **Shapes**

        scores `[T, B, V]`, lengths `[B]`; symbols `[B, K, T]`

    Arguments:
        scores: of each step.
        lengths: of the inputs; the steps behind do not count.
        width: K, how many labellings are kept at a step, at least 1.

    **Raises**

        OptionError: the width is below 1.

    **Cost**

        time O(T K (V + K T)), all inputs at once

    **Exactness**

        the best K labellings of all if as many are kept as there are; otherwise no promise

    **Source**

        Graves, Fernández, Gomez & Schmidhuber 2006, "Connectionist temporal classification", ICML, section
        3.2 (prefix search); with a beam of prefixes: Hannun, Maas, Jurafsky & Ng 2014, arXiv 1408.2873,
        Algorithm 1, without a language model.
    """
    check_sizes(width=width)
    steps, batch_size, size = scores.shape
    shape = batch_size, width
    empty = jnp.full(shape, -jnp.inf, scores.dtype)
    start = _Prefixes(
        jnp.full((*shape, steps), -1, jnp.int32),
        jnp.zeros(shape, jnp.int32),
        empty.at[:, 0].set(0.0),
        empty,
    )
    if size == 1 or not steps:
        raise ValueError("a labelling needs a symbol beside the blank, and a step")

    def go_on(prefixes: _Prefixes, element: tuple[Array, Array]) -> tuple[_Prefixes, None]:
        logits, is_real = element
        longer = _extended(prefixes, jax.nn.log_softmax(logits))

        def keep(new: Array, old: Array) -> Array:
            return jnp.where(is_real.reshape(is_real.shape + (1,) * (new.ndim - 1)), new, old)

        return jax.tree.map(keep, longer, prefixes), None

    real = jnp.arange(steps)[:, None] < lengths[None, :]
    found, _ = jax.lax.scan(go_on, start, (scores, real))
    total = jnp.logaddexp(found.blank, found.unblank)
    return best_first(Hypotheses(found.symbols, found.lengths, total, total, jnp.ones(shape, bool)))


def _extended(prefixes: _Prefixes, log_probabilities: Float[Array, "B V"]) -> _Prefixes:
    batch_size, width, steps = prefixes.symbols.shape
    symbols, blank = log_probabilities[:, :-1], log_probabilities[:, -1:]
    size = symbols.shape[1]
    end = jnp.maximum(prefixes.lengths - 1, 0)
    last = jnp.take_along_axis(prefixes.symbols, end[..., None], axis=2)[..., 0]
    total = jnp.logaddexp(prefixes.blank, prefixes.unblank)
    ends_so = jax.nn.one_hot(last, size, dtype=bool)  # of the empty prefix, nowhere
    # b_t and the part of n_t that comes from the prefix itself; an empty one has no symbol to repeat.
    stay_blank = total + blank
    again = jnp.take_along_axis(symbols, jnp.maximum(last, 0), axis=1)
    stay_unblank = jnp.where(last >= 0, prefixes.unblank + again, -jnp.inf)
    # The part of n_t that comes from z' goes to a prefix that may be in the beam already.
    before = jnp.where(ends_so, prefixes.blank[..., None], total[..., None])
    longer = before + symbols[:, None, :]
    follows = _follows(prefixes)
    from_parent = jnp.take_along_axis(
        longer, jnp.broadcast_to(jnp.maximum(last, 0)[:, None, :], follows.shape), 2
    )
    joined = jax.nn.logsumexp(jnp.where(follows, from_parent, -jnp.inf), axis=1)
    stay_unblank = jnp.logaddexp(stay_unblank, joined)
    taken = jnp.einsum("bij,bjv->biv", follows.astype(int), ends_so.astype(int)) > 0
    longer = jnp.where(taken, -jnp.inf, longer)
    rank = jnp.concatenate([jnp.logaddexp(stay_blank, stay_unblank), longer.reshape(batch_size, -1)], axis=1)
    top, chosen = jax.lax.top_k(rank, width)
    stays = chosen < width
    parent = jnp.where(stays, chosen, (chosen - width) // size)
    symbol = (chosen - width) % size
    lengths = picked(prefixes.lengths, parent)
    here = (jnp.arange(steps) == lengths[..., None]) & ~stays[..., None]
    return _Prefixes(
        jnp.where(here, symbol[..., None], picked(prefixes.symbols, parent)),
        lengths + ~stays,
        jnp.where(stays, picked(stay_blank, parent), -jnp.inf),
        jnp.where(stays, picked(stay_unblank, parent), top),
    )


def _follows(prefixes: _Prefixes) -> Bool[Array, "B K K"]:
    """Return whether prefix j is prefix i with one more symbol, at `[i, j]`, and both have paths."""
    steps = prefixes.symbols.shape[2]
    is_end = jnp.arange(steps) == prefixes.lengths[..., None] - 1
    shortened = jnp.where(is_end, -1, prefixes.symbols)
    alike = (prefixes.symbols[:, :, None] == shortened[:, None]).all(-1)
    alive = jnp.logaddexp(prefixes.blank, prefixes.unblank) > -jnp.inf
    one_longer = prefixes.lengths[:, None] == prefixes.lengths[:, :, None] + 1
    return alike & one_longer & alive[:, :, None] & alive[:, None]
