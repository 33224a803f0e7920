"""Networks that read their own last output, and networks that read a teacher's instead."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, Projected, SelfUnrollingCell, State
from throughtime.core.errors import ShapeError
from throughtime.core.noise import NoisyCell
from throughtime.core.scanning import project_and_scan
from throughtime.core.unroll import unroll
from throughtime.networks.closed_loop import closed_loop
from throughtime.networks.embedding import one_hot
from throughtime.networks.feedback import Feedback
from throughtime.networks.wrapper import check_is_cell


class FeedbackState(NamedTuple):
    """`inner`: the state of the cell within. `output`: its last output `[O]`. `position`: the elements passed
    so far. `key`: where noise is drawn from, one for each sequence; `None` where none is.

    The states of an `OutputFeedback`, a `TeacherForcing` and a `ScheduledSampling` around one cell are alike,
    so that a sequence can be begun by one and go on in another; where only one of them draws noise,
    `state._replace(key=...)` gives or takes its source.
    """

    inner: State
    output: Float[Array, "*B O"]
    position: Integer[Array, "*B"]
    key: PRNGKeyArray | None


class FeedbackCell(Cell):
    r"""What all cells have in common that read an output of the step before.

    **Equations**

        (h_t, y_t) = step(h_{t-1}, project([x_t, v_t])),   v_t from y_{t-1}, or from a teacher's y*_{t-1}

    **Shapes**

        x `[I]`, I = 0 if there is no other input; v `[F]`; y, y* `[O]`; the cell within reads `[I + F]`

    **Source**

        each cell names its own
    """

    is_taught: ClassVar[bool] = False
    """Whether the target of the step before is a part of the input."""

    cell: Cell
    feedback: Feedback
    input_size: int = eqx.field(static=True, init=False)
    output_size: int = eqx.field(static=True, init=False)

    def __init__(self, cell: Cell, feedback: Feedback):
        check_fits(cell, feedback, type(self).__name__)
        self.cell = cell
        self.feedback = feedback
        self.output_size = cell.output_size
        self.input_size = self.free_size + (self.output_size if self.is_taught else 0)

    @property
    def free_size(self) -> int:
        """The size I of what is read besides the feedback."""
        return self.cell.input_size - self.feedback.feedback_size

    def _start(self, is_random: bool) -> FeedbackState:
        key = jax.random.key(0) if is_random else None
        output = jnp.zeros(self.output_size)
        return FeedbackState(self.cell.initial_state(), output, jnp.zeros((), jnp.int32), key)

    def _own(self, state: FeedbackState, key: PRNGKeyArray | None) -> Float[Array, " O"]:
        """Return what the network itself said last: zeros before the first step."""
        return jnp.where(state.position > 0, self.feedback.choose(state.output, key), 0)

    def _go_on(
        self, state: FeedbackState, x: Float[Array, " I"], chosen: Float[Array, " O"]
    ) -> tuple[FeedbackState, Float[Array, " O"]]:
        element = jnp.concatenate([x, self.feedback.represent(chosen)])
        inner, output = self.cell.step(state.inner, self.cell.project(element))
        return FeedbackState(inner, output, state.position + 1, state.key), output


class OutputFeedback(FeedbackCell, SelfUnrollingCell, NoisyCell):
    r"""A network running freely: each step reads the network's own last output besides its input.

    **Equations**

        v_t = represent(choose(y_{t-1})),   v_1 = represent(0)
        (h_t, y_t) = step(h_{t-1}, project([x_t, v_t]))

    **Shapes**

        x `[I]`, I = 0 for a sequence from nothing (inputs `[T, B, 0]`); v `[F]`; y `[O]`

    Arguments:
        cell: any cell that reads `[x_t, v_t]` and gives y_t: a stack with its readout, say.
        feedback: what becomes of the output: `Values`, or a symbol.

    **Raises**

        ShapeError: cell and feedback do not fit.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell with its projection, which has to wait for the last output; state O more

    **Exactness**

        gradients flow through `Values` and an `ExpectedSymbol`, and stop at a symbol that was chosen

    **Source**

        Jordan 1986, "Serial order: a parallel distributed processing approach"; Graves 2013, arXiv 1308.0850,
        section 2 (generation).
    """

    __init__ = FeedbackCell.__init__

    def after_training(self) -> Cell:
        """Return the cell whose choices are not drawn."""
        return OutputFeedback(self.cell, self.feedback.without_noise())

    def initial_state(self) -> FeedbackState:
        """Return the state before the first output."""
        return self._start(self.feedback.is_random)

    def going_on(self, inner: State, output: Float[Array, "B O"]) -> FeedbackState:
        """Return the state from which the loop goes on after its network was driven by other means.

        Arguments:
            inner: the network's state then, of a batch.
            output: what it said last, or what it should have said, `[B, O]`.
        """
        batch_size = output.shape[0]
        key = jax.random.split(jax.random.key(0), batch_size) if self.feedback.is_random else None
        return FeedbackState(inner, output, jnp.ones(batch_size, jnp.int32), key)

    def project(self, x: Float[Array, " I"]) -> Float[Array, " I"]:
        """Return `x`."""
        return x

    def step(
        self, state: FeedbackState, projected: Float[Array, " I"]
    ) -> tuple[FeedbackState, Float[Array, " O"]]:
        """Return the next state and the output."""
        key = None if state.key is None else jax.random.fold_in(state.key, state.position)
        return self._go_on(state, projected, self._own(state, key))

    def unroll_whole(
        self,
        inputs: Float[Array, "T B I"],
        state: FeedbackState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[FeedbackState, Float[Array, "T B O"]]:
        """Go step by step, but for a sparse reservoir with a linear readout alone, which native code runs."""
        if lengths is None and (loop := closed_loop(self.cell, self.feedback, inputs)) is not None:
            steps = inputs.shape[0]
            last = jnp.where(state.position[:, None] > 0, state.output, 0)
            inner, outputs = loop(state.inner, last, steps)
            return FeedbackState(inner, outputs[-1], state.position + steps, state.key), outputs
        return project_and_scan(self, state, inputs, lengths, reverse)


class TaughtCell(FeedbackCell):
    r"""What cells have in common that read a teacher's target of the step before with their input.

    **Equations**

        input_t = [x_t, y*_{t-1}],   or the number of the symbol y*_{t-1} alone, where there is no x

    **Shapes**

        x `[I]`, y* `[O]`, input `[I + O]` or `[]`

    **Source**

        each cell names its own
    """

    is_taught: ClassVar[bool] = True

    def _split(self, x: Shaped[Array, "*I"]) -> tuple[Float[Array, " I"], Float[Array, " O"]]:
        """Return the input proper and the teacher's target."""
        if x.ndim:
            return x[: self.free_size], x[self.free_size :]
        self._check_symbols_alone()
        return jnp.zeros(0), one_hot(x, self.output_size)

    def _check_symbols_alone(self) -> None:
        if self.free_size:
            raise ShapeError(
                f"{type(self).__name__} is given symbols, and its cell reads {self.free_size} features "
                "besides them; give each element as these features and the target's one-hot vector, one "
                "after the other"
            )


