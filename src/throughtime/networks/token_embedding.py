"""Words as vectors, by what they are and by how they are spelt."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.cells.lstm import LSTM
from throughtime.core.cell import PointwiseCell
from throughtime.core.sequence_map import apply
from throughtime.networks.bidirectional import Bidirectional
from throughtime.networks.embedding import Embedding


class TokenEmbedding(PointwiseCell):
    r"""A learned vector for each word, beside what a network reads in its letters from both ends.

    **Equations**

        y_t = [E w_t; h_L(forward); h_1(backward)], two LSTMs over the learned vectors of the letters of w_t

    **Shapes**

        x `[1 + L]`: the number of the word, then those of its letters, 0 after the last; y `[O + 2 C]`

    Arguments:
        vocabulary_size: number of words, at least 1.
        embedding_size: O, features of a word, at least 1.
        letter_count: number of letters with 0, at least 1.
        word_length: L, letters of a word that are read, at least 1.
        letter_size: C, features of a letter and units of each of the two LSTMs, at least 1.
        key: source of the weights.

    **Source**

        Ling et al. 2015, arXiv 1508.02096, section 3; beside word vectors for labelling: Lample et al. 2016,
        arXiv 1603.01360, section 4.1.
    """

    words: Embedding
    letters: Embedding
    spelling: Bidirectional
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        vocabulary_size: int,
        embedding_size: int,
        *,
        letter_count: int,
        word_length: int,
        letter_size: int,
        key: PRNGKeyArray,
    ):
        keys = jax.random.split(key, 4)
        self.words = Embedding(vocabulary_size, embedding_size, key=keys[0])
        self.letters = Embedding(letter_count, letter_size, scale=0.5, key=keys[1])
        forward, backward = (LSTM(letter_size, letter_size, key=one) for one in keys[2:])
        self.spelling = Bidirectional(forward, backward, to_the_end=True)
        self.input_size = 1 + word_length
        self.output_size = embedding_size + 2 * letter_size

    def project(self, x: Integer[Array, " L1"]) -> Float[Array, " O"]:
        """Return the vector of a word."""
        length = jnp.maximum((x[1:] > 0).sum(), 1)
        read = apply(self.spelling, self.letters.weight[x[1:]][:, None], lengths=length[None])
        return jnp.concatenate([self.words.weight[x[0]], read[length - 1, 0]])
