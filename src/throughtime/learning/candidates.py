"""The softmax over a large vocabulary, trained on some of its symbols at a time."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import State
from throughtime.core.errors import OptionError
from throughtime.core.sequence_map import Network
from throughtime.learning.rule import Gradient, LearningRule, Trace
from throughtime.networks.linear import Linear
from throughtime.networks.stack import Stack
from throughtime.networks.tied_stack import TiedStack, linear_of


class Candidates(NamedTuple):
    """The symbols that scores are computed for, and how much each stands for.

    `ids`: numbers of symbols; one may be there more than once. `log_weights`: what is added to a score before
    the exponentials are summed up, so that the sum estimates that over the whole vocabulary. `places`: where
    each target stands among them.
    """

    ids: Integer[Array, " C"]
    log_weights: Float[Array, " C"]
    places: Integer[Array, "T B"]


def draw_candidates(
    targets: Integer[Array, "T B"], vocabulary_size: int, count: int, key: PRNGKeyArray
) -> Candidates:
    r"""Return the targets of a chunk, the first symbols of the vocabulary, and a sample of the others.

    **Equations**

        Z' = sum_{j in A} exp(z_j) + sum_{j in S \ A} exp(z_j) / pi,   pi = |S| / (V - |first|)

    A are the targets and the first symbols, S is drawn from the others without replacement, each with
    probability pi.

    **Exactness**

        Z' is Z on average. The loss, and so the gradient, is a function of log Z' and biased; less so the
        more candidates there are.

    Arguments:
        vocabulary_size: V; the symbols have to be numbered from the most frequent one on, for the first ones
            carry most of Z.
        count: how many symbols besides the targets, half of them the first ones, at least 2.
        key: source of the sample.

    **Source**

        Jean, Cho, Memisevic & Bengio 2015, arXiv 1412.2007, section 3 (the softmax over a subset that holds
        all targets); the weights are those of Horvitz & Thompson 1952, JASA 47(260).
    """
    count = min(count, vocabulary_size)
    first = count // 2
    others = vocabulary_size - first
    sample = first + jax.random.choice(key, others, (count - first,), replace=False)
    ids = jnp.concatenate([jnp.arange(first), sample, targets.reshape(-1)])
    weights = jnp.full(vocabulary_size, -jnp.inf)
    weights = weights.at[sample].set(jnp.log(others / (count - first)))
    weights = weights.at[:first].set(0.0).at[targets].set(0.0)
    # One that is there several times has its weight in equal parts.
    copies = jnp.zeros(vocabulary_size).at[ids].add(1.0)
    places = count + jnp.arange(targets.size).reshape(targets.shape)
    return Candidates(ids, weights[ids] - jnp.log(copies[ids]), places)


def with_candidates(network: Network, ids: Integer[Array, " C"]) -> Stack:
    """Return a network that gives the scores of some symbols alone.

    **Raises**

        OptionError: its highest layer is not linear.
    """
    stack = network.untied() if isinstance(network, TiedStack) else network
    if not isinstance(stack, Stack) or not isinstance(stack.cells[-1], Linear):
        raise OptionError(
            "the scores of some symbols alone can be had of a network that reads forward and ends in a "
            "linear readout; leave softmax_samples out, or use direction='forward' and readout='linear'"
        )
    *below, readout = stack.cells
    assert isinstance(readout, Linear)
    return Stack([*below, linear_of(readout.weight[ids], readout.bias[ids])])


def candidate_loss(
    scores: Float[Array, " C"], place: Integer[Array, ""], log_weights: Float[Array, " C"]
) -> Float[Array, ""]:
    """Return -log p of the candidate at `place`, in nats, with the weighted sum in the place of Z."""
    return jax.nn.logsumexp(scores + log_weights) - scores[place]


def candidate_gradient(
    rule: LearningRule,
    network: Network,
    count: int,
    trace: Trace,
    state: State | None,
    inputs: Integer[Array, "T B"],
    targets: Integer[Array, "T B"],
    mask: Float[Array, "T B"],
    *,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray,
) -> Gradient:
    """Return what `rule.gradient` does for the cross-entropy, of a softmax over candidates.

    Arguments:
        count: how many candidates there are besides the targets, at least 2.
        others: as in `LearningRule.gradient`.

    **Cost**

        a readout of `count + T B` symbols a step in the place of one of V
    """
    candidates = draw_candidates(targets, network.output_size, count, jax.random.fold_in(key, 3))
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)

    def narrowed(parameters: Any) -> tuple[Any, Any]:
        return eqx.partition(
            with_candidates(eqx.combine(parameters, rest), candidates.ids), eqx.is_inexact_array
        )

    narrow, widen, static = jax.vjp(narrowed, parameters, has_aux=True)

    def loss(scores: Float[Array, " C"], place: Shaped[Array, ""]) -> Float[Array, ""]:
        return candidate_loss(scores, place, candidates.log_weights)

    found = rule.gradient(
        eqx.combine(narrow, static),
        loss,
        trace,
        state,
        inputs,
        candidates.places,
        mask,
        lengths=lengths,
        key=key,
    )
    (gradient,) = widen(found.gradient)
    return found._replace(gradient=gradient)
