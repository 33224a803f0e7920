"""Learning from a stream, element by element: the state and what the rule carries go on for ever."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Integer, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import DataError, DivergedError, NotACellError, OptionError, ShapeError
from throughtime.core.randomness import key_for
from throughtime.core.state import initial_states, is_key
from throughtime.core.unroll import unroll
from throughtime.learning import RTRL, RULES, LearningRule
from throughtime.learning.one_step import an_input
from throughtime.learning.rule import Loss, Trace
from throughtime.training.online_folder import Position, read_learner, write_learner
from throughtime.training.optimizers import optimizer as named_optimizer

DEFAULT_OPTIMIZER = named_optimizer(
    "adamw",
    learning_rate=0.003,
    schedule="constant",
    warmup=0.0,
    weight_decay=0.0,
    weight_decay_l1=0.0,
    clip_norm=1.0,
    clip_value=0.0,
    total_steps=1,
)


class Learned(NamedTuple):
    """What came of some elements.

    `outputs`: what the network answered to each, `[T, O]`, before it learned from it. `losses`: mask times
    loss of each answer, `[T]`.
    """

    outputs: Float[np.ndarray, "T O"]
    losses: Float[np.ndarray, " T"]


class _Carried(NamedTuple):
    """All that goes on from element to element."""

    network: Cell
    optimizer_state: Any
    state: State
    trace: Trace


class OnlineLearner:
    """A network that learns from each element of a stream as it comes, and remembers what came.

    An element is read once. The rule gives the gradient of its loss, the weights change, and state and trace
    go on to the next element.

    **Equations**

        y_t, s_t = step(w_t, s_{t-1}, x_t)
        g_t, trace_t = rule(w_t, trace_{t-1}, s_{t-1}, x_t, target_t)
        w_{t+1} = w_t + optimiser(g_t)

    Arguments:
        network: any cell without noise, a stack with its readout for instance.
        loss: of one output `[O]` against one target.
        rule: an online rule; RTRL when left out.
        optimizer: of Optax; AdamW without decay, with a step size of 0.003 and gradients no longer than 1,
            when left out.
        target: an example of a target, for its shape and type: 0.0 for a number, 0 for the number of a class.
        seed: source of the rule's own randomness, 0 to 2**32 - 1.

    **Raises**

        OptionError: the rule is not online, or the network draws noise.
        NotACellError: the network must see the whole sequence.
        NotForThisRuleError: the rule cannot train this cell.

    **Cost**

        an element costs one step of the rule and one of the network; memory is the weights, the optimiser's
        state, one state and one trace, however long the stream is. Compiled for the first element, once for
        all others, and once for each power of two that `learn_many` and `predict_many` meet.

    **Exactness**

        That of the rule, where weights change slowly: what it carries is of the weights as they were.

    One object is not for several threads at once.
    """

    def __init__(
        self,
        network: Cell,
        loss: Loss,
        *,
        rule: LearningRule | None = None,
        optimizer: optax.GradientTransformation = DEFAULT_OPTIMIZER,
        target: Any = 0.0,
        seed: int = 0,
    ):
        rule = RTRL() if rule is None else rule
        if not rule.is_online:
            online = ", ".join(name for name, one in RULES.items() if one.is_online)
            raise OptionError(
                f"the rule {rule.kind!r} carries nothing from element to element, so it cannot learn from a "
                f"stream; choose one of {online}"
            )
        if not isinstance(network, Cell):
            raise NotACellError(
                f"a stream goes one element at a time, and {type(network).__name__} must see the whole "
                "sequence; give a network that reads forward"
            )
        if any(is_key(leaf) for leaf in jax.tree.leaves(network.initial_state())):
            raise OptionError(
                f"{type(network).__name__} draws noise (dropout), and on a stream each element is answered "
                "while the network learns; switch the noise off with throughtime.without_noise(network)"
            )
        self._loss, self._rule, self._optimizer, self._seed = loss, rule, optimizer, seed
        self._x = an_input(network)
        self._target = jnp.asarray(target)
        self._steps = 0
        self._begun = False
        # A copy with every leaf an array, so that what is compiled for it fits what is restored.
        network = jax.tree.map(jnp.asarray, network)
        optimizer_state = optimizer.init(eqx.filter(network, eqx.is_inexact_array))
        self._carried = self._at_start(network, optimizer_state)

    @property
    def network(self) -> Cell:
        """The network with the weights of now."""
        return self._carried.network

    @property
    def state(self) -> State:
        """What the network remembers: its state, every array with an axis of length 1 in front."""
        return self._carried.state

    @property
    def trace(self) -> Trace:
        """What the rule remembers besides."""
        return self._carried.trace

    @property
    def steps(self) -> int:
        """How many elements were read."""
        return self._steps

    def predict_one(self, x: Any) -> Float[np.ndarray, " O"]:
        """Return the answer to an element that comes next, and change nothing.

        **Raises**

            ShapeError: x does not fit the network.
            DataError: x holds NaN or infinity.
        """
        x = self._inputs(np.asarray(x)[None])
        return np.asarray(_answer(self._carried.network, self._carried.state, x[0]))

    def predict_many(self, xs: Any) -> Float[np.ndarray, "T O"]:
        """Return the answers to elements `[T, ...]` that come next, with the weights of now; change nothing.

        **Raises**

            as for `predict_one`
        """
        xs = self._inputs(xs)
        padded = _padded(xs, _room(len(xs)))
        return np.asarray(_answers(self._carried.network, self._carried.state, padded))[: len(xs)]

    def learn_one(self, x: Any, y: Any = None) -> Learned:
        """Read one element, and learn from its target.

        Arguments:
            x: the element.
            y: its target; without one, state and trace go on, and weights and optimiser stay as they are.

        **Raises**

            ShapeError: x or y does not fit.
            DataError: x or y holds NaN or infinity.
            DivergedError: something became infinite or not a number; the learner is as it was before.
        """
        if y is None:
            return self.learn_many(np.asarray(x)[None], np.asarray(self._target)[None], np.zeros(1))
        return self.learn_many(np.asarray(x)[None], np.asarray(y)[None])

    def learn_many(self, xs: Any, ys: Any, mask: Any = None) -> Learned:
        """Read elements in order, and learn from each before the next: as many calls of `learn_one`.

        Arguments:
            xs: elements `[T, ...]`.
            ys: their targets `[T, ...]`.
            mask: the weight of each in the loss, `[T]`, at least 0; 1 when left out. Where it is 0, weights
                and optimiser stay as they are.

        **Raises**

            as for `learn_one`
        """
        xs, ys = self._inputs(xs), self._targets(ys)
        count = len(xs)
        weights = np.ones(count, np.float32) if mask is None else np.asarray(mask, np.float32)
        if not len(ys) == len(weights) == count or weights.ndim != 1:
            raise ShapeError(
                f"there are {count} elements, targets of shape {ys.shape} and a mask of shape "
                f"{weights.shape}; give one target and one weight for each element"
            )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise DataError("the mask holds a weight below 0, or none at all; give finite weights from 0 up")
        carried, outputs, losses = self._carried, [], []
        if count and not self._begun:
            carried, output, loss = _first(
                carried, xs[0], ys[0], weights[0],
                loss=self._loss, rule=self._rule, optimizer=self._optimizer,
            )  # fmt: skip
            outputs, losses = [output[None]], [loss[None]]
        rest = count - len(outputs)
        room = _room(rest)
        parts = [_padded(part[count - rest :], room) for part in (xs, ys, weights)]
        if rest:
            carried, output, loss = _others(
                carried, *parts, np.int32(rest), loss=self._loss, rule=self._rule, optimizer=self._optimizer
            )
            outputs, losses = [*outputs, output[:rest]], [*losses, loss[:rest]]
        if not count:
            return Learned(np.zeros((0, self.network.output_size), np.float32), np.zeros(0, np.float32))
        learned = Learned(
            np.concatenate([np.asarray(part) for part in outputs]),
            np.concatenate([np.asarray(part) for part in losses]),
        )
        if not (np.isfinite(learned.losses).all() and _is_finite(carried)):
            raise DivergedError(
                f"after {self._steps} elements, the loss or what is carried on became infinite or not a "
                f"number within the next {count}; the learner is as it was before them. Choose a smaller "
                "learning rate, clip the gradient, or scale the stream"
            )
        self._carried, self._begun = carried, True
        self._steps += count
        return learned

    def reset(self) -> None:
        """Begin a new sequence: state and trace start again, weights and optimiser stay."""
        self._begun = False
        self._carried = self._at_start(self._carried.network, self._carried.optimizer_state)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write all that goes on to a folder, complete or not at all.

        **Raises**

            ModelFolderError: the folder exists and is not to be replaced, or holds something else.
            UsageError: the disk is full or cannot be written to.
        """
        write_learner(Path(folder), self._position(), self._carried, overwrite=overwrite)

    def restore(self, folder: str | Path) -> None:
        """Go on from what `save` wrote, as if there had been no stop.

        This learner has to have been made with the same network, rule and optimiser; its own weights are
        replaced.

        **Raises**

            ModelFolderError: the folder is missing, damaged or foreign, or of another network, rule or
                optimiser; this learner is as it was.
        """
        position, fill = read_learner(Path(folder), repr(self._rule))
        self._carried = fill(self._shapes(position.begun))
        self._seed, self._steps, self._begun = position.seed, position.steps, position.begun

    def _position(self) -> Position:
        return Position(repr(self._rule), self._seed, self._steps, self._begun)

    def arrays(self) -> Any:
        """Return all arrays that go on, as one tree."""
        return self._carried

    def _shapes(self, begun: bool) -> _Carried:
        """Return the shapes of what is carried: some rules carry something else after the first element."""
        start = self._at_start(self._carried.network, self._carried.optimizer_state)
        if not begun:
            return jax.eval_shape(lambda: start)
        first = partial(_first, loss=self._loss, rule=self._rule, optimizer=self._optimizer)
        return jax.eval_shape(first, start, self._x, self._target, jnp.zeros(()))[0]

    def _at_start(self, network: Cell, optimizer_state: Any) -> _Carried:
        trace = self._rule.start(network, 1, key_for(self._seed, "online rule", self._steps % 2**32))
        return _Carried(network, optimizer_state, initial_states(network, 1), trace)

    def _inputs(self, xs: Any) -> np.ndarray:
        return _checked("x", xs, self._x)

    def _targets(self, ys: Any) -> np.ndarray:
        return _checked("y", ys, self._target)


