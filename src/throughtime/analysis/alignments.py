"""Where a decoder looked: how much each symbol that it wrote saw of each element of the source."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from throughtime.analysis.pictures import new_figure
from throughtime.core.errors import UsageError
from throughtime.core.noise import without_noise
from throughtime.core.scanning import flip_in_time
from throughtime.data.encoders.encoder import SymbolicEncoder
from throughtime.data.records import RawSequence
from throughtime.networks.encoder_decoder import EncoderDecoder
from throughtime.tasks.transduce import Transduce, ids_of
from throughtime.training.model import Model

END = "∎"
"""What stands for the end of a target."""


class Alignment(NamedTuple):
    """The elements of a `source`, the symbols of the `target` with its end, and `weights` `[T, S]`: how much
    each symbol saw of each element, in the order of the source, 1 in all."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: Float[np.ndarray, "T S"]


def alignments_of(model: Model, sources: Sequence[RawSequence]) -> list[Alignment]:
    """Return where a model looks while it writes the best target that it finds for each source.

    **Raises**

        UsageError: the model has no decoder that looks at its source.
        DataError: a source cannot be read as the model's kind of input.
    """
    network = without_noise(model.network)
    if not isinstance(network, EncoderDecoder) or not isinstance(model.task, Transduce):
        raise UsageError(
            f"a model of the task {model.settings.task!r} without a decoder looks at nothing; give a model "
            "that was trained to transduce with attention"
        )
    with model.encode(list(sources)) as data:
        lengths = data.lengths
        inputs = jnp.asarray(data.store.gather(np.arange(len(data)), int(lengths.max())))
        found = model.outputs(data)
    targets = [ids_of(one.found, 0) for one in found]
    previous = np.full((max(map(len, targets)) + 1, len(targets)), -1)
    for row, target in enumerate(targets):
        previous[1 : len(target) + 1, row] = target
    network = network.with_teacher()
    reading = network.read(inputs, lengths=jnp.asarray(lengths))
    weights = network.alignments(reading, jnp.asarray(previous))
    if network.reverse_source:
        weights = jax.vmap(lambda row: flip_in_time(row.T, jnp.asarray(lengths)).T)(weights)
    names, written = model.encoder, model.task.written_in
    return [
        Alignment(
            _named(names, np.asarray(inputs)[: lengths[row], row]),
            (*(written.token(symbol) for symbol in target), END),
            np.asarray(weights)[: len(target) + 1, row, : lengths[row]],
        )
        for row, target in enumerate(targets)
    ]


def draw_alignments(alignments: Sequence[Alignment]) -> Figure:
    """Return a figure with a panel for each alignment: the source from left to right, the target downwards,
    the darker the more was seen."""
    columns = min(len(alignments), 3)
    rows = -(-len(alignments) // columns)
    widest = max(len(one.source) for one in alignments)
    longest = max(len(one.target) for one in alignments)
    figure = new_figure(columns * (1.2 + 0.3 * widest), rows * (1.0 + 0.3 * longest))
    panels = iter(figure.subplots(rows, columns, squeeze=False).flat)
    for one in alignments:
        panel = next(panels)
        panel.imshow(one.weights, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        panel.set_xticks(range(len(one.source)), one.source, rotation="vertical" if _wide(one) else None)
        panel.set_yticks(range(len(one.target)), one.target)
        panel.xaxis.tick_top()
        panel.tick_params(length=0)
    for panel in panels:
        panel.set_axis_off()
    return figure


def _wide(alignment: Alignment) -> bool:
    return any(len(element) > 2 for element in alignment.source)


def _named(encoder: object, elements: np.ndarray) -> tuple[str, ...]:
    """Return what elements are called: symbols by their names, numbers by their place."""
    if isinstance(encoder, SymbolicEncoder):
        return tuple(encoder.token(int(element)) for element in elements)
    return tuple(str(place + 1) for place in range(len(elements)))
