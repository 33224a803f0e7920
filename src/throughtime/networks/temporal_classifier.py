"""Connectionist temporal classification: a network that labels without being told where."""

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.errors import check_sizes
from throughtime.core.scanning import valid_steps
from throughtime.core.sequence_map import Network, apply
from throughtime.networks.transducer import Transducer


class TemporalClassifier(Transducer):
    r"""A network that says at each element a symbol of the target or nothing, in the target's order.

    **Equations**

        s = network(x),   p(path | x) = prod_t softmax(s_t)[path_t]
        p(z | x) = sum of p(path | x) over the paths that leave z when repetitions are made one and blanks out
        y_1[k] = log p(z | x),   y_t[k] = 0 for t > 1,   whatever k

    **Shapes**

        source x `[S, B]` or `[S, B, I]`; s `[stretch S, B, V]`; y `[T, B, V]`; the last symbol, V - 1, is the
        blank among the scores, and the end in the target

    Arguments:
        network: any network that gives V scores at each element.
        stretch: how often each element is read, at least 1. A target has to be as short as the elements read,
            and shorter by one for each symbol that repeats the one before it.

    **Cost**

        that of the network, and time O(S T) for the sum over all paths

    **Differs from**

        In the paper each element is read once.

    **Source**

        Graves, Fernández, Gomez & Schmidhuber 2006, "Connectionist temporal classification: labelling
        unsegmented sequence data with recurrent neural networks", ICML, Eqs. 2-4, 8.
    """

    network: Network
    stretch: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, network: Network, *, stretch: int = 1):
        check_sizes(stretch=stretch)
        self.network = network
        self.stretch = stretch
        self.input_size = network.input_size
        self.output_size = network.output_size

    def scores(
        self,
        source: Shaped[Array, "S B *I"],
        *,
        lengths: Integer[Array, " B"],
        key: PRNGKeyArray | None = None,
    ) -> tuple[Float[Array, "T B V"], Integer[Array, " B"]]:
        """Return the scores of each element read, and how many elements were read of each source."""
        read = lengths * self.stretch
        repeated = jnp.repeat(source, self.stretch, axis=0)
        return apply(self.network, repeated, lengths=read, key=key), read

    def target_log_probabilities(
        self,
        source: Shaped[Array, "S B *I"],
        previous: Integer[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None,
        target_lengths: Integer[Array, " B"],
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "T B V"]:
        """Return the logarithm of the whole target's probability at its first symbol, and zeros behind."""
        if lengths is None:
            lengths = jnp.full(source.shape[1], len(source))
        scores, read = self.scores(source, lengths=lengths, key=key)
        # Without -1 in front, and the end is in `previous` no more.
        labels = jnp.concatenate([previous[1:], previous[:1]])
        labelled = valid_steps(target_lengths - 1, len(labels))
        loss = optax.ctc_loss(
            jnp.moveaxis(scores, 1, 0),
            1.0 - valid_steps(read, len(scores)).T,
            jnp.maximum(labels, 0).T,
            1.0 - labelled.T,
            blank_id=self.output_size - 1,
        )
        first = (jnp.arange(len(previous)) == 0)[:, None, None]
        return jnp.where(first, -loss[:, None], jnp.zeros((self.output_size,)))
