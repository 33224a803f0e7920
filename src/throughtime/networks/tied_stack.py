"""A network that answers with the symbols it reads, and has one vector for each in both places."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell
from throughtime.core.errors import ShapeError
from throughtime.networks.embedding import Embedding
from throughtime.networks.linear import Linear
from throughtime.networks.stack import Stack, StackState


class TiedStack(SelfUnrollingCell):
    r"""Layers between an embedding and a linear readout whose matrix is the embedding's.

    **Equations**

        y_t = E h_t + b,   h_t = layers(E[x_1], ..., E[x_t])

    **Shapes**

        x `[]`, a symbol's number; E `[V, F]`; h `[F]`; b and y `[V]`

    Arguments:
        cells: lowest first; the lowest is the embedding, and the highest gives as many features as it does.

    **Raises**

        ShapeError: the lowest cell is no embedding, or two neighbours do not fit.
        NotACellError: a layer is not a cell.

    **Cost**

        a step: that of a stack with a readout of its own; parameters V F fewer

    **Source**

        Inan, Khosravi & Socher 2017, arXiv 1611.01462, Eq. 4.2; Press & Wolf 2017, arXiv 1608.05859, section
        3.
    """

    cells: tuple[Cell, ...]
    bias: Float[Array, " V"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cells: Sequence[Cell]):
        stack = Stack(cells)
        lowest, features = stack.cells[0], stack.output_size
        if not isinstance(lowest, Embedding) or lowest.output_size != features:
            given = f"{type(lowest).__name__} of {lowest.output_size} features"
            raise ShapeError(
                f"the lowest layer is {given} and the highest gives {features}; a readout that shares its "
                f"weights needs an Embedding of {features} features there"
            )
        self.cells = stack.cells
        self.bias = jnp.zeros(lowest.input_size)
        self.input_size = self.output_size = lowest.input_size

    def untied(self) -> Stack:
        """Return the same network with a readout as its highest layer, which has the embedding's matrix."""
        embedding = self.cells[0]
        assert isinstance(embedding, Embedding)
        return Stack([*self.cells, linear_of(embedding.weight, self.bias)])

    def initial_state(self) -> StackState:
        """Return the initial states of all layers, the readout among them."""
        return self.untied().initial_state()

    def project(self, x: Integer[Array, ""]) -> Projected:
        """Return the vector of symbol `x`."""
        return self.cells[0].project(x)

    def step(self, state: StackState, projected: Projected) -> tuple[StackState, Float[Array, " V"]]:
        """Return the states of all layers one step on, and a score for each symbol."""
        return self.untied().step(state, projected)

    def step_seeing(
        self, seen: StackState, state: StackState, projected: Projected
    ) -> tuple[StackState, Float[Array, " V"]]:
        """Return what `step` does, each layer seeing its own part of `seen`."""
        return self.untied().step_seeing(seen, state, projected)

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B"],
        state: StackState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[StackState, Float[Array, "T B V"]]:
        """Run layer after layer, so that each layer projects the whole sequence in one product."""
        return self.untied().unroll_whole(inputs, state, lengths, reverse)


def tied(cells: Sequence[Cell], *, key: PRNGKeyArray) -> TiedStack:
    """Return a tied stack of an embedding and cells that give any number of features.

    Arguments:
        cells: lowest first. If the highest gives other features than the embedding, a linear map goes on top.
        key: source of its weights.
    """
    features, given = cells[0].output_size, cells[-1].output_size
    if features == given:
        return TiedStack(cells)
    return TiedStack([*cells, Linear(given, features, key=key)])


def linear_of(weight: Float[Array, "O I"], bias: Float[Array, " O"]) -> Linear:
    """Return a linear layer with given weights."""
    rows, columns = weight.shape
    linear: Linear = object.__new__(Linear)
    for name, value in zip(
        ("weight", "bias", "input_size", "output_size"), (weight, bias, columns, rows), strict=True
    ):
        object.__setattr__(linear, name, value)
    return linear
