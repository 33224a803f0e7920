"""The block of which grids of LSTMs are made, and a column of them along the depth."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.errors import check_sizes
from throughtime.core.initializers import initializer, per_gate


class GridState(NamedTuple):
    """What runs along one dimension of a grid: `hidden` and `memory` vectors `[H]`, in a column `[L, H]`."""

    hidden: Float[Array, "*L H"]
    memory: Float[Array, "*L H"]


class GridBlock(eqx.Module):
    r"""A crossing of N dimensions: each has an LSTM of its own, and all of them see all hidden vectors.

    **Equations**

        a_n = h'_n if n is computed before the transform, h_n if not
        u, f, c, o = W_n [a_1; ...; a_N] + b_n                                  (1)
        m'_n = sigmoid(f) * m_n + sigmoid(u) * tanh(c)                          (2)
        h'_n = tanh(sigmoid(o) * m'_n)                                          (3)

    for the dimensions without priority first, all from the vectors that come in; then for those with
    priority, which see what the others have become.

    **Shapes**

        h, m, u, f, c, o `[H]`; for each dimension W `[4H, N H]`, b `[4H]`, rows in the order u, f, c, o

    **Differs from**

        `LSTM`: the squashing of Eq. 3 comes after the output gate, as the paper has it. The paper has no
        biases.

    **Source**

        Kalchbrenner, Danihelka & Graves 2016, "Grid long short-term memory", arXiv 1507.01526, section 2 (the
        transform), 3.1 (the block) and 3.2 (priority).
    """

    weights: tuple[Float[Array, "*L G NH"], ...]
    biases: tuple[Float[Array, "*L G"], ...]
    priority: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, incoming: Sequence[GridState]) -> list[GridState]:
        """Return what leaves the block along each dimension."""
        outgoing = list(incoming)
        others = tuple(n for n in range(len(incoming)) if n not in self.priority)
        for dimensions in (others, self.priority):
            seen = jnp.concatenate([state.hidden for state in outgoing])
            for n in dimensions:
                u, f, c, o = jnp.split(self.weights[n] @ seen + self.biases[n], 4)  # Eq. 1
                memory = sigmoid(f) * incoming[n].memory + sigmoid(u) * jnp.tanh(c)  # Eq. 2
                outgoing[n] = GridState(jnp.tanh(sigmoid(o) * memory), memory)  # Eq. 3
        return outgoing


class GridColumn(eqx.Module):
    r"""Blocks on top of one another; the last dimension of each is the depth, which runs upwards.

    **Shapes**

        with tied weights those of one `GridBlock`, else each with the depth L in front

    Arguments:
        dimensions: N, the depth among them, at least 1.
        hidden_size: H, at least 1.
        depth: L, the number of blocks, at least 1.
        tied: whether all blocks have the same weights.
        priority: the dimensions that are computed after the others, by number; the depth is N - 1.
        forget_bias: initial bias of all forget gates.
        recurrent_initializer: a name from `core.initializers`; draws a matrix `[H, H]` for each gate and each
            vector that it sees.
        key: source of the initial weights.

    **Cost**

        the program that JAX compiles does not grow with the depth: the blocks run in a loop
    """

    block: GridBlock
    depth: int = eqx.field(static=True)
    tied: bool = eqx.field(static=True)

    def __init__(
        self,
        dimensions: int,
        hidden_size: int,
        *,
        depth: int,
        tied: bool,
        priority: tuple[int, ...],
        forget_bias: float,
        recurrent_initializer: str,
        key: PRNGKeyArray,
    ):
        check_sizes(hidden_size=hidden_size, depth=depth)
        initialize = initializer(recurrent_initializer)

        def draw(key: PRNGKeyArray) -> Float[Array, "G NH"]:
            keys = jax.random.split(key, dimensions)
            return jnp.concatenate(
                [per_gate(initialize, one, 4, hidden_size, hidden_size) for one in keys], axis=1
            )

        keys = jax.random.split(key, (dimensions,) if tied else (dimensions, depth))
        bias = jnp.repeat(jnp.array([0.0, forget_bias, 0.0, 0.0]), hidden_size)
        self.block = GridBlock(
            tuple(draw(one) if tied else jax.vmap(draw)(one) for one in keys),
            tuple(jnp.broadcast_to(bias, (*one.shape, len(bias))) for one in keys),
            priority,
        )
        self.depth = depth
        self.tied = tied

    def __call__(self, bottom: GridState, sides: Sequence[GridState]) -> tuple[GridState, list[GridState]]:
        """Return what leaves the column at the top, and what leaves each block along the other dimensions.

        **Shapes**

            bottom and top `[H]`; sides, one for each dimension but the depth, `[L, H]`
        """

        def up(
            below: GridState, layer: tuple[list[GridState], GridBlock | None]
        ) -> tuple[GridState, list[GridState]]:
            beside, own = layer
            *after, above = (own or self.block)([*beside, below])
            return above, after

        return jax.lax.scan(up, bottom, (list(sides), None if self.tied else self.block), length=self.depth)
