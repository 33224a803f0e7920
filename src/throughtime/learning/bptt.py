"""Backpropagation through time."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import State
from throughtime.core.errors import NotACellError
from throughtime.core.sequence_map import Network, SequenceMap
from throughtime.core.unroll import unroll
from throughtime.learning.rule import Gradient, LearningRule, Loss, check_steps


class BPTT(LearningRule):
    r"""Backpropagation through time: reverse-mode differentiation of the unrolled network.

    **Equations**

        L = sum_t mask_t loss(y_t, target_t),   dL/dw = sum_t (dh_t/dw)_{direct} dL/dh_t,
        dL/dh_t = (dL/dh_t)_{direct} + dL/dh_{t+1} dh_{t+1}/dh_t

    **Exactness**

        Exact when the chunk is the whole sequence. In shorter chunks it is truncated BPTT: the state is
        carried over, the gradient stops at the chunk's first step, so dependencies longer than a chunk are
        not learned.

    **Cost**

        time O(T P), a small constant times the forward pass; memory O(T H) for the steps of the chunk

    **Source**

        Werbos 1990, Proceedings of the IEEE 78(10), section III; truncation: Williams & Peng 1990, Neural
        Computation 2(4).
    """

    kind: ClassVar[str] = "bptt"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "exact"
    is_online: ClassVar[bool] = False

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

            NotACellError: a state was given for a sequence map, which has none to carry.
            ShapeError: targets or mask do not have the time steps and the batch of the inputs.
        """
        check_steps(inputs, targets, mask)
        if isinstance(network, SequenceMap) and state is not None:
            raise NotACellError(
                f"{type(network).__name__} must see the whole sequence, so it has no state to carry between "
                "chunks; pass whole sequences and state=None, or use a network of cells"
            )
        parameters, rest = eqx.partition(network, eqx.is_inexact_array)

        def total(parameters: Network) -> tuple[Float[Array, ""], State]:
            whole = eqx.combine(parameters, rest)
            if isinstance(whole, SequenceMap):
                after, outputs = None, whole(inputs, lengths=lengths, key=key)
            else:
                after, outputs = unroll(whole, inputs, state, lengths=lengths, key=key)
            # A step without weight must not count even if its loss, or the slope of its loss, is infinite or
            # not a number (a missing target): hence no plain product, and no way back through its output.
            outputs = jnp.where(mask[..., None] > 0, outputs, jax.lax.stop_gradient(outputs))
            losses = jax.vmap(jax.vmap(loss))(outputs, targets)
            return jnp.sum(jnp.where(mask > 0, mask * losses, 0)), after

        (value, after), gradient = jax.value_and_grad(total, has_aux=True)(parameters)
        return Gradient(value, gradient, after, trace)
