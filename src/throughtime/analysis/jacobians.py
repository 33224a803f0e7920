"""By what a step stretches and shrinks a change to the state: the singular values of its Jacobian."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Integer, PRNGKeyArray, Shaped

from throughtime.analysis.state_arrays import Vector, check_has_steps, step_of_vectors
from throughtime.core.cell import Cell, Projected, State
from throughtime.core.scanning import valid_steps, zero_padding
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states, keep_finished
from throughtime.core.unroll import check_lengths


@dataclass(frozen=True)
class StepJacobians:
    """What the step does to small changes of the state, at every step of every sequence.

    `singular_values`: `[T, B, N]`, largest first, N numbers in a state; not-a-number at padding. `lengths`:
    real steps of each sequence, `[B]`.
    """

    singular_values: Float[np.ndarray, "T B N"]
    lengths: Integer[np.ndarray, " B"]

    def real(self) -> Float[np.ndarray, "steps N"]:
        """Return the singular values of the real steps of all sequences, one after another."""
        steps = np.arange(len(self.singular_values))[:, None] < self.lengths
        values: Float[np.ndarray, "steps N"] = self.singular_values[steps]
        return values


def step_jacobians(
    network: Network,
    inputs: Shaped[Array, "T B *I"],
    state: State | None = None,
    *,
    lengths: Integer[Array, " B"] | None = None,
    key: PRNGKeyArray | None = None,
) -> StepJacobians:
    r"""Return the singular values of the Jacobian of each step, at the states that the inputs lead through.

    **Equations**

        J_t = dh_t / dh_{t-1},   sigma_min(J_t) |d| <= |J_t' d| <= sigma_max(J_t) |d|

    for any gradient d that comes back to h_t. All at most 1: none explodes. All at least 1: none vanishes.

    **Shapes**

        inputs `[T, B, I]`, lengths `[B]`; h is the state of all layers, as one vector `[N]`

    Arguments:
        network: a cell, or a stack of cells.
        state: where to start; the initial state when left out.
        lengths: as in `unroll`.
        key: source of the noise, if the network draws some.

    **Raises**

        NotACellError: the network must see whole sequences.
        OptionError: it remembers nothing.
        ShapeError: lengths do not fit the inputs.

    **Cost**

        time O(T B (N P + N^3)), memory O(B N^2) and O(T B N) for the result

    **Source**

        Pascanu, Mikolov & Bengio 2013, arXiv 1211.5063, section 2.1 and Eq. 7; Saxe, McClelland & Ganguli
        2013, arXiv 1312.6120, for singular values of 1 (orthogonal weights).
    """
    cell = check_has_steps(network, "step Jacobian")
    steps, batch_size = inputs.shape[:2]
    if lengths is not None:
        check_lengths(lengths, steps, batch_size)
    real = jnp.full(batch_size, steps, jnp.int32) if lengths is None else lengths
    start = initial_states(cell, batch_size, key) if state is None else state
    values = np.asarray(_singular_values(cell, inputs, start, real))
    return StepJacobians(values, np.asarray(real))


@eqx.filter_jit
def _singular_values(cell: Cell, inputs: Array, state: State, lengths: Array) -> Float[Array, "T B N"]:
    def look(step: Callable[[Vector], Vector], vector: Vector, nothing: None) -> tuple[None, Vector]:
        return None, jnp.linalg.svd(jax.jacfwd(step)(vector), compute_uv=False)

    _, values = along_the_way(cell, inputs, state, lengths, look, None)
    return jnp.where(valid_steps(lengths, inputs.shape[0])[..., None], values, jnp.nan)


Look = Callable[[Callable[[Vector], Vector], Vector, Any], tuple[Any, Any]]
"""What is done at a step of one example: of the step as a function, the state and what is carried, the new
carried and what is kept of this step."""


def along_the_way(
    cell: Cell,
    inputs: Shaped[Array, "T B *I"],
    state: State,
    lengths: Integer[Array, " B"],
    look: Look,
    carried: Any,
) -> tuple[Any, Any]:
    """Run a cell and look at each of its steps as a function of the state alone.

    Arguments:
        carried: what `look` hands from step to step, with the batch in front; padding leaves it as it is.

    Returns what was carried to the end, and what was kept of every step, with time and batch in front.
    """
    real = valid_steps(lengths, inputs.shape[0])
    projected = jax.vmap(jax.vmap(cell.project))(zero_padding(inputs, real))

    def one(state: State, carried: Any, projected: Projected) -> tuple[State, Any, Any]:
        step, vector = step_of_vectors(cell, state, projected)
        carried, kept = look(step, vector, carried)
        return cell.step(state, projected)[0], carried, kept

    def advance(before: tuple[State, Any], element: tuple[Projected, Bool[Array, " B"]]) -> tuple[Any, Any]:
        projected_t, is_real = element
        after, carried, kept = jax.vmap(one)(*before, projected_t)
        return keep_finished(is_real, (after, carried), before), kept

    (_, carried), kept = jax.lax.scan(advance, (state, carried), (projected, real))
    return carried, kept
