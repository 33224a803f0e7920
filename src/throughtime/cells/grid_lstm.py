"""Grids of LSTMs along the depth alone, and along time and depth."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.grid_block import GridColumn, GridState
from throughtime.core.cell import Cell, PointwiseCell
from throughtime.core.errors import check_sizes, choose
from throughtime.core.initializers import initializer, per_gate

PRIORITIES: dict[str, tuple[int, ...]] = {"depth": (1,), "time": (0,), "none": ()}
"""Which dimensions of a `GridLSTM` see what the others have become in the same block."""


class DepthLSTM(PointwiseCell):
    r"""A grid of one dimension, the depth: a deep network for each element by itself, with an LSTM upwards.

    **Equations**

        h_0, m_0 = P x_t + q                                    (1)
        h_l, m_l = block_l(h_{l-1}, m_{l-1}),  l = 1 ... L      (2)
        y_t = h_L                                               (3)

    **Shapes**

        x `[I]`; h, m `[H]`; P `[2H, I]`, q `[2H]`, the rows of h first; the weights of a block as in
        `GridBlock` with N = 1; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units in each block, at least 1.
        depth: number of blocks L, at least 1.
        tied: whether all blocks have the same weights, so that the network is as deep as it is asked to be at
            no more parameters.
        forget_bias: initial bias of the forget gates: 1 lets about 3/4 of the memory through a block.
        input_initializer, recurrent_initializer: names from `core.initializers`, drawn for h_0 and m_0 and
            for each gate by itself.
        key: source of the initial weights.

    **Cost**

        an element: H (2 I + 4 L H) multiply-adds, all elements of a sequence at once; no state; parameters
        2 H (I + 1) + 4 H (H + 1), the second term L times when not tied

    **Differs from**

        a stack of feed-forward layers: gates decide how much of the memory each block overwrites, so that
        gradients reach the lowest one. The paper has no biases.

    **Source**

        Kalchbrenner, Danihelka & Graves 2016, "Grid long short-term memory", arXiv 1507.01526, section 3.1
        (1-LSTM) and the appendix on parity.
    """

    kind: ClassVar[str] = "depth_lstm"

    input_weight: Float[Array, "D I"]
    input_bias: Float[Array, " D"]
    column: GridColumn
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        depth: int = 4,
        tied: bool = True,
        forget_bias: float = 1.0,
        input_initializer: str = "glorot",
        recurrent_initializer: str = "orthogonal",
        key: PRNGKeyArray,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        input_key, column_key = jax.random.split(key)
        self.input_weight = per_gate(initializer(input_initializer), input_key, 2, hidden_size, input_size)
        self.input_bias = jnp.zeros(2 * hidden_size)
        self.column = GridColumn(
            1,
            hidden_size,
            depth=depth,
            tied=tied,
            priority=(),
            forget_bias=forget_bias,
            recurrent_initializer=recurrent_initializer,
            key=column_key,
        )
        self.input_size = input_size
        self.output_size = hidden_size

    def project(self, x: Float[Array, " I"]) -> Float[Array, " H"]:
        """Return the hidden vector at the top of the column."""
        bottom = GridState(*jnp.split(x @ self.input_weight.T + self.input_bias, 2))  # Eq. 1
        top, _ = self.column(bottom, [])  # Eq. 2
        return top.hidden


class GridLSTM(Cell):
    r"""A grid of two dimensions: an LSTM runs through time in each layer, another upwards at each step.

    **Equations**

        h^d_0, m^d_0 = P x_t + q                                                              (1)
        h^t_l, m^t_l, h^d_l, m^d_l = block_l((h^t_l, m^t_l)_{t-1}, h^d_{l-1}, m^d_{l-1})      (2)
        y_t = h^d_L                                                                           (3)

    for l = 1 ... L; the dimension of time is the first of a block, the depth the second.

    **Shapes**

        x `[I]`; h, m `[H]`, in the state `[L, H]`; P `[2H, I]`, q `[2H]`, the rows of h first; the weights of
        a block as in `GridBlock` with N = 2; y `[H]`

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: number of hidden units in each dimension of a block, at least 1.
        depth: number of blocks L, at least 1.
        tied: whether all blocks have the same weights: the depth then costs time but no parameters, and the
            layers do the same again and again, as the steps do.
        priority: the dimension that is computed second and sees what the other has become, `"depth"` or
            `"time"`; with `"none"` both see what comes in.
        forget_bias: initial bias of the forget gates of both dimensions.
        input_initializer, recurrent_initializer: names from `core.initializers`, drawn for h^d_0 and m^d_0,
            and for each gate and each vector that it sees, by itself.
        key: source of the initial weights.

    **Cost**

        a step: H (2 I + 16 L H) multiply-adds, one block after the other; state 2 L H; parameters
        2 H (I + 1) + 8 H (2 H + 1), the second term L times when not tied

    **Differs from**

        a `Stack` of `LSTM`s: the depth has a memory too. The paper has no biases.

    **Source**

        Kalchbrenner, Danihelka & Graves 2016, "Grid long short-term memory", arXiv 1507.01526, sections 3.1
        and 3.2 (2-LSTM).
    """

    kind: ClassVar[str] = "grid_lstm"

    input_weight: Float[Array, "D I"]
    input_bias: Float[Array, " D"]
    column: GridColumn
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        depth: int = 4,
        tied: bool = True,
        priority: Literal["depth", "time", "none"] = "depth",
        forget_bias: float = 1.0,
        input_initializer: str = "glorot",
        recurrent_initializer: str = "orthogonal",
        key: PRNGKeyArray,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        input_key, column_key = jax.random.split(key)
        self.input_weight = per_gate(initializer(input_initializer), input_key, 2, hidden_size, input_size)
        self.input_bias = jnp.zeros(2 * hidden_size)
        self.column = GridColumn(
            2,
            hidden_size,
            depth=depth,
            tied=tied,
            priority=PRIORITIES[choose("priority", priority, PRIORITIES)],
            forget_bias=forget_bias,
            recurrent_initializer=recurrent_initializer,
            key=column_key,
        )
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> GridState:
        """Return empty memories in all layers."""
        zeros = jnp.zeros((self.column.depth, self.output_size), self.input_bias.dtype)
        return GridState(zeros, zeros)

    def project(self, x: Float[Array, " I"]) -> Float[Array, " D"]:
        """Return `P x_t + q`."""
        # A row times a matrix: over a whole sequence it is then one product that nothing has to transpose.
        return x @ self.input_weight.T + self.input_bias

    def step(self, state: GridState, projected: Float[Array, " D"]) -> tuple[GridState, Float[Array, " H"]]:
        """Return the memories of all layers one step on, and the hidden vector at the top."""
        bottom = GridState(*jnp.split(projected, 2))  # Eq. 1
        top, (after,) = self.column(bottom, [state])  # Eq. 2
        return after, top.hidden
