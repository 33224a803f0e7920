"""A convolution at every step alike: the readout of convolutional cells, and a filter before them."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.convolution import check_image, check_window, convolve
from throughtime.core.cell import PointwiseCell
from throughtime.core.errors import check_sizes
from throughtime.core.initializers import uniform_by_columns


class Convolution(PointwiseCell):
    r"""A convolution of each image by itself, with zeros around it.

    **Equations**

        y_t = W * x_t + b

    where `*` is `cells.convolution.convolve` and b is the same at all places.

    **Shapes**

        x `[C prod(space)]`, an image `[C, *space]` as a vector; W `[O, C, *window]`, b `[O]`;
        y `[O prod(space)]`, an image `[O, *space]` as a vector

    Arguments:
        image_shape: `(channels, length)`, `(channels, height, width)` or with more axes, each at least 1.
        output_channels: O, at least 1.
        kernel_size: places along each axis, one number for all axes or one for each, at least 1 and at most
            the image. With 1 every place is read out by itself.
        key: source of the kernel, U(-1/sqrt(n), 1/sqrt(n)) with n = C prod(window); the bias starts at zero.

    **Cost**

        a step: O C prod(window) prod(space) multiply-adds; parameters O (C prod(window) + 1)

    **Source**

        Shi et al. 2015, arXiv 1506.04214, section 3.2: a 1 x 1 convolution reads out the hidden images.
    """

    weight: Float[Array, "O C *window"]
    bias: Float[Array, " O"]
    space: tuple[int, ...] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        image_shape: Sequence[int],
        output_channels: int,
        *,
        kernel_size: int | Sequence[int] = 1,
        key: PRNGKeyArray,
    ):
        channels, self.space = check_image(image_shape)
        check_sizes(**{"image_shape[0]": channels}, output_channels=output_channels)
        window = check_window("kernel_size", kernel_size, self.space)
        rows = uniform_by_columns(key, (output_channels, channels * math.prod(window)))
        self.weight = rows.reshape(output_channels, channels, *window)
        self.bias = jnp.zeros(output_channels)
        self.input_size = channels * math.prod(self.space)
        self.output_size = output_channels * math.prod(self.space)

    def project(self, x: Float[Array, " I"]) -> Float[Array, " O"]:
        """Return `W * x_t + b`, as a vector."""
        image = convolve(x.reshape(-1, *self.space), self.weight)
        return (image + self.bias.reshape(-1, *(1 for _ in self.space))).reshape(-1)
