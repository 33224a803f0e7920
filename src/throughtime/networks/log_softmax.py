"""Scores of classes as logarithms of probabilities, for each element by itself."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer

from throughtime.core.cell import PointwiseCell
from throughtime.core.errors import check_sizes
from throughtime.networks.head import Head, Labelling


class LogSoftmax(PointwiseCell, Head):
    r"""The logarithm of the probability of each label, of each element by itself.

    **Equations**

        y_t[k] = x_t[k] - log sum_j exp(x_t[j])

    **Shapes**

        x, y `[K]`

    Arguments:
        label_count: K, at least 1.

    **Source**

        Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs", Eq. 8.
    """

    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, label_count: int):
        check_sizes(label_count=label_count)
        self.input_size = label_count
        self.output_size = label_count

    def project(self, x: Float[Array, " K"]) -> Float[Array, " K"]:
        """Return `log softmax(x_t)`."""
        return jax.nn.log_softmax(x)

    def best_labels(self, outputs: Float[Array, "T B K"], lengths: Integer[Array, " B"]) -> Labelling:
        """Return the most probable label of each element, and its probability."""
        return Labelling(outputs.argmax(-1).T.astype(jnp.int32), jnp.exp(outputs.max(-1)).T)

    def filtered(
        self, before: Float[np.ndarray, " K0"], output: Float[np.ndarray, " K"]
    ) -> Float[np.ndarray, " K"]:
        """Return the output: what came before has no influence but through the network."""
        return output
