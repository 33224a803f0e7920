"""Principal components of a network's outputs, as a linear layer that goes on top of it."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Integer, Shaped
from scipy.linalg import eigh

from throughtime.core.errors import OptionError
from throughtime.core.sequence_map import Network, apply
from throughtime.networks.linear import Linear

_outputs = jax.jit(lambda network, inputs, lengths: apply(network, inputs, lengths=lengths))


def fit_components(
    network: Network, inputs: Shaped[Any, "T B *I"], size: int, *, lengths: Integer[Any, " B"] | None = None
) -> Linear:
    """Return the layer that brings a network's outputs to the few numbers in which they vary most.

    **Equations**

        y_t = V^T (x_t - mean),   V the `size` first eigenvectors of the covariance of all x

    **Shapes**

        inputs `[T, B, I]`, lengths `[B]`; y `[size]`

    Arguments:
        network: without noise.
        size: how many components, at least 1 and at most as many as the network has outputs.

    **Raises**

        OptionError: the size is out of range.

    **Cost**

        T B F^2 multiply-adds and F^3; memory for all outputs

    **Source**

        Pearson 1901, "On lines and planes of closest fit to systems of points in space".
    """
    if not 1 <= size <= network.output_size:
        raise OptionError(
            f"size is {size} and the network has {network.output_size} outputs; choose a number of "
            f"components from 1 to {network.output_size}"
        )
    steps, batch_size = np.shape(inputs)[:2]
    real = np.full(batch_size, steps) if lengths is None else np.asarray(lengths)
    outputs = np.asarray(_outputs(network, jnp.asarray(inputs), jnp.asarray(real)), np.float64)
    rows = outputs[np.arange(steps)[:, None] < real]
    mean = rows.mean(axis=0)
    _, vectors = eigh(np.cov(rows, rowvar=False).reshape(len(mean), -1))
    weight = vectors[:, : -size - 1 : -1].T
    # The sign of an eigenvector is anybody's; here its largest entry is positive.
    largest = np.take_along_axis(weight, np.abs(weight).argmax(axis=1)[:, None], axis=1)
    weight = weight * np.sign(largest)
    layer = Linear(network.output_size, size, key=jax.random.key(0))
    dtype = layer.weight.dtype
    fitted: Linear = eqx.tree_at(
        lambda linear: (linear.weight, linear.bias),
        layer,
        (jnp.asarray(weight, dtype), jnp.asarray(-weight @ mean, dtype)),
    )
    return fitted
