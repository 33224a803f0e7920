"""Encoder-decoders from a description: the encoder is an `Architecture`, the decoder one like it."""

import math
from typing import Literal, NamedTuple

import jax
from jaxtyping import PRNGKeyArray

from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError
from throughtime.networks.architecture import Architecture
from throughtime.networks.attention import AdditiveAttention, MultiplicativeAttention
from throughtime.networks.bridge import bridge_between
from throughtime.networks.dropout import Dropout
from throughtime.networks.embedding import Embedding
from throughtime.networks.encoder_decoder import EncoderDecoder
from throughtime.networks.feedback import SampledSymbol
from throughtime.networks.linear import Linear
from throughtime.networks.look_then_step import LookThenStep
from throughtime.networks.output_feedback import TaughtCell, TeacherForcing
from throughtime.networks.sampling_schedules import (
    ExponentialDecay,
    InverseSigmoidDecay,
    LinearDecay,
    SamplingSchedule,
)
from throughtime.networks.scheduled_sampling import ScheduledSampling
from throughtime.networks.stack import Stack
from throughtime.networks.step_then_look import StepThenLook


class DecoderDescription(NamedTuple):
    """What a decoder is like, beside the encoder.

    `cell`: as `Architecture.cell`, `None` for the encoder's; `attention` is additive before each step, or
    multiplicative after it; `attention_size`: hidden units of an additive one, `None` for `hidden_size`;
    `teacher`: how the teacher leaves, with `teacher_pace` in training steps.
    """

    cell: str | None = None
    attention: Literal["none", "additive", "multiplicative"] = "multiplicative"
    attention_size: int | None = None
    input_feeding: bool = False
    reverse_source: bool = False
    teacher: Literal["always", "linear", "exponential", "inverse_sigmoid"] = "always"
    teacher_pace: float = 10_000.0


def build_encoder_decoder(
    architecture: Architecture,
    decoder: DecoderDescription,
    *,
    vocabulary_size: int | None,
    feature_count: int | None,
    letters: tuple[int, int] | None = None,
    target_size: int,
    key: PRNGKeyArray,
) -> EncoderDecoder:
    """Return an encoder-decoder with fresh weights.

    The decoder has the encoder's sizes, layers and dropout, and reads forward. Where both have the same cells
    and the decoder's state has nothing beside theirs, it starts from the encoder's final states; else from
    what a `Bridge` makes of them.

    Arguments:
        architecture: of the encoder.
        decoder: what is otherwise in the decoder.
        vocabulary_size, feature_count, letters: what the encoder reads, as `Architecture.build` has it.
        target_size: symbols of the target, the end not counted.
        key: source of the weights.

    **Raises**

        OptionError: the decoder's layers do not fit.
    """
    encoder_key, embedding_key, cell_key, bridge_key = jax.random.split(key, 4)
    encoder = architecture.build(
        vocabulary_size=vocabulary_size,
        feature_count=feature_count,
        letters=letters,
        answers_once=False,
        key=encoder_key,
    )
    size = architecture.embedding_size
    cell = _decoder(architecture, decoder, encoder.output_size, target_size + 1, cell_key)
    embedding = Embedding(target_size + 1, size, key=embedding_key)
    taught = _taught(cell, SampledSymbol(embedding), decoder)
    bridge = bridge_between(
        encoder,
        cell,
        reads_symbols=vocabulary_size is not None,
        reads_letters=letters is not None,
        key=bridge_key,
    )
    return EncoderDecoder(encoder, taught, bridge, reverse_source=decoder.reverse_source)


def schedule_of(teacher: str, pace: float) -> SamplingSchedule:
    """Return a schedule by name; `pace` is the number of steps in which it goes to 0 (linear), falls to 1/e
    (exponential), or k (inverse sigmoid)."""
    if teacher == "linear":
        return LinearDecay(1 / pace)
    return ExponentialDecay(math.exp(-1 / pace)) if teacher == "exponential" else InverseSigmoidDecay(pace)


def _taught(cell: Cell, feedback: SampledSymbol, decoder: DecoderDescription) -> TaughtCell:
    if decoder.teacher == "always":
        return TeacherForcing(cell, feedback)
    return ScheduledSampling(cell, feedback, schedule_of(decoder.teacher, decoder.teacher_pace))


def _decoder(
    encoder: Architecture, decoder: DecoderDescription, memory_size: int, scores: int, key: PRNGKeyArray
) -> Cell:
    otherwise = {"direction": "forward", "input_dropout": 0.0, "cell": decoder.cell or encoder.cell}
    described = Architecture.parse(encoder.model_dump() | otherwise, "the decoder")
    keys = iter(jax.random.split(key, 2 * len(described.cells) + 4))
    size, hidden_size = encoder.embedding_size, encoder.hidden_size
    fed = {"none": 0, "additive": memory_size, "multiplicative": hidden_size if decoder.input_feeding else 0}
    layers = described.reading_layers(size + fed[decoder.attention], keys)
    recurrent = Stack([layer for layer in layers if isinstance(layer, Cell)])
    asks = recurrent.output_size
    if decoder.attention == "multiplicative" and decoder.input_feeding and asks != hidden_size:
        raise OptionError(
            f"the decoder's highest layer gives {asks} features, and with input_feeding it has to be "
            f"hidden_size, {hidden_size}; leave connections out, or input_feeding"
        )
    cell: Cell = recurrent
    if decoder.attention == "additive":
        attention_size = decoder.attention_size or hidden_size
        additive = AdditiveAttention(asks, memory_size, attention_size, key=next(keys))
        cell = LookThenStep(recurrent, additive)
    elif decoder.attention == "multiplicative":
        multiplicative = MultiplicativeAttention(asks, memory_size, key=next(keys))
        cell = StepThenLook(recurrent, multiplicative, input_feeding=decoder.input_feeding, key=next(keys))
    read = cell.output_size
    thinned: list[Cell] = [Dropout(read, encoder.dropout)] if encoder.dropout > 0 else []
    heard: list[Cell] = [Dropout(size, encoder.input_dropout)] if encoder.input_dropout > 0 else []
    return Stack([*heard, cell, *thinned, Linear(read, scores, key=next(keys))])
