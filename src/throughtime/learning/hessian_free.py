"""Hessian-free optimisation: to the minimum of a quadratic picture of the loss, as far as it is trusted."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Integer

from throughtime.learning.conjugate_gradients import Descent, conjugate_gradients
from throughtime.learning.gauss_newton import Curvature

Parameters = Any
Vector = Float[Array, " P"]
Value = Callable[[Parameters], Float[Array, ""]]

UNTRUSTED, TRUSTED = 1 / 4, 3 / 4
"""Below and above which ratio of reductions the damping changes."""

MORE, LESS = 3 / 2, 2 / 3
"""The factors by which it does."""

SHORTER, SLOPE_SHARE, TRIALS = 0.8, 0.01, 60
"""The line search: by what a step shrinks, what part of the slope's fall is enough, and the most trials."""


class HessianFreeState(NamedTuple):
    """What the optimiser remembers.

    `damping`: lambda for the next step; `direction`: where the last conjugate gradients ended. For whoever
    looks on: `ratio`, what the last step gained beside what the quadratic had promised; `iterations` of
    conjugate gradients; `step_size`, the part of the direction that was gone, 0 for a refused step.
    """

    damping: Float[Array, ""]
    direction: Parameters
    ratio: Float[Array, ""]
    iterations: Integer[Array, ""]
    step_size: Float[Array, ""]


class _Candidate(NamedTuple):
    """A row of the points that were kept, the loss there, and that at the row before."""

    row: Integer[Array, ""]
    value: Float[Array, ""]
    earlier: Float[Array, ""]


def hessian_free(
    *,
    damping: float = 0.1,
    structural_damping: float = 0.0,
    iterations: int = 300,
    tolerance: float = 5e-4,
    decay: float = 0.95,
    preconditioning: float = 0.75,
) -> optax.GradientTransformationExtraArgs:
    r"""Return Hessian-free optimisation as an Optax transformation.

    **Equations**

        q(d) = g'd + d'G d / 2 + l d'd / 2 + l m d'S d / 2                                         (1)
        d: by conjugate gradients on q, from decay times where the last ones ended,
           preconditioned by (squares + l)^preconditioning                                         (2)
        back along the points that were kept, while the loss is no higher at the one before        (3)
        ratio = (f(w + d) - f(w)) / (g'd + d'G d / 2)                                              (4)
        l <- 3/2 l if ratio < 1/4,   l <- 2/3 l if ratio > 3/4                                     (5)
        w <- w + a d, a the first of 1, 0.8, 0.8^2, ... with f(w + a d) <= f(w) + 0.01 a g'd       (6)

    g is the gradient of f, G its Gauss-Newton matrix, S that of the distance of hidden states
    (`gauss_newton`).

    `update` wants, besides gradient and parameters, `value=f(w)`, `value_fn=f` and `curvature`, as
    `optax.lbfgs` wants the first two. The sequences of f and of the curvature may be different ones.

    Arguments:
        damping: l at first, above 0.
        structural_damping: m, how much hidden states that change weigh beside weights that change, at least
            0.
        iterations: of conjugate gradients, the most there are, at least 1.
        tolerance: when they end, see `conjugate_gradients`.
        decay: of the point they start from, 0 to 1.
        preconditioning: the exponent, 0 to 1; 0 for no preconditioner.

    **Cost**

        time: a product of the curvature an iteration, and a value a point that is tried; memory: P times the
        points kept, about 4 ln(iterations)

    **Exactness**

        On a quadratic of P parameters, with little damping, one step of P iterations is at the minimum.

    **Source**

        Martens 2010, "Deep learning via Hessian-free optimization", ICML, section 4; m: Martens & Sutskever
        2011, "Learning recurrent neural networks with Hessian-free optimization", ICML, section 3.2.
    """

    def init(parameters: Parameters) -> HessianFreeState:
        nothing = jnp.zeros((), ravel_pytree(parameters)[0].dtype)
        return HessianFreeState(
            nothing + damping,
            jax.tree.map(jnp.zeros_like, parameters),
            nothing,
            jnp.zeros((), jnp.int32),
            nothing,
        )

    def update(
        gradient: Parameters,
        state: HessianFreeState,
        parameters: Parameters,
        *,
        value: Float[Array, ""],
        value_fn: Value,
        curvature: Curvature,
        **_: Any,
    ) -> tuple[Parameters, HessianFreeState]:
        slope, as_tree = ravel_pytree(gradient)
        weights = ravel_pytree(parameters)[0]
        squares = ravel_pytree(curvature.squares)[0]

        def bend(direction: Vector, of_hidden: Float[Array, ""]) -> Vector:
            flat: Vector = ravel_pytree(curvature.product(as_tree(direction), of_hidden))[0]
            return flat

        def loss_at(point: Vector) -> Float[Array, ""]:
            found = value_fn(as_tree(weights + point))
            return jnp.where(jnp.isfinite(found), found, jnp.inf)

        of_hidden = structural_damping * state.damping
        descent = conjugate_gradients(
            lambda d: bend(d, of_hidden) + state.damping * d,
            slope,
            decay * ravel_pytree(state.direction)[0],
            preconditioner=(squares + state.damping) ** preconditioning if preconditioning else None,
            iterations=iterations,
            tolerance=tolerance,
        )  # Eq. 1, 2
        direction, reached = _best_kept(descent, loss_at)  # Eq. 3
        promised = slope @ direction + direction @ bend(direction, jnp.zeros_like(of_hidden)) / 2
        ratio = (reached - value) / promised  # Eq. 4
        # What is no number, or no descent, is not to be trusted either.
        is_trusted, is_fine = ratio > TRUSTED, (ratio >= UNTRUSTED) & (promised < 0)
        factor = jnp.where(is_fine, jnp.where(is_trusted, LESS, 1.0), MORE)  # Eq. 5
        step_size = _line_search(direction, reached, loss_at, value, slope)  # Eq. 6
        return as_tree(step_size * direction), HessianFreeState(
            state.damping * factor,
            as_tree(descent.points[descent.last]),
            ratio,
            descent.iterations,
            step_size,
        )

    return optax.GradientTransformationExtraArgs(init, update)


