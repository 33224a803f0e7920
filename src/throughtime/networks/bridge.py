"""From what an encoder knows when it has read everything to what a decoder starts from."""

import math
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import Cell, State
from throughtime.core.errors import ShapeError
from throughtime.core.initializers import uniform_by_columns
from throughtime.core.sequence_map import Network, run

Shapes: TypeAlias = tuple[tuple[int, ...], ...]
"""The shape of each array of numbers of a state, in order; random keys and counts are not among them."""

NamedShapes: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]
"""`Shapes`, each with the name that the state has for the array."""


class Bridge(eqx.Module):
    r"""A layer from the final states of an encoder to the first state of a decoder.

    **Equations**

        h_0 = tanh(W v + b),   v the numbers of all final states, end to end

    **Shapes**

        v `[N]`, W `[D, N]`, b `[D]`; the D numbers are those of the decoder's state, array after array

    Arguments:
        final_shapes: of the numbers in one example's final states of the encoder; there is at least one.
        state_shapes: of those in the decoder's state; there is at least one.
        key: source of W; b starts at zero.

    **Differs from**

        In the paper v is one vector, the state of the encoder's backward cell when it has come to the first
        word.

    **Source**

        Bahdanau, Cho & Bengio 2015, arXiv 1409.0473, appendix A.2.2.
    """

    weight: Float[Array, "D N"]
    bias: Float[Array, " D"]
    state_shapes: Shapes = eqx.field(static=True)

    def __init__(self, final_shapes: Shapes, state_shapes: Shapes, *, key: PRNGKeyArray):
        size, known = sum(map(math.prod, state_shapes)), sum(map(math.prod, final_shapes))
        if not known or not size:
            raise ShapeError(
                f"a bridge goes from {known} numbers of the encoder's states to {size} of the decoder's; "
                "use an encoder and a decoder that remember something"
            )
        self.weight = uniform_by_columns(key, (size, known))
        self.bias = jnp.zeros(size)
        self.state_shapes = state_shapes

    def __call__(self, final: list[Array]) -> list[Array]:
        """Return the arrays of the decoder's first state, for those of one example's final states."""
        known = jnp.concatenate([leaf.ravel() for leaf in final])
        numbers = jnp.tanh(self.weight @ known + self.bias)
        ends = [
            sum(map(math.prod, self.state_shapes[: number + 1])) for number in range(len(self.state_shapes))
        ]
        parts = jnp.split(numbers, ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.state_shapes, strict=True)]


def numbers_of(state: State) -> list[Array]:
    """Return the arrays of numbers in a state, without random keys and counts."""
    return [leaf for leaf in jax.tree.leaves(state) if eqx.is_inexact_array(leaf)]


def with_numbers(state: State, numbers: list[Array]) -> State:
    """Return a state with other numbers in it, as `numbers_of` would list them."""
    leaves, structure = jax.tree.flatten(state)
    rest = iter(numbers)
    return jax.tree.unflatten(
        structure, [next(rest) if eqx.is_inexact_array(leaf) else leaf for leaf in leaves]
    )


def named_shapes(state: State) -> NamedShapes:
    """Return names and shapes of the arrays of numbers in a state of one example, in order."""
    leaves = jax.tree_util.tree_leaves_with_path(state)
    return tuple(
        (jax.tree_util.keystr(path[-1:], simple=True), leaf.shape)
        for path, leaf in leaves
        if jnp.issubdtype(leaf.dtype, jnp.inexact)
    )


def shapes_of(encoder: Network, *, reads_symbols: bool, reads_letters: bool = False) -> NamedShapes:
    """Return what the numbers in an encoder's final states are, for one example.

    Arguments:
        reads_symbols, reads_letters: whether the input is symbols, and symbols with their letters.
    """
    size = (1, 1) if reads_symbols and not reads_letters else (1, 1, encoder.input_size)

    def final() -> tuple[State, ...]:
        element = jnp.zeros(size, int if reads_symbols else float)
        states, _ = run(encoder, element, key=jax.random.key(0))
        # The state of the one example in the batch.
        return jax.tree.map(lambda leaf: leaf[0], states)

    return named_shapes(jax.eval_shape(final))


def bridge_between(
    encoder: Network,
    cell: Cell,
    *,
    reads_symbols: bool,
    reads_letters: bool = False,
    key: PRNGKeyArray,
) -> Bridge | None:
    """Return what a decoder has to have between an encoder and itself: nothing if their states are alike.

    They are if the encoder is a cell too and both states have the same arrays under the same names.

    Arguments:
        cell: of the decoder.
        reads_symbols, reads_letters: whether the encoder's input is symbols, and symbols with their letters.
        key: source of a bridge's weights.
    """
    final = shapes_of(encoder, reads_symbols=reads_symbols, reads_letters=reads_letters)
    start = named_shapes(jax.eval_shape(cell.initial_state))
    if isinstance(encoder, Cell) and final == start:
        return None
    return Bridge(tuple(shape for _, shape in final), tuple(shape for _, shape in start), key=key)
