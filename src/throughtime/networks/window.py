"""The standard network on a fixed window: what sequence learning without recurrence looks like."""

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray

from throughtime.core.cell import SelfUnrollingCell
from throughtime.core.errors import check_sizes, choose
from throughtime.core.initializers import uniform_by_columns
from throughtime.core.scanning import flip_in_time, valid_steps, zero_padding


class WindowState(NamedTuple):
    """`pending`: what past elements have contributed already to the next W - 1 outputs, `[W - 1, H]`."""

    pending: Float[Array, "*B W1 H"]


class FixedWindow(SelfUnrollingCell):
    r"""A feed-forward hidden layer over the last W elements: the baseline that cannot reach further back.

    **Equations**

        h_t = act(sum_{k=0}^{W-1} A_k x_{t-k} + b),   x_s = 0 for s < 1
        y_t = h_t

    **Shapes**

        x `[I]`; A `[W, H, I]`, b, h, y `[H]`

    Arguments:
        input_size, hidden_size: at least 1.
        window: W, how many elements it sees, at least 1.
        activation: `"tanh"`, or `"identity"` for a convolution in time and nothing else, such as the one that
            fuses the subsequences of a dilated stack.
        key: source of the weights.

    **Cost**

        a step: W H I multiply-adds, none of them dependent on the state; state (W - 1) H; parameters W H I +
            H

    **Exactness**

        dy_t / dx_{t-k} = 0 for k >= W: no learning rule can teach it a dependency longer than its window

    **Source**

        Sejnowski & Rosenberg 1987, "Parallel networks that learn to pronounce English text", Complex Systems
        1 (a window of seven letters).
    """

    kind: ClassVar[str] = "window"
    activations: ClassVar[dict[str, Callable[[Array], Array]]] = {"tanh": jnp.tanh, "identity": lambda a: a}

    weight: Float[Array, "W H I"]
    bias: Float[Array, " H"]
    activation: Literal["tanh", "identity"] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        window: int = 7,
        activation: Literal["tanh", "identity"] = "tanh",
        key: PRNGKeyArray,
    ):
        choose("activation", activation, self.activations)
        check_sizes(input_size=input_size, hidden_size=hidden_size, window=window)
        flat = uniform_by_columns(key, (hidden_size, window * input_size))
        self.weight = jnp.moveaxis(flat.reshape(hidden_size, window, input_size), 1, 0)
        self.bias = jnp.zeros(hidden_size)
        self.activation = activation
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> WindowState:
        """Return the state before any element: nothing pending."""
        return WindowState(jnp.zeros((self.weight.shape[0] - 1, self.output_size), self.bias.dtype))

    def project(self, x: Float[Array, " I"]) -> Float[Array, "W H"]:
        """Return what `x` contributes to this output and to the next W - 1: `A_k x_t` for all k."""
        return jax.vmap(lambda matrix: matrix @ x)(self.weight)

    def step(
        self, state: WindowState, projected: Float[Array, "W H"]
    ) -> tuple[WindowState, Float[Array, " H"]]:
        """Return the contributions still pending, moved one step on, and the hidden layer."""
        nothing = jnp.zeros((1, self.output_size), self.bias.dtype)
        arrived = projected + jnp.concatenate([state.pending, nothing])
        return WindowState(arrived[1:]), self.activations[self.activation](arrived[0] + self.bias)

    def unroll_whole(
        self,
        inputs: Float[Array, "T B I"],
        state: WindowState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[WindowState, Float[Array, "T B H"]]:
        """Add up what all elements contribute to all outputs, without a loop over time."""
        steps, batch_size = inputs.shape[:2]
        real = jnp.full(batch_size, steps) if lengths is None else lengths
        if reverse:
            inputs = flip_in_time(inputs, lengths)
        contributions = jax.vmap(jax.vmap(self.project))(inputs)
        window = self.weight.shape[0]
        arrived = jnp.zeros((steps + window - 1, batch_size, self.output_size), contributions.dtype)
        arrived = arrived.at[: window - 1].set(jnp.moveaxis(state.pending, 0, 1))
        for k in range(window):
            arrived = arrived.at[k : k + steps].add(contributions[:, :, k])
        outputs = self.activations[self.activation](arrived[:steps] + self.bias)
        # Padding is zeros and contributes nothing, so what is pending stands right after the last real step.
        waiting = real + jnp.arange(window - 1)[:, None]
        pending = jnp.take_along_axis(arrived, waiting[:, :, None], axis=0)
        if reverse:
            outputs = flip_in_time(outputs, lengths)
        if lengths is not None:
            outputs = zero_padding(outputs, valid_steps(lengths, steps))
        return WindowState(jnp.moveaxis(pending, 0, 1)), outputs