def _best_kept(
    descent: Descent, loss_at: Callable[[Vector], Float[Array, ""]]
) -> tuple[Vector, Float[Array, ""]]:
    """Return the point from which going back would only raise the loss, and the loss there."""

    def at(row: Integer[Array, ""]) -> Float[Array, ""]:
        return loss_at(descent.points[jnp.maximum(row, 0)])

    def is_lower_before(candidate: _Candidate) -> Array:
        return (candidate.row > 0) & (candidate.earlier <= candidate.value)

    def go_back(candidate: _Candidate) -> _Candidate:
        row = candidate.row - 1
        return _Candidate(row, candidate.earlier, at(row - 1))

    last = descent.last
    best = jax.lax.while_loop(is_lower_before, go_back, _Candidate(last, at(last), at(last - 1)))
    return descent.points[best.row], best.value


def _line_search(
    direction: Vector,
    reached: Float[Array, ""],
    loss_at: Callable[[Vector], Float[Array, ""]],
    value: Float[Array, ""],
    slope: Vector,
) -> Float[Array, ""]:
    """Return the part of the direction to go; 0 if no part of it lowers the loss."""
    fall = SLOPE_SHARE * (slope @ direction)

    def is_too_high(trial: tuple[Array, Array, Array]) -> Array:
        count, size, found = trial
        return (count < TRIALS) & ~(found <= value + size * fall)

    def shrink(trial: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        count, size, _ = trial
        size = size * SHORTER
        return count + 1, size, loss_at(size * direction)

    first = jnp.zeros((), jnp.int32), jnp.ones_like(value), reached
    _, size, found = jax.lax.while_loop(is_too_high, shrink, first)
    return jnp.where(found <= value + size * fall, size, 0)
