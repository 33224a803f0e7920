"""A linear readout: a matrix and a bias, at every step alike."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.cell import PointwiseCell
from throughtime.core.errors import check_sizes
from throughtime.core.initializers import uniform_by_columns


class Linear(PointwiseCell):
    r"""An affine map of each element by itself.

    **Equations**

        y_t = W x_t + b

    **Shapes**

        x `[I]`, W `[O, I]`, b `[O]`; y `[O]`

    Arguments:
        input_size, output_size: at least 1.
        key: source of the weights, U(-1/sqrt(I), 1/sqrt(I)); the bias starts at zero.

    **Source**

        The readout of Elman 1990, Cognitive Science 14, Fig. 2, before its squashing.
    """

    weight: Float[Array, "O I"]
    bias: Float[Array, " O"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, output_size: int, *, key: PRNGKeyArray):
        check_sizes(input_size=input_size, output_size=output_size)
        self.weight = uniform_by_columns(key, (output_size, input_size))
        self.bias = jnp.zeros(output_size)
        self.input_size = input_size
        self.output_size = output_size

    def project(self, x: Float[Array, " I"]) -> Float[Array, " O"]:
        """Return `W x_t + b`."""
        return self.weight @ x + self.bias
