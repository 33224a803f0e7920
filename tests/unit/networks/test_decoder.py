"""Encoder-decoders from a description, how their parts start, and what does not fit."""

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from throughtime import (
    GRU,
    LSTM,
    AdditiveAttention,
    Bridge,
    Elman,
    Embedding,
    EncoderDecoder,
    Linear,
    LookThenStep,
    MultiplicativeAttention,
    ScheduledSampling,
    Stack,
    StepThenLook,
    TeacherForcing,
    bridge_between,
    without_noise,
)
from throughtime.core.errors import OptionError, ShapeError, UsageError
from throughtime.networks.architecture import Architecture
from throughtime.networks.bridge import numbers_of, with_numbers
from throughtime.networks.decoder import DecoderDescription, build_encoder_decoder, schedule_of
from throughtime.networks.feedback import LikeliestSymbol
from throughtime.networks.looking import looking_part
from throughtime.networks.transducer import GivenSource
from throughtime.tasks import Transduce

KEY = jax.random.key(0)


def built(architecture: dict[str, Any] | None = None, **decoder: Any) -> EncoderDecoder:
    return build_encoder_decoder(
        Architecture(hidden_size=5, embedding_size=3, **(architecture or {})),
        DecoderDescription(**decoder),
        vocabulary_size=7,
        feature_count=None,
        target_size=4,
        key=KEY,
    )


def plain(encoder: Any, cell: Any, bridge: Bridge | None = None) -> EncoderDecoder:
    embedding = Embedding(cell.output_size, cell.input_size, key=KEY)
    return EncoderDecoder(encoder, TeacherForcing(cell, LikeliestSymbol(embedding)), bridge)


@pytest.mark.parametrize(
    ("architecture", "decoder", "hands_over"),
    [
        ({}, {"attention": "none"}, True),
        ({"layers": 2, "dropout": 0.3}, {"attention": "multiplicative"}, True),
        ({"direction": "both"}, {"attention": "none"}, False),
        ({}, {"attention": "additive"}, False),
        ({}, {"input_feeding": True}, False),
        ({}, {"attention": "none", "cell": "gru"}, False),
    ],
)
def test_states_are_handed_over_where_they_are_alike(
    architecture: dict[str, Any], decoder: dict[str, Any], hands_over: bool
) -> None:
    network = built(architecture, **decoder)
    assert (network.bridge is None) == hands_over
    assert network.output_size == 5
    looking = looking_part(network.decoder)
    assert (looking is None) == (decoder.get("attention") == "none")
    # Whatever is handed over fits, and the scores are there.
    reading = jax.eval_shape(lambda: network.read(jnp.zeros((6, 2), int), key=KEY))
    scores = jax.eval_shape(lambda: network.teach(reading_of(network), jnp.zeros((4, 2), int)))
    assert scores.shape == (4, 2, 5)
    assert (reading.memory is None) == (looking is None)


def reading_of(network: EncoderDecoder) -> Any:
    return network.read(jnp.zeros((6, 2), int), key=KEY)


def test_a_schedule_ends_with_training() -> None:
    network = built(teacher="linear", teacher_pace=10.0)
    assert isinstance(network.decoder, ScheduledSampling)
    assert float(network.decoder.schedule(5)) == pytest.approx(0.5)
    assert float(schedule_of("exponential", 10.0)(10)) == pytest.approx(0.3679, abs=1e-4)
    assert float(schedule_of("inverse_sigmoid", 10.0)(0)) == pytest.approx(10 / 11)
    source, targets = jnp.zeros((6, 2), int), jnp.ones((4, 2), int)
    posed = Transduce.posed(network, source, jnp.array([6, 3]), targets)
    assert isinstance(posed.network, GivenSource)
    assert isinstance(posed.network.network.decoder, ScheduledSampling)
    after = Transduce.posed(without_noise(network), source, jnp.array([6, 3]), targets)
    assert isinstance(after.network.network.decoder, TeacherForcing)


def test_the_numbers_of_a_state_without_its_keys() -> None:
    state = (jnp.ones(3), jax.random.key(0), jnp.array(2), jnp.zeros((2, 2)))
    assert [leaf.shape for leaf in numbers_of(state)] == [(3,), (2, 2)]
    changed = with_numbers(state, [jnp.zeros(3), jnp.ones((2, 2))])
    assert float(changed[0].sum()) == 0
    assert int(changed[2]) == 2


def test_parts_that_do_not_fit() -> None:
    additive = AdditiveAttention(5, 4, 3, key=KEY)
    general = MultiplicativeAttention(5, 4, key=KEY)
    with pytest.raises(ShapeError, match="GRU gives 6 features and AdditiveAttention asks with 5; make"):
        LookThenStep(GRU(9, 6, key=KEY), additive)
    with pytest.raises(ShapeError, match="GRU reads 4 features and what it sees of the memory alone has 4"):
        LookThenStep(GRU(4, 5, key=KEY), additive)
    with pytest.raises(ShapeError, match="GRU reads 5 features and what is fed back alone has 5; make"):
        StepThenLook(GRU(5, 5, key=KEY), general, input_feeding=True, key=KEY)
    looking = LookThenStep(GRU(3 + 4, 5, key=KEY), additive)
    with pytest.raises(
        UsageError, match=r"LookThenStep has no memory to look at; give it one with looking_at"
    ):
        looking.step(looking.initial_state(), jnp.zeros(3))
    with pytest.raises(ShapeError, match="the decoder looks at 4 features and the encoder, Elman, gives 5"):
        plain(Elman(3, 5, key=KEY), Stack([looking, Linear(9, 2, key=KEY)]))
    with pytest.raises(
        ShapeError, match=r"ends with states of shapes \[\(6,\)\], and the decoder starts from"
    ):
        plain(Elman(3, 6, key=KEY), Elman(3, 5, key=KEY)).read(jnp.zeros((2, 1, 3)))
    with pytest.raises(ShapeError, match="a bridge goes from 0 numbers of the encoder's states to 5 of the"):
        bridge_between(Linear(3, 5, key=KEY), Elman(3, 5, key=KEY), reads_symbols=False, key=KEY)


def test_what_a_transducer_cannot_do() -> None:
    network = plain(LSTM(3, 5, key=KEY), LSTM(3, 5, key=KEY))
    with pytest.raises(UsageError, match="EncoderDecoder goes from a source to a target of another length"):
        network(jnp.zeros((2, 1, 3)))
    with pytest.raises(ShapeError, match="this decoder looks at nothing, so there are no alignments"):
        network.alignments(network.read(jnp.zeros((2, 1, 3))), jnp.zeros((2, 1), int))
    with pytest.raises(UsageError, match="a GivenSource needs the lengths of the targets; pass lengths"):
        GivenSource(network, jnp.zeros((2, 1, 3)), jnp.array([2]))(jnp.zeros((2, 1), int))


def test_layers_of_a_decoder_that_do_not_fit() -> None:
    with pytest.raises(OptionError, match="the decoder: layers is 2 and cell names 3 cells"):
        built({"layers": 2}, cell="gru,gru,lstm")
    with pytest.raises(OptionError, match="the decoder's highest layer gives 18 features, and with input"):
        built({"layers": 2, "connections": "shortcut"}, input_feeding=True)