class TeacherForcing(TaughtCell, SelfUnrollingCell):
    r"""A network that always reads the teacher's target of the step before, instead of its own output.

    **Equations**

        (h_t, y_t) = step(h_{t-1}, project([x_t, represent(y*_{t-1})]))

    **Shapes**

        input [x, y*] `[I + O]`, or the number of the symbol y* `[]` if I = 0 (-1: none); y `[O]`

    Arguments:
        cell, feedback: as for `OutputFeedback`, which `free_running` makes of it after training.

    **Raises**

        ShapeError: cell and feedback do not fit, or symbols are given where there is other input too.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        that of the cell within: no step waits for an output, so whole sequences go as fast as they do there

    **Differs from**

        Williams & Zipser put the target in the place of the unit's activity; the units that read it are the
        same ones.

    **Source**

        Williams & Zipser 1989, "A learning algorithm for continually running fully recurrent neural
        networks", Neural Computation 1(2) (teacher-forced learning).
    """

    __init__ = FeedbackCell.__init__

    def initial_state(self) -> FeedbackState:
        """Return the state before the first output."""
        return self._start(is_random=False)

    def project(self, x: Shaped[Array, "*I"]) -> Projected:
        """Return what the cell within makes of input and target."""
        return self.cell.project(self._element(x))

    def step(self, state: FeedbackState, projected: Projected) -> tuple[FeedbackState, Float[Array, " O"]]:
        """Return the next state and the output."""
        inner, output = self.cell.step(state.inner, projected)
        return FeedbackState(inner, output, state.position + 1, state.key), output

    def unroll_whole(
        self,
        inputs: Shaped[Array, "T B *I"],
        state: FeedbackState,
        lengths: Integer[Array, " B"] | None,
        reverse: bool,
    ) -> tuple[FeedbackState, Float[Array, "T B O"]]:
        """Run the cell within over inputs and targets, all of which are known."""
        elements = jax.vmap(jax.vmap(self._element))(inputs)
        inner, outputs = unroll(self.cell, elements, state.inner, lengths=lengths, reverse=reverse)
        steps, batch_size = inputs.shape[:2]
        if steps == 0:
            return state._replace(inner=inner), outputs
        real = jnp.full(batch_size, steps) if lengths is None else lengths
        read_last = jnp.zeros_like(real) if reverse else jnp.maximum(real - 1, 0)
        last = jnp.take_along_axis(outputs, read_last[None, :, None], axis=0)[0]
        output = jnp.where(real[:, None] > 0, last, state.output)
        position = state.position + real.astype(state.position.dtype)
        return FeedbackState(inner, output, position, state.key), outputs

    def _element(self, x: Shaped[Array, "*I"]) -> Float[Array, " IF"]:
        if x.ndim == 0:
            self._check_symbols_alone()
            return self.feedback.represent_symbol(x)
        free, target = self._split(x)
        return jnp.concatenate([free, self.feedback.represent(target)])


def check_fits(cell: Cell, feedback: Feedback, wrapper: str) -> None:
    """Raise an error unless a cell gives what the feedback reads, and reads what it gives."""
    check_is_cell(cell, wrapper)
    if cell.output_size != feedback.output_size:
        raise ShapeError(
            f"{type(cell).__name__} gives {cell.output_size} features and {type(feedback).__name__} feeds "
            f"{feedback.output_size} back; make the two sizes equal, with a readout on top of the cell"
        )
    if cell.input_size < feedback.feedback_size:
        raise ShapeError(
            f"{type(cell).__name__} reads {cell.input_size} features and {type(feedback).__name__} alone "
            f"gives {feedback.feedback_size}; make the cell's input as large as x and the feedback together"
        )
