"""Least squares that are solved anew at every step, online: of a readout, and in the loop with it (FORCE)."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import OptionError, ShapeError, check_sizes
from throughtime.core.state import initial_states
from throughtime.learning.readout import parted
from throughtime.networks.linear import Linear
from throughtime.networks.output_feedback import FeedbackState, OutputFeedback
from throughtime.networks.stack import Stack


class Recursive(NamedTuple):
    """Weights and what is known about their errors.

    `weight`: `[O, F + 1]`, the bias in the last column. `covariance`: P `[F + 1, F + 1]`, the inverse of the
    sum of products of the features, and of the regularisation at the start.
    """

    weight: Float[Array, "O F1"]
    covariance: Float[Array, "F1 F1"]


class TaughtOnline(NamedTuple):
    """What came of a stream.

    `network`: with the readout as it is after the last step. `state`: of the network then, from which it goes
    on. `recursive`: to learn on from. `outputs`: what was answered at each step, before its target was known,
    `[T, O]`. `changes`: the length of the change of the weights at each step `[T]`, which falls as it learns.
    """

    network: Cell
    state: State
    recursive: Recursive
    outputs: Float[Array, "T O"]
    changes: Float[Array, " T"]


def recursive_update(
    recursive: Recursive,
    features: Float[Array, " F1"],
    target: Float[Array, " O"],
    forgetting: float | Float[Array, ""] = 1.0,
) -> Recursive:
    r"""Return the solution of least squares with one more row.

    **Equations**

        k = P r / (forgetting + r^T P r)                                              (1)
        W' = W + (target - W r) k^T,   P' = (P - k r^T P) / forgetting                (2)

    **Shapes**

        r `[F + 1]`, the features and 1; target `[O]`

    **Cost**

        3 F^2 multiply-adds

    **Exactness**

        after n rows: the minimum of sum_n forgetting^(N - n) |target_n - W r_n|^2 + forgetting^N
        regularisation |W - W_0|^2, up to rounding

    **Source**

        Plackett 1950, "Some theorems in least squares", Biometrika 37; Haykin 2002, "Adaptive filter theory",
        Table 9.1.
    """
    seen = recursive.covariance @ features
    k = seen / (forgetting + features @ seen)  # Eq. 1
    error = target - recursive.weight @ features
    covariance = (recursive.covariance - jnp.outer(k, seen)) / forgetting  # Eq. 2
    return Recursive(recursive.weight + jnp.outer(error, k), covariance)


def force(
    network: Cell,
    inputs: Shaped[Array, "T *I"],
    targets: Float[Array, "T O"],
    *,
    regularisation: float = 1.0,
    forgetting: float = 1.0,
    every: int = 1,
    state: State | None = None,
    recursive: Recursive | None = None,
) -> TaughtOnline:
    r"""Return a network whose readout has learned one stream online, in the loop if its output goes back.

    **Equations**

        z_t = W_{t-1} [h_t; 1],   h_t of the network below the readout
        W_t, P_t = recursive_update of W_{t-1}, P_{t-1} at every `every`-th step

    The readout of an `OutputFeedback` is taught while its own output drives the network. It is right from the
    first steps on, because the weights change so fast, so that what goes back is what will go back.

    **Shapes**

        inputs `[T, I]` (for `OutputFeedback` without other input `[T, 0]`), targets `[T, O]`: one stream

    Arguments:
        network: an `OutputFeedback` around a `Stack` with a `Linear` readout on top, or such a stack.
        regularisation: what the first weights are held fast by, above 0; the smaller, the faster they change.
        forgetting: what a row counts one step later, above 0 and at most 1.
        every: after how many steps the weights are changed again, at least 1.
        state: of a batch of one, where to go on; the initial state when left out.
        recursive: where to go on learning; the readout's own weights when left out.

    **Raises**

        OptionError: the network is no such one, or a setting is out of range.
        ShapeError: inputs and targets are no stream.

    **Cost**

        a step: that of the network and 3 F^2 multiply-adds; memory F^2

    **Exactness**

        of a stack: the solution of least squares, as `recursive_update` has it. In the loop, what the network
        reads depends on what it has learned, and nothing is the solution of anything.

    **Source**

        Sussillo & Abbott 2009, "Generating coherent patterns of activity from chaotic neural networks",
        Neuron 63, Eqs. 2-5 (FORCE).
    """
    in_loop = isinstance(network, OutputFeedback)
    stack: Any = network.cell if isinstance(network, OutputFeedback) else network
    if not isinstance(stack, Stack) or len(stack.cells) < 2:
        raise OptionError(
            f"force teaches the readout of a Stack, or of an OutputFeedback around one, and was given "
            f"{type(stack).__name__}; put the network below a Linear into a Stack"
        )
    body, readout, above = parted(stack)
    assert isinstance(body, Cell)
    if above:
        raise OptionError(
            f"force teaches the scores of a readout, and on top of it is {type(stack.cells[-1]).__name__}; "
            "leave that out"
        )
    check_sizes(every=every)
    if not regularisation > 0:
        raise OptionError(f"regularisation is {regularisation}; choose a number above 0")
    if not 0 < forgetting <= 1:
        raise OptionError(f"forgetting is {forgetting}; choose a number above 0 and at most 1")
    if targets.ndim != 2 or targets.shape != (inputs.shape[0], stack.output_size):
        raise ShapeError(
            f"targets have shape {list(targets.shape)}; expected {[inputs.shape[0], stack.output_size]} "
            "([time, output]): one target a step of one stream"
        )
    if state is None:
        state = initial_states(network, 1)
    if recursive is None:
        weight = jnp.concatenate([readout.weight, readout.bias[:, None]], axis=1)
        recursive = Recursive(weight, jnp.eye(weight.shape[1]) / regularisation)
    alone = jax.tree.map(lambda leaf: leaf[0], state)
    update_now = (jnp.arange(inputs.shape[0]) + 1) % every == 0
    streamed = _in_loop if in_loop else _open
    after, recursive, outputs, changes = streamed(
        network, body, alone, recursive, inputs, targets, update_now, jnp.asarray(forgetting)
    )
    solved = eqx.tree_at(
        lambda linear: (linear.weight, linear.bias),
        readout,
        (recursive.weight[:, :-1], recursive.weight[:, -1]),
    )
    taught = eqx.tree_at(_readout_of, network, solved)
    return TaughtOnline(taught, jax.tree.map(lambda leaf: leaf[None], after), recursive, outputs, changes)


def _readout_of(network: Any) -> Linear:
    stack = network.cell if isinstance(network, OutputFeedback) else network
    top: Linear = stack.cells[-1]
    return top


@jax.jit
def _in_loop(
    network: OutputFeedback,
    body: Cell,
    state: FeedbackState,
    recursive: Recursive,
    inputs: Array,
    targets: Array,
    update_now: Bool[Array, " T"],
    forgetting: Array,
) -> Any:
    feedback = network.feedback

    def step(carry: tuple[FeedbackState, Recursive], now: Any) -> Any:
        state, recursive = carry
        x, target, is_taught = now
        said = jnp.where(state.position > 0, feedback.choose(state.output), 0)
        element = jnp.concatenate([x, feedback.represent(said)])
        below, features = _below(body, state.inner, element)
        recursive, output, change = _taught(recursive, features, target, is_taught, forgetting)
        inner = state.inner._replace(layers=(*below, state.inner.layers[-1]))
        return (FeedbackState(inner, output, state.position + 1, state.key), recursive), (output, change)

    (state, recursive), (outputs, changes) = jax.lax.scan(
        step, (state, recursive), (inputs, targets, update_now)
    )
    return state, recursive, outputs, changes


@jax.jit
def _open(
    network: Stack,
    body: Cell,
    state: Any,
    recursive: Recursive,
    inputs: Array,
    targets: Array,
    update_now: Bool[Array, " T"],
    forgetting: Array,
) -> Any:
    def step(carry: tuple[Any, Recursive], now: Any) -> Any:
        state, recursive = carry
        x, target, is_taught = now
        below, features = _below(body, state, x)
        recursive, output, change = _taught(recursive, features, target, is_taught, forgetting)
        return (state._replace(layers=(*below, state.layers[-1])), recursive), (output, change)

    (state, recursive), (outputs, changes) = jax.lax.scan(
        step, (state, recursive), (inputs, targets, update_now)
    )
    return state, recursive, outputs, changes


def _below(body: Cell, state: Any, x: Array) -> tuple[tuple[State, ...], Float[Array, " F"]]:
    """Take a step of what is below the readout; return the states of its layers, and its output."""
    if isinstance(body, Stack):
        after, features = body.step(state._replace(layers=state.layers[:-1]), body.project(x))
        return after.layers, features
    after, features = body.step(state.layers[0], body.project(x))
    return (after,), features


def _taught(
    recursive: Recursive,
    features: Float[Array, " F"],
    target: Float[Array, " O"],
    is_taught: Bool[Array, ""],
    forgetting: Any,
) -> tuple[Recursive, Float[Array, " O"], Float[Array, ""]]:
    extended = jnp.concatenate([features, jnp.ones(1, features.dtype)])
    output = recursive.weight @ extended
    taught: Recursive = jax.lax.cond(
        is_taught,
        lambda: recursive_update(recursive, extended, target, forgetting),
        lambda: recursive,
    )
    return taught, output, jnp.linalg.norm(taught.weight - recursive.weight)
