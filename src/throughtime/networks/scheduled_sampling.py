"""From teacher forcing to running freely: a coin decides at each step who is heard."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell
from throughtime.core.errors import UsageError
from throughtime.core.noise import NoisyCell, with_each
from throughtime.core.sequence_map import Network
from throughtime.networks.feedback import Feedback
from throughtime.networks.output_feedback import (
    FeedbackState,
    OutputFeedback,
    TaughtCell,
    TeacherForcing,
)
from throughtime.networks.sampling_schedules import ConstantProbability, SamplingSchedule


class ScheduledSampling(TaughtCell, NoisyCell):
    r"""A network that reads the teacher's target of the step before, or its own output, as a coin falls.

    **Equations**

        c_t ~ Bernoulli(epsilon_i), drawn from (key, t) for each example, i the training iteration
        v_t = represent(y*_{t-1}) if c_t else represent(choose(y_{t-1})),   choose(y_0) = 0
        (h_t, y_t) = step(h_{t-1}, project([x_t, v_t]))

    **Shapes**

        input [x, y*] `[I + O]`, or the number of the symbol y* `[]` if I = 0 (-1: none); v `[F]`; y `[O]`

    Arguments:
        cell, feedback: as for `OutputFeedback`, which `free_running` makes of it after training.
        schedule: the probability epsilon_i that the teacher is heard, by iteration.
        iteration: i, at least 0. It is an array within the cell, though not a weight: `at_iteration` puts
            another one there between two training steps, and nothing is compiled anew.

    **Raises**

        ShapeError: cell and feedback do not fit, or symbols are given where there is other input too.
        NotACellError: `cell` must see the whole sequence.

    **Cost**

        a step: that of the cell with its projection, which has to wait for the last output; state O more

    **Exactness**

        gradients flow through the network's own outputs where they were heard, as in `OutputFeedback`

    **Differs from**

        The paper feeds back a sample from the model or the argmax, through which no gradient flows: a
        `SampledSymbol`, a `LikeliestSymbol`. `without_noise` makes it hear itself alone: its inputs stay, and
        the targets in them are ignored.

    **Source**

        Bengio, Vinyals, Jaitly & Shazeer 2015, "Scheduled sampling for sequence prediction with recurrent
        neural networks", arXiv 1506.03099, section 2.4.
    """

    iteration: Integer[Array, ""]
    schedule: SamplingSchedule = eqx.field(static=True)

    def __init__(self, cell: Cell, feedback: Feedback, schedule: SamplingSchedule, *, iteration: int = 0):
        super().__init__(cell, feedback)
        self.schedule = schedule
        self.iteration = jnp.array(iteration, jnp.int32)

    def after_training(self) -> Cell:
        """Return the cell that never hears the teacher in its input."""
        return ScheduledSampling(self.cell, self.feedback.without_noise(), ConstantProbability(0.0))

    def initial_state(self) -> FeedbackState:
        """Return the state before the first output."""
        return self._start(self.feedback.is_random or self.schedule.is_random)

    def project(self, x: Shaped[Array, "*I"]) -> tuple[Float[Array, " I"], Float[Array, " O"]]:
        """Return the input proper and the teacher's target."""
        return self._split(x)

    def step(
        self, state: FeedbackState, projected: tuple[Float[Array, " I"], Float[Array, " O"]]
    ) -> tuple[FeedbackState, Float[Array, " O"]]:
        """Return the next state and the output."""
        x, target = projected
        probability = self.schedule(self.iteration)
        choice, is_heard = None, probability > 0
        if state.key is not None:
            coin, choice = jax.random.split(jax.random.fold_in(state.key, state.position))
            is_heard = jax.random.bernoulli(coin, probability)
        return self._go_on(state, x, jnp.where(is_heard, target, self._own(state, choice)))


def at_iteration(network: Network, iteration: int | Integer[Array, ""]) -> Network:
    """Return the network as it is at another iteration of its training: every schedule in it is told."""
    now = jnp.asarray(iteration, jnp.int32)
    later: Network = with_each(
        network, ScheduledSampling, lambda cell: eqx.tree_at(lambda cell: cell.iteration, cell, now)
    )
    return later


def free_running(cell: Cell) -> OutputFeedback:
    """Return the cell that was trained with a teacher as one that needs none: it reads x_t alone.

    **Raises**

        UsageError: the cell has no teacher.
    """
    if not isinstance(cell, TeacherForcing | ScheduledSampling):
        raise UsageError(
            f"free_running takes a TeacherForcing or a ScheduledSampling, and {type(cell).__name__} has no "
            "teacher; it runs freely as it is"
        )
    return OutputFeedback(cell.cell, cell.feedback)
