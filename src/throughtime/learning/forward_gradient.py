"""The gradient along a random direction, in forward mode."""

from typing import Any, ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import UsageError, check_sizes
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.learning.rule import Gradient, LearningRule, Loss, check_is_cell, check_steps
from throughtime.learning.unrolled import chunk_loss


class Directions(NamedTuple):
    """What goes through time.

    `of_weights`: a change of all weights, K of them side by side. `of_state`: how the state changes with each
    of them; `None` before the first chunk.
    """

    of_weights: Network
    of_state: State | None


class ForwardGradient(LearningRule):
    r"""Forward gradient: how the loss changes along a random direction, times that direction.

    A direction is drawn once for a stream. With it goes the change of the state that it makes, so that the
    chunks of a stream add up to the estimate over the whole.

    **Equations**

        v ~ N(0, 1) for each weight,   s_t = (dh_t/dh_{t-1}) s_{t-1} + (dh_t/dw)_{direct} v,
        g = (sum_t dL_t/dh_t s_t) v,   the mean over K directions

    Arguments:
        directions: K, at least 1.

    **Raises**

        OptionError: fewer directions than one.

    **Exactness**

        Unbiased with fixed weights: E[v v^T] = 1. The variance of an entry is (|gradient|^2 + that entry's
        square) / K, so it grows with the number of weights. If weights change on the way, the state's change
        is partly that of older ones, as in all rules that carry one.

    **Cost**

        time O(K T P), with one pass and nothing kept; memory O(K (P + H)), whatever T. The steps are those of
        the plain scan, not of a kernel.

    **Source**

        Baydin et al. 2022, arXiv 2202.08587, Definition 1; Silver et al. 2022, "Learning by directional
        gradient descent" (ICLR), where the direction goes through a recurrent network.
    """

    kind: ClassVar[str] = "forward_gradient"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "unbiased"
    is_online: ClassVar[bool] = True

    directions: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        check_sizes(directions=self.directions)

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> Directions:
        """Return directions drawn from `key`.

        **Raises**

            NotACellError: the network must see whole sequences.
            UsageError: there is no key.
        """
        check_is_cell(self.kind, network)
        if key is None:
            raise UsageError(
                f"the rule {self.kind!r} draws a random direction, and no key was given; pass "
                "key=jax.random.key(seed)"
            )
        leaves, structure = jax.tree.flatten(eqx.filter(network, eqx.is_inexact_array))
        drawn = [
            jax.random.normal(one, (self.directions, *leaf.shape), leaf.dtype)
            for one, leaf in zip(jax.random.split(key, len(leaves)), leaves, strict=True)
        ]
        return Directions(jax.tree.unflatten(structure, drawn), None)

    def gradient(
        self,
        network: Network,
        loss: Loss,
        trace: Directions,
        state: State | None,
        inputs: Shaped[Array, "T B *I"],
        targets: Shaped[Array, "T B *O"],
        mask: Float[Array, "T B"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> Gradient:
        """Return loss and gradient of one chunk; see `LearningRule.gradient`."""
        check_steps(inputs, targets, mask)
        check_is_cell(self.kind, network)
        assert isinstance(network, Cell)
        parameters, rest = eqx.partition(network, eqx.is_inexact_array)
        begins = state is None
        if begins:
            state = initial_states(network, inputs.shape[1], key)
        moving, fixed = eqx.partition(state, eqx.is_inexact_array)
        of_state = trace.of_state
        if of_state is None:
            of_state = jax.tree.map(
                lambda leaf: jnp.zeros((self.directions, *leaf.shape), leaf.dtype), moving
            )

        def chunk(parameters: Network, moving: State) -> tuple[tuple[Float[Array, ""], State], Any]:
            whole = eqx.combine(parameters, rest)
            # An initial state that is learned moves with the weights.
            before = initial_states(whole, inputs.shape[1], key) if begins else eqx.combine(moving, fixed)
            value, after = chunk_loss(whole, loss, before, inputs, targets, mask, lengths, None)
            moved, stayed = eqx.partition(after, eqx.is_inexact_array)
            return (value, moved), stayed

        def along(weights: Network, moves: State) -> tuple[Any, Any, Any]:
            return jax.jvp(chunk, (parameters, moving), (weights, moves), has_aux=True)

        (value, moved), (slopes, of_state), stayed = jax.vmap(along, out_axes=(None, 0, None))(
            trace.of_weights, of_state
        )
        gradient = jax.tree.map(
            lambda direction: jnp.tensordot(slopes, direction, 1) / self.directions, trace.of_weights
        )
        return Gradient(value, gradient, eqx.combine(moved, stayed), Directions(trace.of_weights, of_state))
