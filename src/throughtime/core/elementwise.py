"""Cells whose units remember each for itself: what they promise, and how the linear ones run in parallel."""

import abc
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.linear_recurrence import linear_recurrence, one_like, product, total
from throughtime.core.scanning import project_and_scan, valid_steps, zero_padding

Execution: TypeAlias = Callable[[State, State, State, bool], State]
"""What computes a linear recurrence: `linear_recurrence`, or one of the two that it chooses from."""


class ElementwiseCell(Cell):
    r"""A cell each of whose units sees, of the past, its own state and nothing else.

    **Equations**

        s_t[k] = f_k(s_{t-1}[k], x_t; theta[k])
        y_t = g(s_t, x_t; phi)

    **Shapes**

        every array of the state `[H]`; s[k] is entry k of all of them

    What a cell promises by deriving from this class, and a law over all cells holds:

    - ds_t[k] / ds_{t-1}[l] = 0 for k != l. The Jacobian of a step is one number a unit, or one n x n block a
      unit for a state of n arrays.
    - A weight that a state depends on within a step has units along its first axis, H of them, or several
      times H one kind after another (gates): row r is a weight theta[r mod H] of unit r mod H alone,
      ds_t[k] / dtheta[r] = 0 for k != r mod H. Any other weight is one of the output, and no state of the
      same step depends on it.

    So the sensitivity of all states to all weights takes no more memory than n copies of the weights, and
    real-time recurrent learning is exact at the cost of the forward pass. The output may mix units as it
    likes.

    **Source**

        Mozer 1989, "A focused backpropagation algorithm for temporal pattern recognition", Complex Systems 3
        (self-recurrent units); Irie, Gopalakrishnan & Schmidhuber 2023, arXiv 2305.19044, section 3.
    """


class LinearCell(ElementwiseCell, SelfUnrollingCell):
    r"""An element-wise cell whose state is linear in the state before.

    **Equations**

        s_t = a_t * s_{t-1} + b_t,   (a_t, b_t) = coefficients(project(x_t))
        y_t = read_out(s_t, project(x_t))

    **Shapes**

        a, b as the state, every array `[H]`

    These two methods are all there is. Taking a step, resuming from a state, running over a whole sequence
    in either direction with padding: each is derived from them. A state that is a `ComplexState` is
    multiplied as complex numbers.

    **Cost**

        over a sequence, on a CPU: T short steps; elsewhere O(log T) rounds with `jax.lax.associative_scan`.
        Memory O(T H), for the coefficients too.
    """

    @abc.abstractmethod
    def coefficients(self, projected: Projected) -> tuple[State, State]:
        """Return a_t and b_t, both with the structure of the state."""

    @abc.abstractmethod
    def read_out(self, state: State, projected: Projected) -> Float[Array, " O"]:
        """Return the output at a step, given the state after it."""

    def step(self, state: State, projected: Projected) -> tuple[State, Float[Array, " O"]]:
        """Return the next state and the output."""
        a, b = self.coefficients(projected)
        after = total(product(a, state), b)
        return after, self.read_out(after, projected)

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: State,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[State, Float[Array, "T B O"]]:
        """Compute the coefficients of all steps, then the states, then the outputs."""
        return run_linear(self, state, inputs, lengths, reverse)


def run_linear(
    cell: LinearCell,
    state: State,
    inputs: Shaped[Array, "T B *I"],
    lengths: Integer[Array, " B"] | None,
    reverse: bool,
    execution: Execution = linear_recurrence,
) -> tuple[State, Float[Array, "T B O"]]:
    """Run a linear cell over whole sequences by the execution given; padding is zeros."""
    steps = inputs.shape[0]
    if steps == 0:
        return project_and_scan(cell, state, inputs, lengths, reverse)
    projected = jax.vmap(jax.vmap(cell.project))(inputs)
    a, b = jax.vmap(jax.vmap(cell.coefficients))(projected)
    if lengths is not None:
        valid = valid_steps(lengths, steps)
        a = jax.tree.map(lambda leaf, one: jnp.where(valid[:, :, None], leaf, one), a, one_like(a))
        b = jax.tree.map(lambda leaf: zero_padding(leaf, valid), b)
    states = execution(a, b, state, reverse)
    outputs = jax.vmap(jax.vmap(cell.read_out))(states, projected)
    if lengths is not None:
        outputs = zero_padding(outputs, valid)
    return jax.tree.map(lambda leaf: leaf[0 if reverse else -1], states), outputs
