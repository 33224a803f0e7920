"""Conjugate gradients: the lowest point of a quadratic that is known by its products alone."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Integer

from throughtime.core.errors import check_sizes

GROWTH = 1.3
"""By which factor the iterations grow whose points are kept."""

Vector = Float[Array, " P"]


class Descent(NamedTuple):
    """The way down a quadratic.

    `points`: those that were kept, `[S, P]`, rows from `last + 1` on being empty; `last`: the row of the
    last point; `value`: the quadratic there; `iterations`: how many it took.
    """

    points: Float[Array, "S P"]
    last: Integer[Array, ""]
    value: Float[Array, ""]
    iterations: Integer[Array, ""]


class _Place(NamedTuple):
    """Where the descent stands: letters as in the equations, `values` of the quadratic so far, `[N + 1]`."""

    points: Float[Array, "S P"]
    x: Vector
    r: Vector
    d: Vector
    fall: Float[Array, ""]
    values: Float[Array, " N"]
    k: Integer[Array, ""]
    is_flat: Bool[Array, ""]


def conjugate_gradients(
    product: Callable[[Vector], Vector],
    slope: Vector,
    start: Vector,
    *,
    preconditioner: Vector | None = None,
    iterations: int = 300,
    tolerance: float = 5e-4,
) -> Descent:
    r"""Return the way to the minimum of a quadratic whose matrix is symmetric and positive.

    **Equations**

        q(x) = b'x + x'Ax / 2,   r_0 = -b - A x_0,   d_0 = r_0 / m
        a_k = r_k'(r_k / m) / d_k'A d_k
        x_{k+1} = x_k + a_k d_k,   r_{k+1} = r_k - a_k A d_k
        d_{k+1} = r_{k+1} / m + d_k r_{k+1}'(r_{k+1} / m) / r_k'(r_k / m)
        it ends at k if k > n = max(10, ceil(k / 10)), q(x_k) < 0 and 1 - q(x_{k-n}) / q(x_k) < n e

    **Shapes**

        b, x, m `[P]`

    Arguments:
        product: of A with a vector.
        slope: b, the quadratic's gradient at zero.
        start: x_0.
        preconditioner: m, a diagonal like that of A, above 0; ones when left out.
        iterations: N, the most there are, at least 1.
        tolerance: e, how little a step may bring, in parts of all that was gained, at least 0.

    **Raises**

        OptionError: there are to be less than 1 iterations.

    **Cost**

        time: a product an iteration; memory: P times the points that are kept, about 4 ln N

    **Differs from**

        `jax.scipy.sparse.linalg.cg`, which ends by the length of r, and returns the last point only. The
        points of the iterations 1, 2, 3, ..., each about 1.3 times the one before, are kept here: a step
        that is shorter may suit a function better of which the quadratic is a picture.

    **Source**

        Hestenes & Stiefel 1952, Journal of Research of the National Bureau of Standards 49(6); when it ends
        and what is kept: Martens 2010, "Deep learning via Hessian-free optimization", ICML, sections 4.4 and
        4.6.
    """
    check_sizes(iterations=iterations)
    kept_at = _iterations_to_keep(iterations)
    rows = jnp.asarray(np.searchsorted(kept_at, np.arange(iterations + 1)))

    def scaled(r: Vector) -> Vector:
        return r if preconditioner is None else r / preconditioner

    def value(x: Vector, r: Vector) -> Float[Array, ""]:
        return (x @ (slope - r)) / 2  # since A x = -b - r

    def goes_on(at: _Place) -> Bool[Array, ""]:
        n = jnp.maximum(10, -(-at.k // 10))
        now, before = at.values[at.k], at.values[jnp.maximum(at.k - n, 0)]
        is_slow = (at.k > n) & (now < 0) & ((now - before) / now < n * tolerance)
        return (at.k < iterations) & ~is_slow & ~at.is_flat

    def step(at: _Place) -> _Place:
        along = product(at.d)
        curvature = at.d @ along
        # Nothing left to gain, or what was left is lost to rounding: the point stays where it is.
        is_flat = ~((curvature > 0) & jnp.isfinite(curvature) & (at.fall > 0))
        a = jnp.where(is_flat, 0, at.fall / jnp.where(is_flat, 1, curvature))
        x = at.x + a * at.d
        r = at.r - a * along
        fall = r @ scaled(r)
        d = scaled(r) + at.d * (fall / jnp.where(at.fall > 0, at.fall, 1))
        k = at.k + 1
        return _Place(
            at.points.at[rows[k]].set(x), x, r, d, fall, at.values.at[k].set(value(x, r)), k, is_flat
        )

    r = -slope - product(start)
    first = _Place(
        jnp.zeros((len(kept_at), *slope.shape), slope.dtype).at[0].set(start),
        start,
        r,
        scaled(r),
        r @ scaled(r),
        jnp.zeros(iterations + 1, slope.dtype).at[0].set(value(start, r)),
        jnp.zeros((), jnp.int32),
        jnp.zeros((), bool),
    )
    end = jax.lax.while_loop(goes_on, step, first)
    return Descent(end.points, rows[end.k], end.values[end.k], end.k)


def _iterations_to_keep(iterations: int) -> list[int]:
    kept = [1]
    while kept[-1] < iterations:
        kept.append(min(math.ceil(kept[-1] * GROWTH), iterations))
    return kept
