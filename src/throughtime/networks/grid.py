"""A grid of LSTMs over time, space and depth, for elements that are arrays of positions."""

import math
from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.grid_block import GridColumn, GridState
from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError, check_sizes, choose
from throughtime.core.initializers import initializer, per_gate

PRIORITIES = ("depth", "time", "space", "none")


class SpatialGridLSTM(Cell):
    r"""A grid of N dimensions: time, the axes of an array, and the depth, each with LSTMs of its own.

    **Equations**

        h^d_0, m^d_0 = P x_{t,p} + q                                                           (1)
        time, axes, depth at (t, p, l) = block_l(time at (t-1, p, l), axis a at (t, p - e_a, l) for each a,
                                                 depth at (t, p, l-1)),   l = 1 ... L          (2)
        y_{t,p} = h^d_L at (t, p)                                                              (3)

    where each is a pair of h and m, and p - e_a is the position before p along axis a; before the first
    position both are zero.

    **Shapes**

        x `[prod(space) I]`, an array `[*space, I]` as a vector; h, m `[H]`, in the state
        `[*space, L, H]`; P `[2H, I]`, q `[2H]`, the rows of h first; the weights of a block as in
        `GridBlock` with N = 2 + the number of axes, in the order time, axes, depth; y `[prod(space) H]`, an
        array `[*space, H]` as a vector

    Arguments:
        space: number of positions along each axis, at least one axis, each at least 1.
        feature_size: features at each position I, at least 1.
        hidden_size, depth, tied, forget_bias, input_initializer, recurrent_initializer, key: as for
            `GridLSTM`.
        priority: the dimensions that are computed after the others and see what those have become: `"depth"`,
            `"time"`, `"space"` (all axes), or `"none"`.

    **Cost**

        a step: prod(space) H (2 I + 4 L N^2 H) multiply-adds, one block after the other; state
        2 prod(space) L H; parameters 2 H (I + 1) + 4 N H (N H + 1), the second term L times when not tied

    **Source**

        Kalchbrenner, Danihelka & Graves 2016, "Grid long short-term memory", arXiv 1507.01526, section 3. An
        image read row by row, with one axis, is the paper's 3-LSTM.
    """

    input_weight: Float[Array, "D I"]
    input_bias: Float[Array, " D"]
    column: GridColumn
    space: tuple[int, ...] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        space: Sequence[int],
        feature_size: int,
        hidden_size: int,
        *,
        depth: int = 4,
        tied: bool = True,
        priority: Literal["depth", "time", "space", "none"] = "depth",
        forget_bias: float = 1.0,
        input_initializer: str = "glorot",
        recurrent_initializer: str = "orthogonal",
        key: PRNGKeyArray,
    ):
        if not space:
            raise OptionError("space is (); choose at least one axis, or GridLSTM for elements without")
        check_sizes(**{f"space[{axis}]": size for axis, size in enumerate(space)})
        check_sizes(feature_size=feature_size, hidden_size=hidden_size)
        choose("priority", priority, PRIORITIES)
        axes = tuple(range(1, len(space) + 1))
        input_key, column_key = jax.random.split(key)
        self.input_weight = per_gate(initializer(input_initializer), input_key, 2, hidden_size, feature_size)
        self.input_bias = jnp.zeros(2 * hidden_size)
        self.column = GridColumn(
            len(space) + 2,
            hidden_size,
            depth=depth,
            tied=tied,
            priority={"depth": (len(space) + 1,), "time": (0,), "space": axes, "none": ()}[priority],
            forget_bias=forget_bias,
            recurrent_initializer=recurrent_initializer,
            key=column_key,
        )
        self.space = tuple(space)
        self.input_size = math.prod(space) * feature_size
        self.output_size = math.prod(space) * hidden_size

    def initial_state(self) -> GridState:
        """Return empty memories at all positions and in all layers."""
        return self._empty(self.space)

    def project(self, x: Float[Array, " I"]) -> Float[Array, "*space D"]:
        """Return `P x_{t,p} + q` for all positions."""
        return x.reshape(*self.space, -1) @ self.input_weight.T + self.input_bias

    def step(
        self, state: GridState, projected: Float[Array, "*space D"]
    ) -> tuple[GridState, Float[Array, " O"]]:
        """Return the memories one step on, and the hidden vectors at the top of all positions."""
        bottoms = GridState(*jnp.split(projected, 2, axis=-1))  # Eq. 1
        top, (after,) = self._sweep(self.space, bottoms, [state])
        return after, top.hidden.reshape(-1)

    def _sweep(
        self, space: tuple[int, ...], bottoms: GridState, arriving: list[GridState]
    ) -> tuple[GridState, list[GridState]]:
        """Run the columns over what remains of the space, position after position.

        `arriving` comes from outside along time and the axes before: a column for each position. Return the
        tops, and what leaves along the same dimensions.
        """
        if not space:
            return self.column(bottoms, arriving)  # Eq. 2

        def along(
            before: GridState, position: tuple[GridState, list[GridState]]
        ) -> tuple[GridState, tuple[GridState, list[GridState]]]:
            top, (*leaving, onward) = self._sweep(space[1:], position[0], [*position[1], before])
            return onward, (top, leaving)

        _, (tops, leaving) = jax.lax.scan(along, self._empty(space[1:]), (bottoms, arriving))
        return tops, leaving

    def _empty(self, space: tuple[int, ...]) -> GridState:
        zeros = jnp.zeros((*space, self.column.depth, self.input_bias.shape[0] // 2), self.input_bias.dtype)
        return GridState(zeros, zeros)
