"""Symbols as vectors: the product of a one-hot vector and a matrix, and the one-hot vector itself."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.cell import PointwiseCell
from throughtime.core.errors import check_sizes


class Embedding(PointwiseCell):
    r"""A learned vector for each symbol of a vocabulary.

    **Equations**

        y_t = one_hot(x_t) E, computed as the row x_t of E

    **Shapes**

        x `[]`, a number from 0 to V - 1; E `[V, O]`; y `[O]`

    Arguments:
        vocabulary_size: V, at least 1. It is the cell's `input_size`: what a one-hot vector would have.
        embedding_size: O, at least 1.
        scale: standard deviation of the initial vectors, at least 0. Small, so that a word seen once or twice
            says next to nothing, instead of something by chance.
        key: source of the vectors.

    **Cost**

        a step: O; parameters V O. The one-hot vector is never made.

    **Source**

        Bengio, Ducharme, Vincent & Jauvin 2003, JMLR 3, section 2 (the matrix C).
    """

    weight: Float[Array, "V O"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, vocabulary_size: int, embedding_size: int, *, scale: float = 0.1, key: PRNGKeyArray):
        check_sizes(vocabulary_size=vocabulary_size, embedding_size=embedding_size)
        self.weight = scale * jax.random.normal(key, (vocabulary_size, embedding_size))
        self.input_size = vocabulary_size
        self.output_size = embedding_size

    def project(self, x: Integer[Array, ""]) -> Float[Array, " O"]:
        """Return the vector of symbol `x`."""
        return self.weight[x]


def one_hot(symbols: Integer[Array, "*T"], vocabulary_size: int) -> Float[Array, "*T V"]:
    """Return each symbol as a vector of zeros with a single one at its number.

    **Shapes**

        symbols `[...]` to vectors `[..., V]`. A number outside 0 to V - 1 gives zeros only.
    """
    return jax.nn.one_hot(symbols, vocabulary_size)
