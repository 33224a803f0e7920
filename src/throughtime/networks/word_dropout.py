"""Words that are passed over while training, so that a network learns to do without them."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.errors import check_sizes
from throughtime.networks.dropout import Thinning


class WordDropout(Thinning):
    r"""Sets the vector of a random word to zero as a whole, while training; what is known beside it stays.

    **Equations**

        y_t = [m_t x_t[1 .. W]; x_t[W+1 ..]],   m_t ~ Bernoulli(1 - rate), drawn from (key, t)

    **Shapes**

        x, y `[I]`, of which the first W features are the word's vector; m a number

    Arguments:
        size: I, at least 1.
        rate: probability that a word is dropped, 0 <= rate < 1.
        word_size: W, 1 to I.
        inference: when true, y_t = x_t and no noise is drawn.

    **Differs from**

        `Dropout` drops features one by one, and makes the others larger. A missing word is not made up for:
        it is what a word that was never seen looks like.

    **Source**

        Iyyer et al. 2015, ACL, "Deep unordered composition", section 3.1.
    """

    word_size: int = eqx.field(static=True)

    def __init__(self, size: int, rate: float, *, word_size: int, inference: bool = False):
        super().__init__(size, rate, inference=inference)
        check_sizes(word_size=word_size)
        self.word_size = min(word_size, size)

    def thinned(
        self, key: PRNGKeyArray, position: Integer[Array, ""], x: Float[Array, " I"]
    ) -> Float[Array, " I"]:
        """Return the element with or without the word."""
        is_kept = jax.random.bernoulli(jax.random.fold_in(key, position), 1 - self.rate)
        return jnp.where(is_kept | (jnp.arange(self.input_size) >= self.word_size), x, 0)
