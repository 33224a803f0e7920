"""Backpropagation through time."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import State
from throughtime.core.sequence_map import Network
from throughtime.learning.rule import Gradient, LearningRule, Loss, check_steps
from throughtime.learning.unrolled import (
    Unrolled,
    check_carries_state,
    chunk_loss,
    chunk_loss_in_segments,
)


class BPTT(LearningRule):
    r"""Backpropagation through time: reverse-mode differentiation of the unrolled network.

    **Equations**

        L = sum_t mask_t loss(y_t, target_t),   dL/dw = sum_t (dh_t/dw)_{direct} dL/dh_t,
        dL/dh_t = (dL/dh_t)_{direct} + dL/dh_{t+1} dh_{t+1}/dh_t

    Arguments:
        checkpointed: keep the state at every sqrt(T)-th step alone, and compute the steps between two of them
            again on the way back. For networks of cells; the result cannot be differentiated once more where
            a kernel runs.

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

        (value, after), gradient = jax.value_and_grad(total, has_aux=True)(parameters)
        return Gradient(value, gradient, after, trace)