def _checked(name: str, given: Any, one: Array) -> np.ndarray:
    """Return elements `[T, ...]` of the type and shape of `one`."""
    array = np.asarray(given)
    if array.ndim == 0 or array.shape[1:] != one.shape:
        raise ShapeError(f"{name} has shape {array.shape[1:]}; an element of this stream has {one.shape}")
    if not np.can_cast(array.dtype, one.dtype, "same_kind"):
        whole = array.dtype.kind in "iub"
        if not whole:
            raise DataError(f"{name} is of type {array.dtype}; this stream has {one.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(f"{name} holds NaN or infinity; leave such elements out, or fill them")
    return array.astype(one.dtype)


def _room(count: int) -> int:
    """Return the power of two that `count` elements fit in, so that few lengths are compiled for."""
    return 1 << max(count - 1, 0).bit_length()


def _padded(part: np.ndarray, room: int) -> np.ndarray:
    return np.concatenate([part, np.zeros((room - len(part), *part.shape[1:]), part.dtype)])


@jax.jit
def _answer(network: Cell, state: State, x: Shaped[Array, "*I"]) -> Float[Array, " O"]:
    return _output(network, state, x)


def _output(network: Cell, state: State, x: Shaped[Array, "*I"]) -> Float[Array, " O"]:
    alone = jax.tree.map(lambda leaf: leaf[0], state)
    return network.step(alone, network.project(x))[1]


@jax.jit
def _answers(network: Cell, state: State, xs: Shaped[Array, "T *I"]) -> Float[Array, "T O"]:
    return unroll(network, xs[:, None], state)[1][:, 0]


@jax.jit
def _is_finite(carried: _Carried) -> Bool[Array, ""]:
    numbers = jax.tree.leaves(eqx.filter(carried, eqx.is_inexact_array))
    return jnp.stack([jnp.isfinite(part).all() for part in numbers]).all()


@partial(jax.jit, static_argnames=("loss", "rule", "optimizer"))
def _first(
    carried: _Carried,
    x: Shaped[Array, "*I"],
    y: Shaped[Array, "*Y"],
    weight: Float[Array, ""],
    *,
    loss: Loss,
    rule: LearningRule,
    optimizer: optax.GradientTransformation,
) -> tuple[_Carried, Float[Array, " O"], Float[Array, ""]]:
    """Read the first element of a sequence: the rule makes its initial state, which may be learned."""
    return _read(carried, None, x, y, weight, loss, rule, optimizer)


@partial(jax.jit, static_argnames=("loss", "rule", "optimizer"))
def _others(
    carried: _Carried,
    xs: Shaped[Array, "T *I"],
    ys: Shaped[Array, "T *Y"],
    mask: Float[Array, " T"],
    count: Integer[Array, ""],
    *,
    loss: Loss,
    rule: LearningRule,
    optimizer: optax.GradientTransformation,
) -> tuple[_Carried, Float[Array, "T O"], Float[Array, " T"]]:
    """Read the first `count` of some elements; what is behind them is padding."""
    shapes = jax.eval_shape(
        lambda: _read(carried, carried.state, xs[0], ys[0], mask[0], loss, rule, optimizer)
    )

    def read(number: Integer[Array, ""], so_far: tuple[_Carried, Array, Array]) -> tuple[Any, Array, Array]:
        carried, outputs, losses = so_far
        carried, output, value = _read(
            carried, carried.state, xs[number], ys[number], mask[number], loss, rule, optimizer
        )
        return carried, outputs.at[number].set(output), losses.at[number].set(value)

    # A loop whose length is not known to the compiler: one element runs through the same code as many.
    room = [jnp.zeros((len(xs), *one.shape), one.dtype) for one in shapes[1:]]
    return jax.lax.fori_loop(0, count, read, (carried, *room))


def _read(
    carried: _Carried,
    state: State | None,
    x: Shaped[Array, "*I"],
    y: Shaped[Array, "*Y"],
    weight: Float[Array, ""],
    loss: Loss,
    rule: LearningRule,
    optimizer: optax.GradientTransformation,
) -> tuple[_Carried, Float[Array, " O"], Float[Array, ""]]:
    """Answer one element and learn from it."""
    network, optimizer_state, before, trace = carried
    output = _output(network, before, x)
    found = rule.gradient(
        network, loss, trace, state, x[None, None], y[None, None], jnp.reshape(weight, (1, 1))
    )
    updates, after = optimizer.update(
        found.gradient, optimizer_state, eqx.filter(network, eqx.is_inexact_array)
    )
    # Without a target there is nothing to learn: momentum and decay would go on for nothing.
    changed, after = jax.tree.map(
        lambda new, old: jnp.where(weight > 0, new, old).astype(old.dtype),
        (eqx.apply_updates(network, updates), after),
        (network, optimizer_state),
    )
    return _Carried(changed, after, found.state, found.trace), output, found.loss
