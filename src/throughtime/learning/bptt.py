"""Backpropagation through time."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotACellError, OptionError
from throughtime.core.sequence_map import Network, SequenceMap
from throughtime.core.state import initial_states
from throughtime.learning.penalties import (
    activation,
    gradient_norm_penalty,
    instability,
    unroll_watching,
)
from throughtime.learning.rule import Gradient, LearningRule, Loss, check_steps
from throughtime.learning.unrolled import (
    Unrolled,
    check_carries_state,
    chunk_loss,
    chunk_loss_in_segments,
    loss_of_outputs,
)

PENALTIES = ("activation_penalty", "instability_penalty", "gradient_norm_penalty")
"""The options of BPTT that add to the gradient what is no part of the loss."""


class BPTT(LearningRule):
    r"""Backpropagation through time: reverse-mode differentiation of the unrolled network.

    **Equations**

        L = sum_t mask_t loss(y_t, target_t),   dL/dw = sum_t (dh_t/dw)_{direct} dL/dh_t,
        dL/dh_t = (dL/dh_t)_{direct} + dL/dh_{t+1} dh_{t+1}/dh_t

    Arguments:
        checkpointed: keep the state at every sqrt(T)-th step alone, and compute the steps between two of them
            again on the way back. For networks of cells; the result cannot be differentiated once more where
            a kernel runs.
        activation_penalty: weight of the squares of the hidden units, at least 0. The penalties are means
            over the batch and sums over the steps; they are in the gradient, and not in the loss that is
            returned.
        instability_penalty: weight of the changes of the hidden layers' norms, at least 0.
        gradient_norm_penalty: weight of the regulariser that keeps the norm of errors on their way back in
            time, at least 0; see `learning.penalties`.

    **Raises**

        OptionError: a negative penalty, or penalties together with checkpoints.

    **Exactness**

        Exact when the chunk is the whole sequence. In shorter chunks it is truncated BPTT: the state is
        carried over, the gradient stops at the chunk's first step, so dependencies longer than a chunk are
        not learned.

    **Cost**

        time O(T P), a small constant times the forward pass; memory O(T H) for the steps of the chunk.
        Checkpointed: one more forward pass; memory O(sqrt(T) H)

    **Source**

        Werbos 1990, Proceedings of the IEEE 78(10), section III; truncation: Williams & Peng 1990, Neural
        Computation 2(4); checkpoints: Griewank 1992, Optimization Methods and Software 1(1); over time:
        Gruslys et al. 2016, arXiv 1606.03401.
    """

    kind: ClassVar[str] = "bptt"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "exact"
    is_online: ClassVar[bool] = False

    checkpointed: bool = eqx.field(static=True, default=False)
    activation_penalty: float = eqx.field(static=True, default=0.0)
    instability_penalty: float = eqx.field(static=True, default=0.0)
    gradient_norm_penalty: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        for name in PENALTIES:
            if not getattr(self, name) >= 0:
                raise OptionError(f"{name} is {getattr(self, name)}; choose 0 or more")
        if self.checkpointed and self._penalised:
            raise OptionError(
                "penalties need the hidden layers of all steps at once, which checkpointed BPTT does not "
                "keep; leave the penalties out, or checkpointed"
            )

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> tuple[()]:
        """Return nothing: the trace of BPTT is empty."""
        return ()

    def gradient(
        self,
        network: Network,
        loss: Loss,
        trace: tuple[()],
        state: State | None,
        inputs: Shaped[Array, "T B *I"],
        targets: Shaped[Array, "T B *O"],
        mask: Float[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Gradient:
        """Return loss and gradient of one chunk; see `LearningRule.gradient`.

        A sequence map can be trained too, on whole sequences; its state stays `None`.

        **Raises**

            NotACellError: a state was given for a sequence map, which has none to carry, or a sequence map
                was to be cut into segments.
            ShapeError: targets or mask do not have the time steps and the batch of the inputs.
        """
        check_steps(inputs, targets, mask)
        check_carries_state(network, state)
        parameters, rest = eqx.partition(network, eqx.is_inexact_array)
        unrolled = chunk_loss_in_segments if self.checkpointed else chunk_loss

        def total(parameters: Network) -> Unrolled:
            whole = eqx.combine(parameters, rest)
            return unrolled(whole, loss, state, inputs, targets, mask, lengths, key)

        if self._penalised:
            return self._penalised_gradient(network, loss, state, inputs, targets, mask, lengths, key)
        (value, after), gradient = jax.value_and_grad(total, has_aux=True)(parameters)
        return Gradient(value, gradient, after, trace)

    @property
    def _penalised(self) -> bool:
        return self.activation_penalty > 0 or self.instability_penalty > 0 or self.gradient_norm_penalty > 0

    def _penalised_gradient(
        self,
        network: Network,
        loss: Loss,
        state: State | None,
        inputs: Shaped[Array, "T B *I"],
        targets: Shaped[Array, "T B *O"],
        mask: Float[Array, "T B"],
        lengths: Integer[Array, " B"] | None,
        key: PRNGKeyArray | None,
    ) -> Gradient:
        if isinstance(network, SequenceMap):
            raise NotACellError(
                f"{type(network).__name__} must see the whole sequence, and penalties follow a state from "
                "step to step; leave them out, or use a network that reads in one direction"
            )
        batch_size = inputs.shape[1]
        parameters, rest = eqx.partition(network, eqx.is_inexact_array)

        def begin(whole: Cell) -> State:
            return initial_states(whole, batch_size, key) if state is None else state

        def total(parameters: Cell) -> tuple[Float[Array, ""], Unrolled]:
            whole = eqx.combine(parameters, rest)
            watched = unroll_watching(whole, inputs, begin(whole), lengths)
            value = loss_of_outputs(loss, watched.outputs, targets, mask)
            penalty = jnp.zeros(())
            if self.activation_penalty > 0:
                penalty += self.activation_penalty * activation(watched, lengths)
            if self.instability_penalty > 0:
                penalty += self.instability_penalty * instability(watched, lengths)
            return value + penalty, (value, watched.state)

        (_, (value, after)), gradient = jax.value_and_grad(total, has_aux=True)(parameters)
        if self.gradient_norm_penalty > 0:
            parts = begin(network), inputs, targets, mask, lengths
            _, slope = gradient_norm_penalty(network, loss, *parts)
            gradient = jax.tree.map(lambda g, s: g + self.gradient_norm_penalty * s, gradient, slope)
        return Gradient(value, gradient, after, ())
