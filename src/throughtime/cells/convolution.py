"""Convolution of an image with a kernel, as fast within a loop as outside of one."""

import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.errors import OptionError, check_sizes


@jax.checkpoint
def convolve(
    image: Float[Array, "C *space"], kernel: Float[Array, "G C *window"]
) -> Float[Array, "G *space"]:
    r"""Convolve an image with a kernel, with zeros around the image, so that the result has its size.

    **Equations**

        y_{g,p} = sum_{c,d} K_{g,c,d} x_{c,p+d-a},   a = floor((k - 1) / 2) along each axis, k long in K

    **Shapes**

        image `[C, *space]`, kernel `[G, C, *window]` with as many axes; the result `[G, *space]`

    As in PyTorch and JAX the kernel is not flipped. One of even length reaches one further towards the end
    of its axis than towards the start.

    **Cost**

        G C prod(window) prod(space) multiply-adds; room for prod(window) copies of the image while it runs.
        Only the image itself is kept for the gradient.

    **Differs from**

        `jax.lax.conv_general_dilated` gives the same numbers, but within a loop XLA has a fast convolution on
        CPUs for one order of the axes only, and a gradient always asks for others: there it falls back to
        plain loops (github.com/jax-ml/jax/issues/12868), and a step of training took 10 to 100 times as long.
        Shifted copies and one matrix product are fast everywhere; under `vmap` over kernels too, where a
        convolution would become a grouped one.
    """
    space, window = image.shape[1:], kernel.shape[2:]
    around = [((length - 1) // 2, length // 2) for length in window]
    padded = jnp.pad(jnp.moveaxis(image, 0, -1), [*around, (0, 0)])
    shifted = [
        padded[tuple(slice(d, d + size) for d, size in zip(offset, space, strict=True))]
        for offset in itertools.product(*map(range, window))
    ]
    columns = jnp.moveaxis(kernel, (0, 1), (-1, -2)).reshape(-1, len(kernel))
    return jnp.moveaxis(jnp.concatenate(shifted, axis=-1) @ columns, -1, 0)


def check_image(image_shape: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """Return the channels and the space of an image, or raise `OptionError` if it is none.

    Channels may be 0: a cell then reads nothing.
    """
    if len(image_shape) < 2:
        raise OptionError(
            f"image_shape is {tuple(image_shape)}; choose (channels, length) or (channels, height, width)"
        )
    channels, *space = image_shape
    check_sizes(**{f"image_shape[{axis}]": size for axis, size in enumerate(space, 1)})
    if channels != 0:
        check_sizes(**{"image_shape[0]": channels})
    return channels, tuple(space)


def check_window(name: str, given: int | Sequence[int], space: Sequence[int]) -> tuple[int, ...]:
    """Return the length of a kernel along each axis of the image, or raise `OptionError` if it does not fit.

    `name` is the option's name, and `given` one length for all axes or one for each.
    """
    if isinstance(given, Sequence):
        window = tuple(given)
        check_sizes(**{f"{name}[{axis}]": length for axis, length in enumerate(window)})
    else:
        check_sizes(**{name: given})
        window = (given,) * len(space)
    if len(window) != len(space):
        raise OptionError(
            f"{name} is {given} and the image has {len(space)} axes; choose one length for all or for each"
        )
    if any(length > size for length, size in zip(window, space, strict=True)):
        raise OptionError(
            f"{name} is {given}, larger than the image of {' x '.join(map(str, space))} places; choose at "
            f"most {tuple(space) if isinstance(given, Sequence) else min(space)}"
        )
    return window
