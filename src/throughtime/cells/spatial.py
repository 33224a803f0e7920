"""What cells over images share: kernels in place of matrices, and images that are flat vectors outside."""

import math
from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.cells.convolution import check_image, check_window, convolve
from throughtime.core.cell import Cell
from throughtime.core.errors import check_sizes
from throughtime.core.initializers import initializer, per_gate


class SpatialCell(Cell):
    """A recurrent cell whose products are convolutions: every place of an image has the same few weights.

    An image `[channels, *space]` comes and goes as the vector of its numbers, the last axis running fastest,
    so that stacks, readouts, poolings and tasks need not know of it; the state keeps its real shape. A
    variant declares its gates and writes its equations in `step`.
    """

    gates: ClassVar[tuple[str, ...]]
    """What each block of H channels of the kernels computes, the candidate among them."""

    input_weight: Float[Array, "G C *input_window"]
    recurrent_weight: Float[Array, "G H *window"]
    bias: Float[Array, " G"]
    space: tuple[int, ...] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        image_shape: Sequence[int],
        hidden_channels: int,
        *,
        kernel_size: int | Sequence[int] = 3,
        input_kernel_size: int | Sequence[int] | None = None,
        key: PRNGKeyArray,
    ):
        channels, self.space = check_image(image_shape)
        check_sizes(hidden_channels=hidden_channels)
        window = check_window("kernel_size", kernel_size, self.space)
        input_window = window
        if input_kernel_size is not None:
            input_window = check_window("input_kernel_size", input_kernel_size, self.space)
        input_key, recurrent_key = jax.random.split(key)
        self.input_weight = self._draw(input_key, "glorot", hidden_channels, channels, input_window)
        self.recurrent_weight = self._draw(
            recurrent_key, "orthogonal", hidden_channels, hidden_channels, window
        )
        self.bias = jnp.zeros(len(self.gates) * hidden_channels)
        self.input_size = channels * math.prod(self.space)
        self.output_size = hidden_channels * math.prod(self.space)

    def project(self, x: Float[Array, " I"]) -> Float[Array, "G *space"]:
        """Return `W * x_t + b` for all gates, as an image."""
        image = x.reshape(self.input_weight.shape[1], *self.space)
        return convolve(image, self.input_weight) + self.everywhere(self.bias)

    def empty(self) -> Float[Array, "H *space"]:
        """Return a hidden image of zeros."""
        return jnp.zeros((self.recurrent_weight.shape[1], *self.space), self.bias.dtype)

    def everywhere(self, values: Float[Array, " ..."]) -> Float[Array, " ..."]:
        """Return one number per channel in a shape that spreads over all places."""
        return values.reshape(*values.shape, *(1 for _ in self.space))

    def _draw(
        self, key: PRNGKeyArray, name: str, rows: int, channels: int, window: tuple[int, ...]
    ) -> Float[Array, "G C *window"]:
        shape = (len(self.gates) * rows, channels, *window)
        if channels == 0:
            return jnp.zeros(shape)
        drawn = per_gate(initializer(name), key, len(self.gates), rows, channels * math.prod(window))
        return drawn.reshape(shape)
