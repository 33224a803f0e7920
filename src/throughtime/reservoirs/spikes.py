"""Spikes as numbers: a jump from 0 to 1, and the slope that a gradient takes it to have."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

DAMPING = 0.3
"""How much of the slope of a full ramp a gradient sees; less keeps it from growing over many steps."""


@jax.custom_jvp
def spike(excess: Float[Array, "*H"]) -> Float[Array, "*H"]:
    r"""Return 1 where a membrane is at its threshold or above, else 0.

    **Equations**

        s = 1 if e >= 0 else 0;   as derivative, 0.3 max(0, 1 - |e|)

    Arguments:
        excess: e, how far the membrane is above its threshold, in distances from reset to threshold.

    **Exactness**

        the derivative is that of `ramp` instead of zero nearly everywhere: gradients are biased, and of use

    **Source**

        Bellec et al. 2018, "Long short-term memory and learning-to-learn in networks of spiking neurons",
        arXiv 1803.09574, Eq. 9 (dampened derivative).
    """
    return (excess >= 0).astype(excess.dtype)


@spike.defjvp
def _spike_jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Array, Array]:
    (excess,), (tangent,) = primals, tangents
    return spike(excess), DAMPING * jnp.maximum(0, 1 - jnp.abs(excess)) * tangent


def ramp(excess: Float[Array, "*H"]) -> Float[Array, "*H"]:
    """Return the smooth function whose derivative `spike` borrows, from 0 to 0.3."""
    inside = jnp.clip(excess, -1, 1)
    return DAMPING * (0.5 + inside - 0.5 * inside * jnp.abs(inside))
