"""Numbers that are quantiles, with the levels that say which ones."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from throughtime.core.cell import PointwiseCell
from throughtime.core.errors import OptionError, check_sizes


class QuantileLevels(PointwiseCell):
    r"""Hands on what it reads, and behind it the levels of the quantiles that it is.

    Whoever has a target besides can thus tell the loss (`pinball`).

    **Equations**

        y_t = [x_t; tau_1 ... tau_Q]

    **Shapes**

        x `[N Q]`: Q quantiles of each of N numbers; y `[N Q + Q]`

    Arguments:
        input_size: N Q, at least Q and a multiple of it.
        levels: tau, at least one, each above 0 and below 1, increasing.

    **Raises**

        OptionError: the levels are not so.

    **Source**

        Koenker & Bassett 1978, "Regression quantiles", Econometrica 46(1).
    """

    levels: tuple[float, ...] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, levels: Sequence[float]):
        check_sizes(input_size=input_size)
        check_levels(levels)
        if input_size % len(levels):
            raise OptionError(
                f"input_size is {input_size} and there are {len(levels)} levels; give a multiple of them"
            )
        self.levels = tuple(levels)
        self.input_size = input_size
        self.output_size = input_size + len(levels)

    def project(self, x: Float[Array, " N"]) -> Float[Array, " O"]:
        """Return the numbers and the levels."""
        return jnp.concatenate([x, jnp.array(self.levels, x.dtype)])


def check_levels(levels: Sequence[float]) -> None:
    """Raise `OptionError` unless levels of quantiles increase from above 0 to below 1."""
    if not levels or list(levels) != sorted(set(levels)) or levels[0] <= 0 or levels[-1] >= 1:
        raise OptionError(
            f"the levels of the quantiles are {', '.join(map(str, levels)) or 'none'}; give increasing "
            "numbers between 0 and 1, such as 0.1,0.5,0.9"
        )


def pinball(output: Float[Array, " O"], target: Float[Array, " N"]) -> Float[Array, ""]:
    r"""Return the loss of quantiles with their levels behind them.

    **Equations**

        mean over n and q of max(tau_q e, (tau_q - 1) e),   e = target[n] - x[n, q]

    **Shapes**

        output `[N Q + Q]`, as `QuantileLevels` gives it; target `[N]`

    **Source**

        Koenker & Bassett 1978, Econometrica 46(1), section 2.
    """
    count = output.shape[0] // (target.shape[0] + 1)
    levels = output[-count:]
    errors = target[:, None] - output[:-count].reshape(-1, count)
    return jnp.mean(jnp.maximum(levels * errors, (levels - 1) * errors))
