"""Truncated backpropagation through time that sees further back than it goes on."""

import functools
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import OptionError, check_sizes
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states, is_key, keep_finished
from throughtime.core.unroll import unroll
from throughtime.learning.chunks import no_gradient, sum_over_chunks
from throughtime.learning.rule import Gradient, LearningRule, Loss, check_is_cell, check_steps
from throughtime.learning.unrolled import Unrolled, chunk_loss


class History(NamedTuple):
    """What each sequence has read last.

    `inputs`: the last `reach - stride` ones, oldest first. `known`: how many of them there are yet. `state`:
    where they begin. `is_initial`: whether that is the initial state.
    """

    inputs: Shaped[Array, "R B *I"]
    known: Integer[Array, " B"]
    state: State
    is_initial: Bool[Array, " B"]


class TruncatedBPTT(LearningRule):
    r"""Truncated backpropagation through time: after each k1 steps, back through k2 of them.

    A chunk is read in blocks of k1 steps, the last of which may be shorter. The losses of a block flow back
    through the block and the k2 - k1 steps before it, also those of earlier chunks.

    **Equations**

        g = sum over blocks a ... b of  d/dw sum_{t=a}^{b} mask_t loss(y_t, target_t),
        h_{a-(k2-k1)-1} held fixed

    Arguments:
        stride: k1, the steps of a block, at least 1.
        reach: k2, through how many steps the losses of a whole block flow back, at least `stride`.

    **Raises**

        OptionError: a number below 1, or a reach below the stride.

    **Exactness**

        Biased: no dependency of k2 steps or more is learned, all those of up to k2 - k1 are. Equal to BPTT
        if k2 - k1 is as long as the sequence, and to BPTT in chunks if k1 and k2 are the size of the chunks.
        The steps before a block are computed again with the weights of now; the loss is that of the state
        which the stream has reached.

    **Cost**

        time O(T P k2 / k1), memory O(k2 H) and the last k2 - k1 inputs, whatever T

    **Differs from**

        The paper, which keeps the history of activations that older weights have left.

    **Source**

        Williams & Peng 1990, Neural Computation 2(4), BPTT(h; h') with h = k2 and h' = k1; the names k1, k2:
        Sutskever 2013, "Training recurrent neural networks" (thesis), section 2.8.6.
    """

    kind: ClassVar[str] = "truncated_bptt"
    exactness: ClassVar[Literal["exact", "unbiased", "biased"]] = "biased"
    is_online: ClassVar[bool] = True

    stride: int = eqx.field(static=True, default=10)
    reach: int = eqx.field(static=True, default=20)

    def __check_init__(self) -> None:
        check_sizes(stride=self.stride, reach=self.reach)
        if self.reach < self.stride:
            raise OptionError(
                f"reach is {self.reach} and stride {self.stride}, so that some losses would flow back "
                "through nothing; choose a reach of at least the stride"
            )

    def start(self, network: Network, batch_size: int, key: PRNGKeyArray | None = None) -> None:
        """Return nothing: the history begins with the first chunk."""
        check_is_cell(self.kind, network)

    def gradient(
        self,
        network: Network,
        loss: Loss,
        trace: History | None,
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
        steps, batch_size = inputs.shape[:2]
        reached = initial_states(network, batch_size, key) if state is None else state
        if trace is None:
            trace = History(
                jnp.zeros((self.reach - self.stride, *inputs.shape[1:]), inputs.dtype),
                jnp.zeros(batch_size, jnp.int32),
                reached,
                jnp.full(batch_size, state is None),
            )
        if steps == 0:
            return Gradient(jnp.zeros(()), no_gradient(network), reached, trace)
        if lengths is None:
            lengths = jnp.full(batch_size, steps)

        return sum_over_chunks(
            functools.partial(_of_block, network, loss),
            trace, reached, inputs, targets, mask, self.stride, lengths, None,
        )  # fmt: skip


def _of_block(
    network: Cell,
    loss: Loss,
    history: History,
    reached: State,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    mask: Float[Array, "T B"],
    lengths: Integer[Array, " B"],
    key: None,
) -> Gradient:
    """Return the gradient of a block's losses, back through the block and all that the history holds."""
    parameters, rest = eqx.partition(network, eqx.is_inexact_array)

    def total(parameters: Cell) -> Unrolled:
        whole = eqx.combine(parameters, rest)
        again, _ = unroll(whole, history.inputs, _beginning(whole, history, reached), lengths=history.known)
        state = jax.tree.map(_derivative_of, again, reached)
        return chunk_loss(whole, loss, state, inputs, targets, mask, lengths, None)

    (value, after), gradient = jax.value_and_grad(total, has_aux=True)(parameters)
    return Gradient(value, gradient, after, _one_block_on(network, history, reached, inputs, lengths))


def _beginning(network: Cell, history: History, reached: State) -> State:
    """Return where the history begins: what is initial as a function of the network, all else as a value."""
    begun = keep_finished(history.known == 0, reached, history.state)
    # The noise of a sequence is the one that it began with.
    initial = jax.tree.map(
        lambda leaf, old: old if is_key(old) else leaf,
        initial_states(network, history.known.size, jax.random.key(0)),
        begun,
    )
    return keep_finished(history.is_initial, initial, begun)


def _derivative_of(again: Array, reached: Array) -> Array:
    """Return the value of one array with the derivative of another one."""
    if not jnp.issubdtype(reached.dtype, jnp.inexact):
        return reached
    return again + jax.lax.stop_gradient(reached - again)


def _one_block_on(
    network: Cell,
    history: History,
    reached: State,
    inputs: Shaped[Array, "T B *I"],
    lengths: Integer[Array, " B"],
) -> History:
    """Return the history with the inputs of a block, without what is then too long ago."""
    kept, steps = history.inputs.shape[0], inputs.shape[0]
    joined = jnp.concatenate([history.inputs, inputs])
    dropped = jnp.maximum(history.known + lengths - kept, 0)

    def read(number: Integer[Array, "N B"]) -> Shaped[Array, "N B *I"]:
        """Return inputs by their number, counted from where the history begins."""
        place = jnp.where(number < history.known, number, number - history.known + kept)
        return joined[jnp.minimum(place, kept + steps - 1), jnp.arange(lengths.size)]

    oldest = read(jnp.arange(steps)[:, None] + jnp.zeros_like(dropped))
    state, _ = unroll(network, oldest, _beginning(network, history, reached), lengths=dropped)
    return History(
        read(jnp.arange(kept)[:, None] + dropped),
        jnp.minimum(history.known + lengths, kept).astype(jnp.int32),
        state,
        history.is_initial & (dropped == 0),
    )
