"""What the gradient does on its way back: the norm of dL/dh_t over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.analysis.nudges import NudgedCell, Nudges, zero_nudges
from throughtime.analysis.state_arrays import path_name, state_arrays
from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError
from throughtime.core.sequence_map import Network, apply
from throughtime.core.state import initial_states
from throughtime.core.unroll import check_lengths
from throughtime.learning.rule import Loss, check_steps

AGAINST_TIME = "backward"
"""The field of a bidirectional network whose cell reads from the last step to the first."""


@dataclass(frozen=True)
class GradientFlow:
    """The norm of the gradient by the state over time, for each array of the state.

    `norms`: by the array's place in the network, `[T, B]`, the norm for each sequence by itself, 0 at
    padding. `lengths`: real steps of each sequence, `[B]`. `loss`: the sum of mask times loss.
    `parameter_norm`: the global norm of the gradient by all parameters, which is what clipping looks at.
    """

    norms: Mapping[str, Float[np.ndarray, "T B"]]
    lengths: Integer[np.ndarray, " B"]
    loss: float
    parameter_norm: float

    def from_the_end(self, name: str) -> Float[np.ndarray, "T B"]:
        """Return the norms of one array with the last real step of every sequence in the last row.

        Sequences of different lengths are then beside each other by how far a step is from the end; before
        the first step of a sequence stands not-a-number.
        """
        norms = self.norms[name]
        steps = len(norms)
        place = np.arange(steps)[:, None] - (steps - self.lengths)
        moved = np.take_along_axis(norms, np.maximum(place, 0), axis=0)
        return np.where(place >= 0, moved, np.nan)

    def factor(self, name: str) -> float:
        """Return by what the gradient is multiplied, on average, on each step of its way back.

        It is the slope of the logarithm of the norm over all real steps, by least squares, each sequence with
        a height of its own. Below 1 the gradient vanishes, above 1 it explodes; not-a-number if there are no
        two steps with a gradient.
        """
        norms = self.norms[name]
        steps = np.arange(len(norms), dtype=np.float64)[:, None]
        there = (norms > 0) & np.isfinite(norms)
        count = there.sum(0)
        logs = np.log(np.where(there, norms, 1.0))
        centred_steps = np.where(there, steps - (steps * there).sum(0) / np.maximum(count, 1), 0)
        centred_logs = np.where(there, logs - logs.sum(0) / np.maximum(count, 1), 0)
        spread = (centred_steps**2).sum()
        if spread == 0:
            return float("nan")
        slope = float((centred_steps * centred_logs).sum() / spread)
        way_back = 1 if AGAINST_TIME in name.split(".") else -1
        return float(np.exp(way_back * slope))

    def clipping(self, clip_norm: float) -> float:
        """Return what clipping the gradient by its global norm multiplies it with, at every step alike.

        **Raises**

            OptionError: the longest gradient is not above 0.
        """
        if not clip_norm > 0:
            raise OptionError(f"clip_norm is {clip_norm:g}; choose the longest gradient, a number above 0")
        return min(1.0, clip_norm / self.parameter_norm) if self.parameter_norm > 0 else 1.0


def gradient_flow(
    network: Network,
    loss: Loss,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    *,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray | None = None,
) -> GradientFlow:
    r"""Return how large the gradient by the state is at every step of every sequence.

    **Equations**

        L = sum_t mask_t loss(y_t, target_t)
        dL/dh_t = (dL/dh_t)_{direct} + dL/dh_{t+1} dh_{t+1}/dh_t

    The direct part is all that reads h_t within step t: the output, and in a stack the layers above. In
    cells that keep a state for later (dilated layers) it is seen when the state is read again.

    **Shapes**

        inputs `[T, B, I]`, targets `[T, B, ...]`, mask `[T, B]`, lengths `[B]`

    Arguments:
        network: a cell, a stack, or a map of cells, such as a bidirectional network.
        others: as in `LearningRule.gradient`. Sequences do not meet, so each has norms of its own.

    **Raises**

        ShapeError: the arrays do not fit together.
        OptionError: nothing in the network remembers anything.

    **Cost**

        that of BPTT step by step, without kernels: time O(T P), memory O(T H)

    **Source**

        Hochreiter 1991, diploma thesis, TU München; Bengio, Simard & Frasconi 1994, IEEE Transactions on
        Neural Networks 5(2); Pascanu, Mikolov & Bengio 2013, arXiv 1211.5063, Eqs. 3-5.
    """
    check_steps(inputs, targets, mask)
    steps, batch_size = inputs.shape[:2]
    if lengths is not None:
        check_lengths(lengths, steps, batch_size)
    names = _array_names(network)
    if not names:
        raise OptionError(
            f"{type(network).__name__} remembers nothing, so no gradient flows through time; use a network "
            "with a recurrent layer"
        )
    norms, value, parameter_norm = _flow(network, loss, inputs, targets, mask, lengths, key)
    real = np.full(batch_size, steps) if lengths is None else np.asarray(lengths)
    return GradientFlow(
        dict(zip(names, map(np.asarray, norms), strict=True)), real, float(value), float(parameter_norm)
    )


def _cells(network: Network) -> list[tuple[str, Cell]]:
    """Return the outermost cells of a network, each with its place."""
    found = jax.tree_util.tree_flatten_with_path(network, is_leaf=lambda part: isinstance(part, Cell))[0]
    return [(path_name(path), part) for path, part in found if isinstance(part, Cell)]


def _array_names(network: Network) -> list[str]:
    return [
        f"{place}.{name}" if place else name
        for place, cell in _cells(network)
        for name in state_arrays(cell.initial_state())
    ]


@eqx.filter_jit
def _flow(
    network: Network,
    loss: Loss,
    inputs: Array,
    targets: Array,
    mask: Array,
    lengths: Array | None,
    key: PRNGKeyArray | None,
) -> tuple[list[Array], Array, Array]:
    steps, batch_size = inputs.shape[:2]
    some_key = jax.random.key(0) if key is None else key  # only the shapes of the states matter here
    nudges = [zero_nudges(initial_states(cell, batch_size, some_key), steps) for _, cell in _cells(network)]
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)

    def total(varied: tuple[Any, list[Nudges]]) -> Float[Array, ""]:
        remaining = iter(varied[1])

        def nudged(part: Any) -> Any:
            if not isinstance(part, Cell):
                return part
            own = next(remaining)
            return NudgedCell(part, own) if own else part

        whole = jax.tree.map(
            nudged, eqx.combine(varied[0], rest), is_leaf=lambda part: isinstance(part, Cell)
        )
        outputs = apply(whole, inputs, lengths=lengths, key=key)
        # As in BPTT: a step without weight must not count, whatever stands there.
        outputs = jnp.where(mask[..., None] > 0, outputs, jax.lax.stop_gradient(outputs))
        losses = jax.vmap(jax.vmap(loss))(outputs, targets)
        return jnp.sum(jnp.where(mask > 0, mask * losses, 0))

    value, (by_parameters, by_states) = jax.value_and_grad(total)((parameters, nudges))
    norms = [
        jnp.linalg.norm(slope.reshape(steps, batch_size, -1), axis=-1) for slope in jax.tree.leaves(by_states)
    ]
    return norms, value, optax.tree.norm(by_parameters)
