"""How good a network is on held-out data, by the task's own metrics."""

from functools import partial

import jax
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.sequence_map import Network
from throughtime.core.state import initial_states
from throughtime.data.batching import Supply, prefetch
from throughtime.data.continuous import Continuous
from throughtime.data.dataset import Encoded
from throughtime.tasks import AnsweringTask, Generate, Task
from throughtime.training.answering import judge_all
from throughtime.training.carried import check_reads_on, chunk_losses


def judge(
    network: Network, task: Task, data: Supply, batch_size: int, chunk_size: int | None
) -> dict[str, float]:
    """Return loss and metrics of a network on data.

    Arguments:
        network: without noise, as it is used after training.
        batch_size: sequences in a batch or lanes of a text, at least 1.
        chunk_size: steps of a text that are read at once, at least 1; it changes the speed alone.
    """
    if isinstance(task, Generate):
        assert isinstance(data, Continuous)
        return task.scores(mean_loss(network, task, data, batch_size, chunk_size), data)
    assert isinstance(task, AnsweringTask)
    assert isinstance(data, Encoded)
    outputs, loss = judge_all(network, task, data, batch_size)
    return {"loss": loss} | task.scores(outputs, data.targets)


def mean_loss(
    network: Network, task: Generate, text: Continuous, lanes: int, chunk_size: int | None = None
) -> float:
    """Return the mean loss over all of a text but its first symbol, which is read with the state carried on.

    Arguments:
        lanes: how many parts of the text are read side by side, each from the initial state; with one, every
            symbol is predicted from all that are before it.
    """
    cell = check_reads_on(network)
    state = initial_states(cell, lanes)
    summed = 0.0
    with prefetch(text.epoch(lanes, chunk_size)) as ready:
        for batch, _ in ready:
            state, losses = _losses(cell, state, batch.inputs, batch.targets, batch.lengths, task=type(task))
            summed += float(losses)
    return summed / text.predicted


@partial(jax.jit, static_argnames=("task",))
def _losses(
    network: Cell,
    state: State,
    inputs: Shaped[Array, "T B *I"],
    targets: Shaped[Array, "T B *O"],
    lengths: Integer[Array, " B"],
    *,
    task: type[Task],
) -> tuple[State, Float[Array, ""]]:
    return chunk_losses(network, task.loss, state, inputs, targets, lengths)
