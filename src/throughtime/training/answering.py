"""What a network answers to the sequences of a data set, and how far that is from what was asked for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Integer, PyTree, Shaped

from throughtime.core.sequence_map import Network, apply
from throughtime.data.batching import Batch, batches, prefetch
from throughtime.data.dataset import Encoded
from throughtime.learning.unrolled import loss_of_outputs
from throughtime.tasks import AnsweringTask, Outputs, ReadingTask, Search, SearchingTask


def answer_all(network: Network, task: AnsweringTask, data: Encoded, batch_size: int) -> Outputs:
    """Return the network's answer to each sequence, in the order of the data.

    Arguments:
        network: without noise, as it is used after training.
        batch_size: sequences in a batch, at least 1; it changes the speed alone.
    """
    return _each_batch(
        lambda batch: _answer(network, batch.inputs, batch.lengths, task=type(task), search=_search_of(task)),
        task,
        data,
        batch_size,
    )


def judge_all(network: Network, task: AnsweringTask, data: Encoded, batch_size: int) -> tuple[Outputs, float]:
    """Return what `answer_all` does, found by a search as narrow as can be, and the mean loss over all steps
    that count.

    Arguments: see `answer_all`.
    """
    search = _search_of(task)._replace(width=1)
    losses, counted = 0.0, 0.0

    def judged(batch: Batch) -> PyTree[Array]:
        nonlocal losses, counted
        answers, loss, weight = _judge(network, *batch, task=type(task), search=search)
        losses, counted = losses + float(loss), counted + float(weight)
        return answers

    outputs = _each_batch(judged, task, data, batch_size)
    return outputs, losses / counted


def _search_of(task: AnsweringTask) -> Search:
    """Return how answers are searched for; of a task that reads them, the same at all times."""
    return task.how_to_search if isinstance(task, SearchingTask) else Search()


def _each_batch(
    answered: Callable[[Batch], PyTree[Array]], task: AnsweringTask, data: Encoded, batch_size: int
) -> Outputs:
    """Return the answers to all batches by sequence, without what fills batches up."""
    found: list[Any] = [None] * len(data)
    plan, lengths = data.plan(batch_size), data.lengths
    with prefetch(batches(data, plan, batch_size)) as ready:
        for part, batch in zip(plan, ready, strict=True):
            leaves, structure = jax.tree.flatten(answered(batch))
            arrays = [np.asarray(leaf) for leaf in leaves]
            for row, index in enumerate(part.indices.tolist()):
                answer = jax.tree.unflatten(structure, [leaf[row] for leaf in arrays])
                found[index] = task.cut(answer, int(lengths[index]))
    return np.stack(found) if task.answers_once else found


@partial(jax.jit, static_argnames=("task", "search"))
def _answer(
    network: Network,
    inputs: Shaped[Array, "T B *I"],
    lengths: Integer[Array, " B"],
    *,
    task: type[AnsweringTask],
    search: Search,
) -> PyTree[Shaped[Array, "B ..."]]:
    if issubclass(task, SearchingTask):
        return task.search(network, inputs, lengths, search)
    assert issubclass(task, ReadingTask)
    return task.read(network, apply(network, inputs, lengths=lengths), lengths)


@partial(jax.jit, static_argnames=("task", "search"))
def _judge(
    network: Network,
    inputs: Shaped[Array, "T B *I"],
    lengths: Integer[Array, " B"],
    targets: Shaped[Array, "*targets"],
    weights: Float[Array, " B"],
    *,
    task: type[AnsweringTask],
    search: Search,
) -> tuple[PyTree[Shaped[Array, "B ..."]], Float[Array, ""], Float[Array, ""]]:
    posed = task.posed(network, inputs, lengths, targets)
    outputs = apply(posed.network, posed.inputs, lengths=posed.lengths)
    unfolded, mask = task.unfold(targets, lengths, weights, len(inputs))
    if issubclass(task, SearchingTask):
        answers = task.search(network, inputs, lengths, search)
    else:
        assert issubclass(task, ReadingTask)
        answers = task.read(network, outputs, lengths)
    return answers, loss_of_outputs(task.loss, outputs, unfolded, mask), mask.sum()
