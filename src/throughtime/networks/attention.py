"""Looking at a memory: how well each entry answers a query, and the mean of the entries by that."""

import abc
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from throughtime.core.errors import check_sizes
from throughtime.core.initializers import uniform_by_columns


class Memory(NamedTuple):
    """What can be looked at: the `values` of its S entries `[S, M]`, what a query is compared with, their
    `keys` `[S, A]`, and which entries are `valid` `[S]`, the others being padding. At least one is."""

    values: Float[Array, "*B S M"]
    keys: Float[Array, "*B S A"]
    valid: Bool[Array, "*B S"]


class Look(NamedTuple):
    """What a look brings: the `context` `[M]`, and the `weights` `[S]` of the entries in it, 1 in all."""

    context: Float[Array, "*B M"]
    weights: Float[Array, "*B S"]


class Attention(eqx.Module):
    r"""A soft choice among the entries of a memory.

    **Equations**

        k_j = key(m_j),   e_j = score(q, k_j)
        a_j = exp(e_j) / sum_i exp(e_i),   c = sum_j a_j m_j              over the valid entries

    **Shapes**

        q `[Q]`, m `[M]`, k `[A]`; e, a numbers; c `[M]`

    **Cost**

        a look: that of S scores, and S M; the keys are made once for each memory

    **Source**

        each way to score names its own
    """

    query_size: eqx.AbstractVar[int]
    memory_size: eqx.AbstractVar[int]

    @abc.abstractmethod
    def key(self, value: Float[Array, " M"]) -> Float[Array, " A"]:
        """Return the part of a score that does not depend on the query."""

    @abc.abstractmethod
    def score(self, query: Float[Array, " Q"], key: Float[Array, " A"]) -> Float[Array, ""]:
        """Return how well an entry answers a query."""

    def remember(self, values: Float[Array, "S M"], valid: Bool[Array, " S"]) -> Memory:
        """Return a memory of these values that can be looked at."""
        return Memory(values, jax.vmap(self.key)(values), valid)

    def look(self, query: Float[Array, " Q"], memory: Memory) -> Look:
        """Return what the memory has to say to a query."""
        scores = jax.vmap(self.score, (None, 0))(query, memory.keys)
        weights = jax.nn.softmax(jnp.where(memory.valid, scores, -jnp.inf))
        return Look(weights @ memory.values, weights)


class AdditiveAttention(Attention):
    r"""Scores by a network with one hidden layer.

    **Equations**

        e_j = v . tanh(W q + U m_j)

    **Shapes**

        q `[Q]`, m `[M]`; W `[A, Q]`, U `[A, M]`, v `[A]`

    Arguments:
        query_size, memory_size: Q and M, at least 1.
        attention_size: A, the hidden units, at least 1.
        key: source of the weights.

    **Cost**

        a look: A (Q + S) + S M

    **Source**

        Bahdanau, Cho & Bengio 2015, "Neural machine translation by jointly learning to align and translate",
        arXiv 1409.0473, section 3.1 and appendix A.1.2.
    """

    query_weight: Float[Array, "A Q"]
    memory_weight: Float[Array, "A M"]
    direction: Float[Array, " A"]
    query_size: int = eqx.field(static=True)
    memory_size: int = eqx.field(static=True)

    def __init__(self, query_size: int, memory_size: int, attention_size: int, *, key: PRNGKeyArray):
        check_sizes(query_size=query_size, memory_size=memory_size, attention_size=attention_size)
        query_key, memory_key, direction_key = jax.random.split(key, 3)
        self.query_weight = uniform_by_columns(query_key, (attention_size, query_size))
        self.memory_weight = uniform_by_columns(memory_key, (attention_size, memory_size))
        self.direction = uniform_by_columns(direction_key, (attention_size,))
        self.query_size = query_size
        self.memory_size = memory_size

    def key(self, value: Float[Array, " M"]) -> Float[Array, " A"]:
        """Return `U m_j`."""
        return self.memory_weight @ value

    def score(self, query: Float[Array, " Q"], key: Float[Array, " A"]) -> Float[Array, ""]:
        """Return `v . tanh(W q + k_j)`."""
        return self.direction @ jnp.tanh(self.query_weight @ query + key)


class MultiplicativeAttention(Attention):
    r"""Scores by a product of the two.

    **Equations**

        e_j = q . W m_j

    **Shapes**

        q `[Q]`, m `[M]`; W `[Q, M]`

    Arguments:
        query_size, memory_size: Q and M, at least 1.
        key: source of the weights.

    **Cost**

        a look: S (Q + M), as two matrix products

    **Source**

        Luong, Pham & Manning 2015, "Effective approaches to attention-based neural machine translation",
        arXiv 1508.04025, Eq. 8 (general).
    """

    weight: Float[Array, "Q M"]
    query_size: int = eqx.field(static=True)
    memory_size: int = eqx.field(static=True)

    def __init__(self, query_size: int, memory_size: int, *, key: PRNGKeyArray):
        check_sizes(query_size=query_size, memory_size=memory_size)
        self.weight = uniform_by_columns(key, (query_size, memory_size))
        self.query_size = query_size
        self.memory_size = memory_size

    def key(self, value: Float[Array, " M"]) -> Float[Array, " Q"]:
        """Return `W m_j`."""
        return self.weight @ value

    def score(self, query: Float[Array, " Q"], key: Float[Array, " Q"]) -> Float[Array, ""]:
        """Return `q . k_j`."""
        return query @ key
