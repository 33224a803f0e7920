"""Rules that only go forward, step by step, with what they know of the past beside the state."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.scanning import valid_steps, zero_padding
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states, keep_finished
from throughtime.core.unroll import check_inputs
from throughtime.learning.rule import Gradient, LearningRule, Loss, Trace, check_is_cell, check_steps
from throughtime.learning.unrolled import loss_of_outputs

Moving: TypeAlias = Any
"""A state of which only the arrays of floating-point numbers are left, with `None` for the others: what can
be differentiated. Keys and counters are not."""


Move: TypeAlias = Callable[[Cell, State, Array], tuple[State, Array]]
"""A step of one example, on its input, as `StepwiseRule.move` takes it."""


class Steps(NamedTuple):
    """What some steps of a batch read, `[T, B, ...]`, or one of them, `[B, ...]`; `real` where no padding."""

    inputs: Array
    targets: Array
    mask: Array
    real: Array


class StepwiseRule(LearningRule):
    """A rule that goes through a chunk once, forward, and keeps nothing of the steps behind it.

    The loss of a step depends on the parameters in two ways: directly, through the step itself, and through
    the state before it. The direct part is exact. For the other one a rule carries a trace: what it knows of
    the derivative of the state by the parameters.
    """

    is_online: ClassVar[bool] = True

    @abc.abstractmethod
    def enter(self, network: Cell, trace: Trace) -> Trace:
        """Return the trace at the initial state, which may be learned; `trace` is that of a given state."""

    @abc.abstractmethod
    def recall(self, network: Cell, trace: Trace, slope: Moving) -> Network:
        """Return the part of the gradient that goes through the state, summed over the batch.

        Arguments:
            slope: the derivative of each example's loss by its state before the step, `[B, ...]`.
        """

    @abc.abstractmethod
    def follow(self, network: Cell, trace: Trace, state: State, x: Shaped[Array, "B *I"]) -> Trace:
        """Return the trace after a step of each example from `state` on input `x`."""

    def move(self, network: Cell, state: State, x: Shaped[Array, "*I"]) -> tuple[State, Float[Array, " O"]]:
        """Return what one step of one example is to the loss: value, and derivative by all but the past."""
        return network.step(state, network.project(x))

    def gradient(
        self,
        network: Network,
        loss: Loss,
        trace: Trace,
        state: State | None,
        inputs: Shaped[Array, "T B *I"],
        targets: Shaped[Array, "T B *O"],
        mask: Float[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Gradient:
        """Return loss and gradient of one chunk; see `LearningRule.gradient`.

        **Raises**

            NotACellError: the network must see whole sequences.
            ShapeError: targets, mask or lengths do not fit the inputs.
        """
        cell = check_is_cell(self.kind, network)
        check_inputs(cell, inputs, lengths)
        check_steps(inputs, targets, mask)
        steps, batch_size = inputs.shape[:2]
        if lengths is None:
            real = jnp.ones((steps, batch_size), bool)
        else:
            real = valid_steps(lengths, steps)
            inputs = zero_padding(inputs, real)
        if state is None:
            state = initial_states(cell, batch_size, key)
            trace = self.enter(cell, trace)
        return self.over_steps(cell, loss, trace, state, Steps(inputs, targets, mask, real))

    def over_steps(self, cell: Cell, loss: Loss, trace: Trace, state: State, steps: Steps) -> Gradient:
        """Return loss and gradient of the steps of a chunk, from a state and its trace."""
        parameters, rest = eqx.partition(cell, eqx.is_inexact_array)

        def advance(
            carry: tuple[Any, State, Trace], now: Steps
        ) -> tuple[tuple[Any, State, Trace], Float[Array, ""]]:
            summed, state, trace = carry
            moving, fixed = split(state)

            def total(parameters: Network, moving: Moving) -> tuple[Float[Array, ""], State]:
                whole = eqx.combine(parameters, rest)
                after, outputs = jax.vmap(lambda state, x: self.move(whole, state, x))(
                    join(moving, fixed), now.inputs
                )
                outputs = jnp.where(now.real[:, None], outputs, 0)
                parts = (outputs[None], now.targets[None], now.mask[None])
                return loss_of_outputs(loss, *parts), after

            (value, after), (direct, slope) = jax.value_and_grad(total, (0, 1), has_aux=True)(
                parameters, moving
            )
            recalled = self.recall(cell, trace, slope)
            summed = jax.tree.map(lambda *parts: sum(parts[1:], parts[0]), summed, direct, recalled)
            followed = keep_finished(now.real, self.follow(cell, trace, state, now.inputs), trace)
            return (summed, keep_finished(now.real, after, state), followed), value

        nothing = jax.tree.map(jnp.zeros_like, parameters)
        (summed, state, trace), values = jax.lax.scan(advance, (nothing, state, trace), steps)
        return Gradient(jnp.sum(values), summed, state, trace)


def split(state: State) -> tuple[Moving, Any]:
    """Return the arrays of a state that can be differentiated, and the others."""
    return eqx.partition(state, eqx.is_inexact_array)


def join(moving: Moving, fixed: Any) -> State:
    """Return the state of these parts."""
    return eqx.combine(moving, fixed)
