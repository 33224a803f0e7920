"""Frames of keys: loss, counts and draws are those of plain loops over every key."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import TypeAdapter

from throughtime.core.errors import OptionError
from throughtime.data.dataset import Encoded
from throughtime.data.piano_roll import KEYS
from throughtime.data.store import SequenceStore
from throughtime.tasks import AnyTask, Generate, GenerateFrames, GenerateSymbols
from throughtime.tasks.frame_sampling import FrameSampler
from throughtime.tasks.key_counts import KeyCounts
from throughtime.tasks.sampling import Sampling
from throughtime.tasks.symbol_counts import SymbolCounts

GENERATOR = np.random.default_rng(7)
PIECES = [GENERATOR.random((length, KEYS)) < GENERATOR.random(KEYS) / 4 for length in (5, 1, 9)]


@pytest.fixture(scope="module")
def task() -> GenerateFrames:
    return GenerateFrames(counts=KeyCounts.of(PIECES))


def bernoulli(probable: float, sounds: bool) -> float:
    return -np.log(probable if sounds else 1 - probable)


def test_the_loss_is_that_of_each_key(rng: np.random.Generator) -> None:
    outputs, sounds = rng.normal(0, 3, KEYS), PIECES[0][0]
    each = [bernoulli(1 / (1 + np.exp(-output)), on) for output, on in zip(outputs, sounds, strict=True)]
    loss = GenerateFrames.loss(jnp.float32(outputs), jnp.float32(sounds))
    np.testing.assert_allclose(loss, sum(each), rtol=1e-5)
    # Far out, where a probability is 1 to the last digit, the loss is still a number.
    far = jax.grad(GenerateFrames.loss)(jnp.full(KEYS, -300.0), jnp.ones(KEYS))
    np.testing.assert_allclose(far, -1)


def test_counts_foretell_what_a_plain_loop_says(task: GenerateFrames) -> None:
    frames = sum(map(len, PIECES))
    other = GENERATOR.random((6, KEYS)) < 0.1
    marginal = markov = hits = slips = 0.0
    for place, frame in enumerate(other):
        for key in range(KEYS):
            last = bool(place and other[place - 1, key])
            before = [
                (piece[t - 1, key] if t else False, piece[t, key])
                for piece in PIECES
                for t in range(len(piece))
            ]
            alike = [now for was, now in before if was == last]
            alone = (sum(now for _, now in before) + 1) / (frames + 2)
            after = (sum(alike) + 1) / (len(alike) + 2)
            marginal += bernoulli(alone, frame[key])
            markov += bernoulli(after, frame[key])
            hits += (after > 0.5) and frame[key]
            slips += (after > 0.5) != frame[key]
    store = SequenceStore()
    store.append(other.astype(np.float32))
    first, second = task.floors(Encoded(store, store, (6,))).values()
    np.testing.assert_allclose(second["loss"], marginal / 6)
    np.testing.assert_allclose(first["loss"], markov / 6)
    np.testing.assert_allclose(first["frame_accuracy"], hits / (hits + slips))
    assert hits > 0
    assert first["loss"] != second["loss"]


def test_a_tally_counts_what_is_to_be_counted(task: GenerateFrames) -> None:
    sounds = np.zeros((3, 2, KEYS), np.float32)
    sounds[:2, :, 3:6] = 1
    outputs = np.full((3, 2, KEYS), -40, np.float32)
    outputs[..., 4:9] = 40
    counted = np.array([[True, True], [True, False], [False, False]])
    tally = task.tally(*map(jnp.asarray, (outputs, sounds, counted)))
    assert (int(tally.frames), int(tally.hits), int(tally.slips)) == (3, 3 * 2, 3 * 4)
    scores = task.scores(tally)
    assert scores["frame_accuracy"] == 6 / 18
    np.testing.assert_allclose(scores["loss"], 4 * 40, rtol=1e-6)
    assert np.isnan(task.scores(tally._replace(hits=np.int64(0), slips=np.int64(0)))["frame_accuracy"])


def test_keys_are_drawn_with_their_probabilities() -> None:
    outputs = np.linspace(-4, 4, KEYS).astype(np.float32)
    for temperature in (1.0, 0.5):
        sampler = FrameSampler(Sampling(temperature=temperature), np.random.default_rng(0))
        share = np.mean([sampler.draw(outputs) for _ in range(4000)], axis=0)
        np.testing.assert_allclose(share, 1 / (1 + np.exp(-outputs / temperature)), atol=0.04)
    coldest = FrameSampler(Sampling(temperature=0), np.random.default_rng(0))
    np.testing.assert_array_equal(coldest.draw(outputs), outputs > 0)
    with np.errstate(over="raise"):
        nearly = FrameSampler(Sampling(temperature=1e-9), np.random.default_rng(0))
        np.testing.assert_array_equal(nearly.draw(outputs), outputs > 0)


@pytest.mark.parametrize(
    "given", [{"top_k": 5}, {"top_p": 0.5}, {"no_repeat": 3}, {"repetition_penalty": 2.0}]
)
def test_what_is_for_symbols_is_refused(given: dict[str, float]) -> None:
    [name] = given
    with pytest.raises(OptionError, match=f"{name} is .*, which is for symbols, .* leave {name} out"):
        FrameSampler(Sampling.parse(given), np.random.default_rng(0))


def test_both_tasks_to_generate_are_saved_and_told_apart(task: GenerateFrames) -> None:
    adapter = TypeAdapter[Generate](AnyTask)
    symbols = GenerateSymbols(counts=SymbolCounts.of(np.array([0, 1, 1]), 2))
    assert "alphabet" not in symbols.model_dump()
    for one in (task, symbols):
        assert adapter.validate_json(one.model_dump_json()) == one
    with pytest.raises(
        OptionError, match=r"training\.metric is 'perplexity'.*; choose one of loss, frame_accuracy"
    ):
        task.check_metric("perplexity")
    with pytest.raises(
        OptionError, match=r"training\.metric is 'frame_accuracy'.*; choose one of loss, perplexity"
    ):
        symbols.check_metric("frame_accuracy")
