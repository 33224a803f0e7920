"""Poolings that read a whole sequence into one vector, as running summaries: at each step, of what came so
far.

A summary at the last step is the summary of the sequence. Since the running form needs only the last summary
and the next element, a pooling is a cell. Reading the last step itself needs no cell at all.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Cell
from throughtime.core.errors import check_sizes
from throughtime.core.initializers import uniform_by_columns


class MeanState(NamedTuple):
    """The running `mean` `[I]` and the number of `steps` in it, a number."""

    mean: Float[Array, "*B I"]
    steps: Float[Array, "*B"]


class MeanPooling(Cell):
    r"""The mean of all elements so far.

    **Equations**

        n_t = n_{t-1} + 1
        y_t = y_{t-1} + (x_t - y_{t-1}) / n_t

    **Shapes**

        x, y `[I]`

    Arguments:
        size: number of features, at least 1.

    **Source**

        The update of Welford 1962, Technometrics 4(3): the sum is never formed, so a stream cannot overflow
        it.
    """

    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, size: int):
        check_sizes(size=size)
        self.input_size = size
        self.output_size = size

    def initial_state(self) -> MeanState:
        """Return the mean of nothing, zero."""
        return MeanState(jnp.zeros(self.input_size), jnp.zeros(()))

    def project(self, x: Float[Array, " I"]) -> Float[Array, " I"]:
        """Return `x`."""
        return x

    def step(self, state: MeanState, projected: Float[Array, " I"]) -> tuple[MeanState, Float[Array, " I"]]:
        """Return the mean with one more element."""
        steps = state.steps + 1
        mean = state.mean + (projected - state.mean) / steps
        return MeanState(mean, steps), mean


class AttentionState(NamedTuple):
    """A running mean: the largest `score` so far, the sum of `weights` relative to it, the `mean` `[I]`."""

    score: Float[Array, "*B"]
    weights: Float[Array, "*B"]
    mean: Float[Array, "*B I"]


class AttentionPooling(Cell):
    r"""The mean of all elements so far, weighted by how much each matters.

    **Equations**

        e_t = v . tanh(W x_t + b)                                              (1)
        a_{t,k} = exp(e_k) / sum_{j <= t} exp(e_j),  k <= t                    (2)
        y_t = sum_{k <= t} a_{t,k} x_k                                         (3)

    **Shapes**

        x, y `[I]`; W `[A, I]`, b, v `[A]`; e, a numbers

    Arguments:
        size: number of features I, at least 1.
        attention_size: A, at least 1; as `size` when left out.
        key: source of W and v.

    **Differs from**

        The paper normalises once over a finished sequence. Here the softmax runs along, relative to the
        largest score so far, which gives the same numbers at the last step and an answer at every other.

    **Source**

        Yang et al. 2016, "Hierarchical attention networks", NAACL, Eqs. 5-7.
    """

    weight: Float[Array, "A I"]
    bias: Float[Array, " A"]
    direction: Float[Array, " A"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, size: int, *, attention_size: int | None = None, key: PRNGKeyArray):
        attention_size = size if attention_size is None else attention_size
        check_sizes(size=size, attention_size=attention_size)
        weight_key, direction_key = jax.random.split(key)
        self.weight = uniform_by_columns(weight_key, (attention_size, size))
        self.bias = jnp.zeros(attention_size)
        self.direction = uniform_by_columns(direction_key, (attention_size,))
        self.input_size = size
        self.output_size = size

    def initial_state(self) -> AttentionState:
        """Return the weighted mean of nothing."""
        return AttentionState(
            jnp.full((), -jnp.inf, self.bias.dtype), jnp.zeros(()), jnp.zeros(self.input_size)
        )

    def project(self, x: Float[Array, " I"]) -> tuple[Float[Array, ""], Float[Array, " I"]]:
        """Return the score of `x` and `x`."""
        return self.direction @ jnp.tanh(self.weight @ x + self.bias), x  # Eq. 1

    def step(
        self, state: AttentionState, projected: tuple[Float[Array, ""], Float[Array, " I"]]
    ) -> tuple[AttentionState, Float[Array, " I"]]:
        """Return the weighted mean with one more element."""
        score, x = projected
        # The largest score only keeps exp in range; the quotient does not depend on it, so no gradient flows
        # there.
        largest = jax.lax.stop_gradient(jnp.maximum(state.score, score))
        before = state.weights * jnp.exp(state.score - largest)
        now = jnp.exp(score - largest)
        weights = before + now
        mean = state.mean + (x - state.mean) * (now / weights)  # Eqs. 2, 3
        return AttentionState(largest, weights, mean), mean
