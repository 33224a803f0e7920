"""Networks that go one element at a time, for one stream or many sessions, with constant memory."""

from collections.abc import Sequence
from typing import Any, cast

import jax
import numpy as np
from jaxtyping import Array, Float, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.errors import NotACellError, ShapeError, UsageError, check_sizes
from throughtime.core.fused import OFF, instruction_set
from throughtime.core.noise import without_noise
from throughtime.core.state import initial_states
from throughtime.kernels.library import DTYPES
from throughtime.kernels.stepping import NativeStepper
from throughtime.networks.embedding import Embedding
from throughtime.networks.native_layers import native_layers
from throughtime.networks.token_embedding import TokenEmbedding
from throughtime.networks.wrapper import lowest


class Stream:
    """A network that takes one element after another and remembers what came.

    Where every part of the network has a native step, no step passes through JAX; `is_native` tells. Other
    cells are stepped by a compiled JAX function, with the same numbers.

    **Shapes**

        with one session x `[I]`, or the number of a symbol, to y `[O]`; with several `[n, I]`, or symbols
        `[n]`, to `[n, O]`, for all of them or for the n that `step` names

    Arguments:
        cell: any cell, a stack with its readout for instance; dropout in it is switched off.
        sessions: how many streams go side by side, each with a state of its own, at least 1.

    **Raises**

        NotACellError: the network must see the whole sequence.

    **Cost**

        a step costs what the cell's `step` does; memory is the weights and one state a session, however long
        the streams are

    One object is not for several threads at once. Several objects are: native steps let other threads run.
    """

    def __init__(self, cell: Cell, *, sessions: int = 1):
        if not isinstance(cell, Cell):
            raise NotACellError(
                f"a stream goes one element at a time, and {type(cell).__name__} must see the whole "
                "sequence; train a network that reads forward"
            )
        check_sizes(sessions=sessions)
        cell = cast(Cell, without_noise(cell))
        initial = jax.tree.map(np.asarray, initial_states(cell, sessions))
        self._initial: list[np.ndarray]
        self._structure: Any
        self._initial, self._structure = jax.tree.flatten(initial)
        self._states = [leaf.copy() for leaf in self._initial]
        self._sessions = sessions
        reader = lowest(cell)
        self._vocabulary_size = reader.input_size if isinstance(reader, Embedding) else 0
        dtypes = [leaf.dtype for leaf in (*jax.tree.leaves(cell), *self._initial)]
        dtype = np.result_type(*dtypes) if dtypes else np.dtype(np.float32)
        if self._vocabulary_size:
            self._sources = np.zeros(sessions, np.int32)
        else:
            is_symbols = isinstance(reader, TokenEmbedding)
            self._sources = np.zeros((sessions, cell.input_size), np.int32 if is_symbols else dtype)
        self._targets = np.zeros((sessions, cell.output_size), dtype)
        # What all sessions read and give: without their axis, if there is only one.
        one = sessions == 1
        self._source, self._target = (a[0, ...] if one else a for a in (self._sources, self._targets))
        self._stepper = self._native_stepper(cell) or _JaxStepper(
            cell, self._structure, self._states, self._sources, self._targets
        )

    @property
    def is_native(self) -> bool:
        """Whether steps are made by native code."""
        return isinstance(self._stepper, NativeStepper)

    @property
    def state(self) -> State:
        """What the sessions remember: a copy of the cell's state, every array with the sessions in front."""
        return jax.tree.unflatten(self._structure, [leaf.copy() for leaf in self._states])

    @state.setter
    def state(self, state: State) -> None:
        leaves = jax.tree.leaves(state)
        shapes, own = [np.shape(leaf) for leaf in leaves], [leaf.shape for leaf in self._states]
        if jax.tree.structure(state) != self._structure or shapes != own:
            raise ShapeError(
                f"the state has arrays of shapes {shapes}, and this stream of {self._sessions} sessions has "
                f"{own}; pass what `state` or `unroll` gave for as many sessions"
            )
        for to, leaf in zip(self._states, leaves, strict=True):
            to[...] = leaf

    def reset(self, sessions: Sequence[int] | None = None) -> None:
        """Put the sessions named, or all, back to the initial state."""
        rows = slice(None) if sessions is None else self._rows(sessions)
        for to, leaf in zip(self._states, self._initial, strict=True):
            to[rows] = leaf[rows]

    def step(
        self,
        x: Shaped[Array | np.ndarray, "..."] | Sequence[Any] | int | np.integer,
        sessions: Sequence[int] | None = None,
    ) -> Float[np.ndarray, "*n O"]:
        """Give each session its next element and return the outputs.

        Arguments:
            x: an element `[I]`, or of symbols a number, if there is one session; else `[n, I]` or `[n]`.
            sessions: the n sessions that x is for, each once, from 0; all of them when left out.

        **Raises**

            ShapeError: x does not fit the network or the sessions.
            UsageError: a session or a symbol that does not exist, or a session named twice.
        """
        if sessions is not None:
            return self._step_some(x, self._rows(sessions))
        given = x.shape if isinstance(x, np.ndarray) else np.shape(x)
        if given != self._source.shape:
            raise ShapeError(f"x has shape {given}; expected {self._source.shape}, {self._meaning()}")
        self._source[...] = x
        if self._vocabulary_size:
            self._check_symbols(self._sessions)
        self._stepper.step_all()
        return self._target.copy()

    def _step_some(self, x: Any, rows: np.ndarray) -> np.ndarray:
        given, expected = np.shape(x), (len(rows), *self._sources.shape[1:])
        if given != expected:
            raise ShapeError(f"x has shape {given}; expected {expected}, {self._meaning()}")
        self._sources[: len(rows)] = x
        if self._vocabulary_size:
            self._check_symbols(len(rows))
        self._stepper.step(rows)
        return self._targets[: len(rows)].copy()

    def _rows(self, sessions: Sequence[int]) -> np.ndarray:
        rows = np.ascontiguousarray(sessions, np.int32).reshape(-1)
        wrong = rows[(rows < 0) | (rows >= self._sessions)]
        if wrong.size:
            raise UsageError(
                f"there is no session {wrong[0]}: this stream has {self._sessions}; name numbers from 0 to "
                f"{self._sessions - 1}, or make it with more"
            )
        if len(np.unique(rows)) < len(rows):
            raise UsageError(f"sessions {rows.tolist()} name one twice; give each session one element a step")
        return rows

    def _check_symbols(self, count: int) -> None:
        symbols, size = self._sources[:count], self._vocabulary_size
        if symbols.min() < 0 or symbols.max() >= size:
            wrong = symbols[(symbols < 0) | (symbols >= size)][0]
            raise UsageError(
                f"there is no symbol {wrong}: the vocabulary has {size}; pass numbers from 0 to {size - 1}"
            )

    def _meaning(self) -> str:
        element = "a symbol's number" if self._vocabulary_size else "one element's features"
        return element if self._sessions == 1 else f"{element} for each session"

    def _native_stepper(self, cell: Cell) -> NativeStepper | None:
        if instruction_set() == OFF or str(self._targets.dtype) not in DTYPES:
            return None
        layers = native_layers(cell)
        if not layers or any(leaf.dtype != self._targets.dtype for leaf in self._states):
            return None
        return NativeStepper(layers, self._states, self._sources, self._targets, instruction_set())


class _JaxStepper:
    """The same by a compiled JAX function."""

    def __init__(
        self, cell: Cell, structure: Any, states: list[np.ndarray], sources: np.ndarray, targets: np.ndarray
    ):
        self._cell, self._structure = cell, structure
        self._states, self._sources, self._targets = states, sources, targets

    def step_all(self) -> None:
        self.step(np.arange(len(self._targets)))

    def step(self, sessions: np.ndarray) -> None:
        before = jax.tree.unflatten(self._structure, [leaf[sessions] for leaf in self._states])
        after, outputs = _step(self._cell, before, self._sources[: len(sessions)])
        for to, leaf in zip(self._states, jax.tree.leaves(after), strict=True):
            to[sessions] = leaf
        self._targets[: len(sessions)] = outputs


@jax.jit
def _step(cell: Cell, states: State, inputs: Shaped[Array, "n *I"]) -> tuple[State, Float[Array, "n O"]]:
    return jax.vmap(lambda state, x: cell.step(state, cell.project(x)))(states, inputs)
