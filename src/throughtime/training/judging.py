"""How good a network is on held-out data, by the task's own metrics."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.sequence_map import Network, apply
from throughtime.core.state import initial_states
from throughtime.data.batching import Supply, batches, prefetch
from throughtime.data.continuous import Continuous
from throughtime.data.dataset import Encoded
from throughtime.tasks import AnsweringTask, GenerateFrames, GenerateSymbols, Task
from throughtime.tasks.generate_frames import Tally
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
    if isinstance(task, GenerateSymbols):
        assert isinstance(data, Continuous)
        return task.scores(mean_loss(network, task, data, batch_size, chunk_size), data)
    if isinstance(task, GenerateFrames):
        assert isinstance(data, Encoded)
        return task.scores(tallied(network, task, data, batch_size))
    assert isinstance(task, AnsweringTask)
    assert isinstance(data, Encoded)
    outputs, loss = judge_all(network, task, data, batch_size)
    return {"loss": loss} | task.scores(outputs, data.targets)


def mean_loss(
    network: Network, task: GenerateSymbols, text: Continuous, lanes: int, chunk_size: int | None = None
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


def tallied(network: Network, task: GenerateFrames, pieces: Encoded, batch_size: int) -> Tally:
    """Return the sums over all frames of pieces, each of which is foreseen from all that are before it.

    Arguments:
        batch_size: pieces in a batch, at least 1; it changes the speed alone.
    """
    plan = pieces.plan(batch_size)
    with prefetch(batches(pieces, plan, batch_size)) as ready:
        # In double precision, for there may be many.
        parts = [
            jax.tree.map(np.float64, _tally(network, batch.inputs, batch.lengths, task=type(task)))
            for batch in ready
        ]
    return jax.tree.map(lambda *sums: np.sum(sums), *parts)


@partial(jax.jit, static_argnames=("task",))
def _tally(
    network: Network,
    frames: Float[Array, "T B K"],
    lengths: Integer[Array, " B"],
    *,
    task: type[GenerateFrames],
) -> Tally:
    posed = task.posed(network, frames, lengths, frames)
    outputs = apply(posed.network, posed.inputs, lengths=posed.lengths)
    return task.tally(outputs, frames, jnp.arange(len(frames))[:, None] < lengths)


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
