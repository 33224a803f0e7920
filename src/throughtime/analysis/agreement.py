"""How an estimate of a gradient compares with the gradient itself: bias, variance and angle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from throughtime.analysis.state_arrays import path_name

ALL = "all"
"""Stands for the whole gradient, all parameters in one vector."""


@dataclass(frozen=True)
class Agreement:
    r"""How draws of an estimate agree with a reference, for one array of parameters or all in one vector.

    **Equations**

        bias = |m - g| / |g|,   variance = tr(C) / |g|^2,   angle = mean_k angle(e_k, g)

    where e_1 ... e_K are the draws, m their mean and C their covariance, and g is the reference.

    `bias_error` is sqrt(tr(C) / K) / |g|, the root mean square of what chance adds to m: the bias of an
    unbiased estimate comes to about this. `angle` is in degrees, 0 to 180, and 90 for an estimate of zero,
    with `angle_error` its standard error. An estimate that draws nothing has a variance and errors of 0.
    `draws` is K.
    """

    bias: float
    bias_error: float
    variance: float
    angle: float
    angle_error: float
    draws: int


def named_parameters(gradient: Any) -> dict[str, Float[np.ndarray, "..."]]:
    """Return the arrays of a gradient by their place in the network, in float64."""
    found = jax.tree_util.tree_flatten_with_path(gradient)[0]
    return {
        path_name(path): np.asarray(leaf, np.complex128 if np.iscomplexobj(leaf) else np.float64)
        for path, leaf in found
    }


def silent_parameters(reference: Any) -> list[str]:
    """Return the arrays whose reference gradient is zero, so that nothing can be compared with it."""
    return [name for name, array in named_parameters(reference).items() if not np.any(array)]


def agreements(draws: Sequence[Any], reference: Any) -> Mapping[str, Agreement]:
    """Return the agreement of each array of parameters whose reference is not zero, and under `ALL` of all.

    Arguments:
        draws: gradients of an estimate, one or more. Several that are all equal are one: nothing was drawn.
        reference: the gradient they are compared with.
    """
    exact = named_parameters(reference)
    each = [named_parameters(draw) for draw in draws]
    if all(np.array_equal(other[name], each[0][name]) for other in each[1:] for name in exact):
        each = each[:1]
    compared = [name for name, array in exact.items() if np.any(array)]
    found = {ALL: _agreement([_joined(draw, exact) for draw in each], _joined(exact, exact))}
    return found | {
        name: _agreement([draw[name].ravel() for draw in each], exact[name].ravel()) for name in compared
    }


def _joined(gradient: Mapping[str, np.ndarray], names: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([gradient[name].ravel() for name in names])


def _agreement(draws: Sequence[np.ndarray], reference: np.ndarray) -> Agreement:
    length = float(np.linalg.norm(reference))
    count = len(draws)
    stacked = np.stack(draws)
    mean = stacked.mean(0)
    spread = float((np.abs(stacked - mean) ** 2).sum() / (count - 1)) if count > 1 else 0.0
    angles = np.array([_degrees(draw, reference) for draw in draws])
    return Agreement(
        bias=float(np.linalg.norm(mean - reference)) / length,
        bias_error=float(np.sqrt(spread / count)) / length,
        variance=spread / length**2,
        angle=float(angles.mean()),
        angle_error=float(angles.std(ddof=1) / np.sqrt(count)) if count > 1 else 0.0,
        draws=count,
    )


def _degrees(one: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two vectors; this form is exact for small angles, where the cosine is not."""
    size = np.linalg.norm(one)
    if size == 0 or not np.isfinite(size):
        return 90.0 if size == 0 else float("nan")
    a, b = one / size, other / np.linalg.norm(other)
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))))
