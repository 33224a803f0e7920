"""Learning from a stream, element by element: the state and what the rule carries go on for ever."""

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from throughtime.core.cell import Cell, State
from throughtime.core.errors import (
    DataError,
    DivergedError,
    ModelFolderError,
    NotACellError,
    OptionError,
    ShapeError,
)
from throughtime.core.randomness import key_for
from throughtime.core.state import initial_states, is_key
from throughtime.learning import RTRL, RULES, LearningRule
from throughtime.learning.one_step import an_input
from throughtime.learning.rule import Loss, Trace
from throughtime.training.online_folder import Position, SavedLearner, read_learner, write_learner
from throughtime.training.online_steps import Carried, answer_many, answer_one, read_first, read_others
from throughtime.training.optimizers import lengths_of_moves
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

BLOCK = 64
"""Elements that go through a compiled loop at once, and the only number of them that is compiled for."""


class Learned(NamedTuple):
    """What came of some elements.

    `outputs`: what the network answered to each, `[T, O]`, before it learned from it. `losses`: mask times
    loss of each answer, `[T]`.
    """

    outputs: Float[np.ndarray, "T O"]
    losses: Float[np.ndarray, " T"]


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
        state, one state and one trace, however long the stream is. Compiled once for the first element and
        once for all others.

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
        return np.asarray(answer_one(self._carried.network, self._carried.state, x[0]))

    def predict_many(self, xs: Any) -> Float[np.ndarray, "T O"]:
        """Return the answers to elements `[T, ...]` that come next, with the weights of now; change nothing.

        **Raises**

            as for `predict_one`
        """
        xs = self._inputs(xs)
        state, found = self._carried.state, [np.zeros((0, self.network.output_size), np.float32)]
        for block in _blocks(xs):
            state, outputs = answer_many(self._carried.network, state, _padded(block))
            found.append(np.asarray(outputs)[: len(block)])
        return np.concatenate(found)

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
        if not count:
            return Learned(np.zeros((0, self.network.output_size), np.float32), np.zeros(0, np.float32))
        compiled_for: dict[str, Any] = {"loss": self._loss, "rule": self._rule, "optimizer": self._optimizer}
        carried, found = self._carried, []
        if not self._begun:
            read = read_first(carried, xs[0], ys[0], weights[0], **compiled_for)
            carried = read.carried
            found.append((read, 1))
        rest = (part[len(found) :] for part in (xs, ys, weights))
        for block in zip(*map(_blocks, rest), strict=True):
            size = len(block[0])
            read = read_others(carried, *map(_padded, block), np.int32(size), **compiled_for)
            carried = read.carried
            found.append((read, size))
        if not all(read.is_finite for read, _ in found):
            raise DivergedError(
                f"after {self._steps} elements, the loss or what is carried on became infinite or not a "
                f"number within the next {count}; the learner is as it was before them. Choose a smaller "
                "learning rate, clip the gradient, or scale the stream"
            )
        self._carried, self._begun = carried, True
        self._steps += count
        return Learned(
            np.concatenate([np.asarray(read.outputs)[:size] for read, size in found]),
            np.concatenate([np.asarray(read.losses)[:size] for read, size in found]),
        )

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
        write_learner(Path(folder), self.position(), self._carried, overwrite=overwrite)

    def restore(self, folder: str | Path) -> None:
        """Go on from what `save` wrote, as if there had been no stop.

        This learner has to have been made with the same network, rule and optimiser; its own weights are
        replaced. Optimisers are told apart by what their first steps make of a gradient.

        **Raises**

            ModelFolderError: the folder is missing, damaged or foreign, or of another network, rule or
                optimiser; this learner is as it was.
        """
        self.take(read_learner(Path(folder)))

    def position(self) -> Position:
        """Return where the stream stands, and by what rule and optimiser it is learned."""
        return Position(repr(self._rule), self._moves, self._seed, self._steps, self._begun)

    @cached_property
    def _moves(self) -> tuple[float, ...]:
        """By what optimisers are told apart."""
        return lengths_of_moves(self._optimizer, self.network)

    def arrays(self) -> Any:
        """Return all arrays that go on, as one tree."""
        return self._carried

    def take(self, saved: SavedLearner) -> None:
        """Go on from a learner that was read; see `restore`."""
        position = saved.position
        if position.rule != repr(self._rule):
            raise ModelFolderError(
                f"{saved.source}: was saved by a learner of the rule {position.rule}, and this one has "
                f"{self._rule!r}; make it with the same rule"
            )
        carried = saved.fill(self._shapes(position.begun))
        if not np.allclose(position.moves, self._moves, rtol=1e-3, atol=0):
            raise ModelFolderError(
                f"{saved.source}: was saved by a learner whose optimiser moves weights by other lengths "
                f"({_in_words(position.moves)}) than this one's ({_in_words(self._moves)}), for the same "
                "gradients; make it with the same optimiser, with the same settings"
            )
        self._carried = carried
        self._seed, self._steps, self._begun = position.seed, position.steps, position.begun

    def _shapes(self, begun: bool) -> Carried:
        """Return the shapes of what is carried: some rules carry something else after the first element."""
        start = self._at_start(self._carried.network, self._carried.optimizer_state)
        if not begun:
            return jax.eval_shape(lambda: start)
        first = partial(read_first, loss=self._loss, rule=self._rule, optimizer=self._optimizer)
        return jax.eval_shape(first, start, self._x, self._target, jnp.zeros(())).carried

    def _at_start(self, network: Cell, optimizer_state: Any) -> Carried:
        trace = self._rule.start(network, 1, key_for(self._seed, "online rule", self._steps % 2**32))
        return Carried(network, optimizer_state, initial_states(network, 1), trace)

    def _inputs(self, xs: Any) -> np.ndarray:
        return _checked("x", xs, self._x)

    def _targets(self, ys: Any) -> np.ndarray:
        return _checked("y", ys, self._target)


def _in_words(moves: tuple[float, ...]) -> str:
    return ", ".join(f"{move:.3g}" for move in moves)


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


def _blocks(part: np.ndarray) -> Iterator[np.ndarray]:
    """Yield elements in blocks, all of them full but the last."""
    for start in range(0, len(part), BLOCK):
        yield part[start : start + BLOCK]


def _padded(part: np.ndarray) -> np.ndarray:
    """Return a block at its full length, the one that is compiled for."""
    full = np.zeros((BLOCK, *part.shape[1:]), part.dtype)
    full[: len(part)] = part
    return full
