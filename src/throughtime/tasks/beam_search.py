"""Search for the likeliest target of a decoder, symbol by symbol, with the best beginnings kept."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer

from throughtime.core.cell import State
from throughtime.core.errors import OptionError, check_sizes
from throughtime.tasks.hypotheses import Hypotheses, best_first, picked

Step: TypeAlias = Callable[[State, Integer[Array, "B K"]], tuple[State, Float[Array, "B K V"]]]
"""From states and the symbols of the step before to the next states and the scores of all symbols."""


class _Beam(NamedTuple):
    """The targets under way: `symbols` `[B, K, T]`; of each one `last`, its last symbol, its `length` with
    the end symbol, its `log_probability`, whether it `is_finished`, and the decoder's `state`; all at one
    `position`."""

    position: Integer[Array, ""]
    symbols: Integer[Array, "B K T"]
    last: Integer[Array, "B K"]
    lengths: Integer[Array, "B K"]
    log_probabilities: Float[Array, "B K"]
    is_finished: Bool[Array, "B K"]
    state: State


def beam_search(
    step: Step, state: State, *, batch_size: int, width: int, most_symbols: int, length_penalty: float = 0.0
) -> Hypotheses:
    r"""Return the best targets of a batch of sources that a search of this width finds.

    At each step, every target under way is continued by every symbol, and as many continuations are kept as
    the beam has room for. Those that end leave the beam and take their room with them. The end symbol is the
    last one, V - 1.

    **Equations**

        score(z) = log p(z) / lp(z),   lp(z) = ((5 + |z|) / 6)^penalty,   |z| with the end symbol

    **Shapes**

        state `[B, ...]`; symbols `[B, K, T]`, T = `most_symbols`

    Arguments:
        step: the decoder; it is given -1 for the symbol before the first.
        state: that it starts from, without random keys.
        batch_size: B.
        width: K, at least 1; 1 is the greedy search, which follows the likeliest symbol.
        most_symbols: at which length a target is cut off, at least 1.
        length_penalty: 0 for none, above 0 for longer targets, 1 for about the mean over the symbols.

    **Raises**

        OptionError: width or length are below 1, or the penalty is below 0.

    **Cost**

        time O(T K) steps of the decoder, all sources and targets at once; until all are finished

    **Exactness**

        the best K targets of all if the beam is as wide as there are targets; otherwise no promise

    **Source**

        Sutskever, Vinyals & Le 2014, arXiv 1409.3215, section 3.2 (the search); Wu et al. 2016, arXiv
        1609.08144, Eq. 14 (length penalty).
    """
    check_sizes(width=width, most_symbols=most_symbols)
    if not length_penalty >= 0:
        raise OptionError(f"length_penalty is {length_penalty}; choose 0 or more")
    shape = batch_size, width
    beam = _Beam(
        jnp.zeros((), jnp.int32),
        jnp.full((*shape, most_symbols), -1, jnp.int32),
        jnp.full(shape, -1, jnp.int32),
        jnp.zeros(shape, jnp.int32),
        # At first there is one target, with nothing in it.
        jnp.full(shape, -jnp.inf).at[:, 0].set(0.0),
        jnp.zeros(shape, bool),
        jax.tree.map(lambda leaf: jnp.repeat(leaf[:, None], width, axis=1), state),
    )

    def goes_on(beam: _Beam) -> Bool[Array, ""]:
        under_way = ~beam.is_finished & (beam.log_probabilities > -jnp.inf)
        return (beam.position < most_symbols) & under_way.any()

    beam = jax.lax.while_loop(goes_on, lambda beam: _continued(step, beam), beam)
    penalty = ((5 + beam.lengths) / 6) ** length_penalty
    lengths = beam.lengths - beam.is_finished
    scores = beam.log_probabilities / penalty
    return best_first(Hypotheses(beam.symbols, lengths, beam.log_probabilities, scores, beam.is_finished))


def _continued(step: Step, beam: _Beam) -> _Beam:
    width = beam.last.shape[1]
    state, scores = step(beam.state, beam.last)
    size = scores.shape[-1]
    longer = beam.log_probabilities[..., None] + jax.nn.log_softmax(scores)
    longer = jnp.where(beam.is_finished[..., None], -jnp.inf, longer)
    # What is finished stays: it comes first, whatever its probability.
    rank = jnp.concatenate(
        [jnp.where(beam.is_finished, jnp.inf, -jnp.inf), longer.reshape(longer.shape[0], -1)], axis=1
    )
    top, chosen = jax.lax.top_k(rank, width)
    stays = top == jnp.inf
    parent = jnp.where(chosen < width, chosen, (chosen - width) // size)
    symbol = (chosen - width) % size
    probability = jnp.where(stays, picked(beam.log_probabilities, parent), top)
    ends = ~stays & (symbol == size - 1) & (top > -jnp.inf)
    written = jnp.where(stays | ends, -1, symbol)
    return _Beam(
        beam.position + 1,
        jax.lax.dynamic_update_index_in_dim(picked(beam.symbols, parent), written, beam.position, 2),
        symbol,
        jnp.where(stays, picked(beam.lengths, parent), beam.position + 1),
        probability,
        stays | ends,
        jax.tree.map(lambda leaf: picked(leaf, parent), state),
    )
