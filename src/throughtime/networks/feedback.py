"""What the next step is given of an output: the values themselves, or a symbol that they stand for.

An output, what is chosen from it, and a teacher's target are vectors of one size O: a symbol is a one-hot
vector. The network's own choice and the teacher's target thus go the same way back into the network.
"""

import abc
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.errors import check_sizes, choose
from throughtime.networks.embedding import Embedding, one_hot

ACTIVATIONS = {
    "identity": lambda values: values,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softmax": jax.nn.softmax,
}


class Feedback(eqx.Module):
    r"""How an output becomes a part of the next input.

    **Equations**

        v_t = represent(choose(y_{t-1}))      or, from a teacher,      v_t = represent(y*_{t-1})

    **Shapes**

        y, y* `[O]`; v `[F]`

    **Source**

        each way names its own
    """

    is_random: ClassVar[bool] = False
    """Whether `choose` draws from its key."""

    output_size: eqx.AbstractVar[int]
    feedback_size: eqx.AbstractVar[int]

    @abc.abstractmethod
    def choose(self, output: Float[Array, " O"], key: PRNGKeyArray | None = None) -> Float[Array, " O"]:
        """Return what the network itself says with an output, as a teacher's target would say it."""

    @abc.abstractmethod
    def represent(self, chosen: Float[Array, " O"]) -> Float[Array, " F"]:
        """Return what goes into the next input."""

    @abc.abstractmethod
    def represent_symbol(self, symbol: Integer[Array, ""]) -> Float[Array, " F"]:
        """Return what `represent` makes of the one-hot vector of a symbol: of zeros, for -1."""

    def without_noise(self) -> "Feedback":
        """Return the way that draws nothing."""
        return self


class Values(Feedback):
    r"""Outputs that are values: they go back as they are, squashed if they have to be.

    **Equations**

        choose(y) = act(y),   represent(y) = y

    **Shapes**

        y `[O]`; F = O

    Arguments:
        size: O, at least 1.
        activation: `"identity"`, `"tanh"`, `"sigmoid"` (spikes, pixels) or `"softmax"`. It makes the output
            comparable with the teacher's targets, to which it is not applied.

    **Source**

        Williams & Zipser 1989, Neural Computation 1(2) (teacher forcing).
    """

    activation: Literal["identity", "tanh", "sigmoid", "softmax"] = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    feedback_size: int = eqx.field(static=True)

    def __init__(
        self, size: int, *, activation: Literal["identity", "tanh", "sigmoid", "softmax"] = "identity"
    ):
        check_sizes(size=size)
        choose("activation", activation, ACTIVATIONS)
        self.activation = activation
        self.output_size = size
        self.feedback_size = size

    def choose(self, output: Float[Array, " O"], key: PRNGKeyArray | None = None) -> Float[Array, " O"]:
        """Return the output, squashed."""
        return ACTIVATIONS[self.activation](output)

    def represent(self, chosen: Float[Array, " O"]) -> Float[Array, " O"]:
        """Return the values."""
        return chosen

    def represent_symbol(self, symbol: Integer[Array, ""]) -> Float[Array, " O"]:
        """Return the one-hot vector."""
        return one_hot(symbol, self.output_size)


class EmbeddedSymbol(Feedback):
    r"""Outputs that are scores of symbols: one symbol is chosen, and its vector goes back.

    **Equations**

        represent(p) = p E

    **Shapes**

        y, p `[V]`, E `[V, F]`

    Arguments:
        embedding: the vectors of the symbols.

    **Source**

        Bengio, Ducharme, Vincent & Jauvin 2003, JMLR 3, section 2 (the matrix C).
    """

    embedding: Embedding
    output_size: int = eqx.field(static=True, init=False)
    feedback_size: int = eqx.field(static=True, init=False)

    def __init__(self, embedding: Embedding):
        self.embedding = embedding
        self.output_size = embedding.input_size
        self.feedback_size = embedding.output_size

    def represent(self, chosen: Float[Array, " O"]) -> Float[Array, " F"]:
        """Return the vector of the symbol; of a distribution over symbols, the mean vector."""
        return chosen @ self.embedding.weight

    def represent_symbol(self, symbol: Integer[Array, ""]) -> Float[Array, " F"]:
        """Return the vector of the symbol, a row of E: the one-hot vector is never made."""
        is_one = (symbol >= 0) & (symbol < self.output_size)
        return jnp.where(is_one, self.embedding.weight[symbol], 0)


class LikeliestSymbol(EmbeddedSymbol):
    r"""The symbol with the largest score goes back. No gradient flows through the choice.

    **Equations**

        choose(y) = one_hot(argmax y),   represent(p) = p E

    **Shapes**

        y, p `[V]`, E `[V, F]`

    Arguments:
        embedding: the vectors of the symbols.

    **Source**

        Bengio et al. 2015, arXiv 1506.03099, section 2.4 (the argmax).
    """

    __init__ = EmbeddedSymbol.__init__

    def choose(self, output: Float[Array, " O"], key: PRNGKeyArray | None = None) -> Float[Array, " O"]:
        """Return the likeliest symbol as a one-hot vector."""
        return jax.nn.one_hot(jnp.argmax(output), self.output_size, dtype=output.dtype)


class SampledSymbol(EmbeddedSymbol):
    r"""A symbol drawn from the softmax of the scores goes back. No gradient flows through the choice.

    **Equations**

        choose(y) = one_hot(s),   s ~ softmax(y),   represent(p) = p E

    **Shapes**

        y, p `[V]`, E `[V, F]`

    Arguments:
        embedding: the vectors of the symbols.

    **Differs from**

        Without noise it is the `LikeliestSymbol`.

    **Source**

        Graves 2013, "Generating sequences with recurrent neural networks", arXiv 1308.0850, section 2;
        Bengio et al. 2015, arXiv 1506.03099, section 2.4 (a sample from the model).
    """

    is_random: ClassVar[bool] = True

    __init__ = EmbeddedSymbol.__init__

    def choose(self, output: Float[Array, " O"], key: PRNGKeyArray | None = None) -> Float[Array, " O"]:
        """Return a symbol drawn with `key`, as a one-hot vector."""
        if key is None:
            raise TypeError("SampledSymbol.choose needs a key")
        return jax.nn.one_hot(jax.random.categorical(key, output), self.output_size, dtype=output.dtype)

    def without_noise(self) -> Feedback:
        """Return the choice of the likeliest symbol."""
        return LikeliestSymbol(self.embedding)


class ExpectedSymbol(EmbeddedSymbol):
    r"""The mean of the vectors of all symbols goes back, weighted by their probability; gradients flow.

    **Equations**

        choose(y) = softmax(y),   represent(p) = p E

    **Shapes**

        y, p `[V]`, E `[V, F]`

    Arguments:
        embedding: the vectors of the symbols.

    **Source**

        Goyal, Dyer & Berg-Kirkpatrick 2017, "Differentiable scheduled sampling for credit assignment", arXiv
        1704.06970, section 3 (soft argmax, with a temperature of 1).
    """

    __init__ = EmbeddedSymbol.__init__

    def choose(self, output: Float[Array, " O"], key: PRNGKeyArray | None = None) -> Float[Array, " O"]:
        """Return the probability of each symbol."""
        return jax.nn.softmax(output)
