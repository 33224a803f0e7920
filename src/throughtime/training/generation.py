"""A trained model writes on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from throughtime.core.errors import OptionError, UsageError
from throughtime.core.randomness import generator_for
from throughtime.data.encoders import SymbolicEncoder
from throughtime.networks.stream import Stream
from throughtime.tasks import GenerateFrames, GenerateSymbols
from throughtime.tasks.sampling import Sampler, Sampling
from throughtime.tasks.writing import prompt_ids, text_after
from throughtime.training.carried import check_reads_on
from throughtime.training.model import Model


def writing(
    model: Model,
    prompt: str | None,
    length: int | None,
    stop: str | Sequence[str],
    seed: int,
    sampling: Sampling | None,
    options: Mapping[str, Any],
) -> Iterator[str]:
    """Return the pieces of a text; what is wrong is said before the first. See `Model.write`."""
    task, encoder = model.task, model.encoder
    if isinstance(task, GenerateFrames):
        raise UsageError(
            "this model composes music and writes no text; use `throughtime generate --out`, or Model.compose"
        )
    if not isinstance(task, GenerateSymbols):
        raise UsageError(
            f"the task of this model is {model.settings.task!r}, which answers to sequences and writes none; "
            "use `throughtime predict` or Model.predict, or a model of the task 'generate'"
        )
    assert isinstance(encoder, SymbolicEncoder)
    if length is not None and length < 0:
        raise OptionError(f"length is {length}; choose a whole number of at least 0")
    ends = (stop,) if isinstance(stop, str) else tuple(stop)
    if "" in ends:
        raise OptionError("stop holds an empty text, which is everywhere; give one of a letter or more")
    if sampling is not None and options:
        raise OptionError(f"sampling was given, and {', '.join(options)} besides; give one or the other")
    how = sampling or Sampling.parse(options)
    seen = [task.counts.seen(index) for index in range(task.output_size)]
    ids = prompt_ids(prompt, encoder, seen)
    never = () if encoder.unknown_id is None else (encoder.unknown_id,)
    sampler = Sampler(how, generator_for(seed, "generation"), never)
    return text_after(Stream(check_reads_on(model.network)), encoder, ids, sampler, length, ends)
