"""Pieces of music are learned as a plain loop over their frames says, from silence on, and gone on with."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime import SequenceGenerator, apply
from throughtime.core.errors import DataError, OptionError, UsageError
from throughtime.core.noise import without_noise
from throughtime.data.dataset import Encoded
from throughtime.data.forms import Form
from throughtime.data.memory import MemorySource
from throughtime.data.piano_roll import KEYS
from throughtime.networks.stream import Stream
from throughtime.tasks import GenerateFrames
from throughtime.tasks.frame_sampling import FrameSampler, frames_after
from throughtime.tasks.sampling import Sampling
from throughtime.training.judging import judge, tallied
from throughtime.training.model import Model
from throughtime.training.model_folder import build_network, from_bytes, to_bytes
from throughtime.training.preparation import Prepared, usable
from throughtime.training.runs import prepared_for, train
from throughtime.training.settings import Settings

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


def piece(first: int, length: int) -> np.ndarray:
    """Return a scale from some tone on over a long bass."""
    steps = [[start, start + 1, SCALE[(first + start) % 8]] for start in range(length)]
    return np.array([[0, length, 48], *steps], np.float32)


PIECES = [piece(first, length) for first, length in ((0, 8), (3, 12), (5, 7), (1, 9), (2, 8))]


def settings(
    network: dict[str, Any] | None = None, data: dict[str, Any] | None = None, **training: Any
) -> Settings:
    return Settings.parse(
        {
            "task": "generate",
            "data": {"kind": "music", "frames_per_quarter": 1} | (data or {}),
            "network": {"cell": "elman", "hidden_size": 5} | (network or {}),
            "training": {"batch_size": 8, "epochs": 1, "validation": 0.0} | training,
        }
    )


def prepared(of: Settings, pieces: list[Any] | None = None, **others: Any) -> Prepared[Encoded]:
    found = prepared_for(MemorySource(pieces or PIECES), of, **others)
    assert isinstance(found.train, Encoded)
    return found  # type: ignore[return-value]


def plain_loss(network: Any, rolls: list[np.ndarray]) -> float:
    """Return the mean loss of a frame for an Elman network, in float64: silence first, then the piece."""
    elman, readout = network.cells
    W, U, b = (np.asarray(w, np.float64) for w in (elman.input_weight, elman.recurrent_weight, elman.bias))
    R, r = np.asarray(readout.weight, np.float64), np.asarray(readout.bias, np.float64)
    losses = []
    for roll in rolls:
        h, x = np.zeros(len(b)), np.zeros(KEYS)
        for frame in roll:
            h = np.tanh(W @ x + U @ h + b)
            p = 1 / (1 + np.exp(-(R @ h + r)))
            losses.append(-np.log(np.where(frame > 0.5, p, 1 - p)).sum())
            x = frame
    return float(np.mean(losses))


def test_judged_and_trained_as_a_plain_loop_says() -> None:
    of = settings()
    data = prepared(of)
    task, network = data.task, build_network(of, data.encoder, data.task)
    assert isinstance(task, GenerateFrames)
    rolls = [data.encoder.encode(one) for one in PIECES]
    expected = plain_loss(network, rolls)
    scores = judge(network, task, data.train, 2, None)
    np.testing.assert_allclose(scores["loss"], expected, rtol=1e-5)
    # All pieces are one batch, so the loss of the first epoch is that of the weights before it.
    [row] = train(data, settings(chunk_size=3)).report["history"]
    np.testing.assert_allclose(row["train_loss"], expected, rtol=1e-5)
    assert expected > task.floors(data.train)["each key, counted"]["loss"]


def test_a_frame_is_foreseen_from_those_before_it_alone(key: jax.Array) -> None:
    of = settings()
    data = prepared(of)
    network = build_network(of, data.encoder, data.task)
    frames = jnp.asarray(data.encoder.encode(PIECES[0]))[:, None]
    lengths = jnp.array([8], jnp.int32)

    def foreseen(frames: jax.Array) -> np.ndarray:
        posed = GenerateFrames.posed(network, frames, lengths, frames)
        return np.asarray(apply(posed.network, posed.inputs, lengths=posed.lengths))

    before, after = foreseen(frames), foreseen(frames.at[4].set(1 - frames[4]))
    np.testing.assert_array_equal(before[:5], after[:5])
    assert (before[5:] != after[5:]).any(axis=(1, 2)).all()


def test_pieces_are_held_out_whole() -> None:
    data = prepared(settings(validation=0.4))
    assert data.validation is not None
    assert (len(data.train), len(data.validation)) == (3, 2)
    lengths = [*data.train.lengths, *data.validation.lengths]
    assert sorted(lengths) == sorted(len(one) - 1 for one in PIECES)
    given = prepared(settings(), held_out=MemorySource([piece(0, 5)], name="others"))
    assert given.validation is not None
    assert given.validation.lengths.tolist() == [5]


def test_what_is_left_out_is_said() -> None:
    low = np.array([[0, 1, 60], [1, 2, 10], [2, 3, 120]], np.float32)
    notes = prepared(settings(), [low, PIECES[0]]).notes
    assert "2 of the 12 notes of X are below or above the 88 keys (A0 to C8) and are left out" in notes
    assert "pieces are music: as set; 1 frame to a quarter note" in notes


@pytest.mark.parametrize(
    ("of", "pieces", "error", "message"),
    [
        (settings(), ["do re mi"], DataError, r"^X\[0\]: 'do re mi' is no piece of music"),
        (
            settings(),
            [[[0, 1, 3]]],
            DataError,
            r"^X\[0\]: no note of the piece sounds at any frame, with 1 to a",
        ),
        (settings(softmax_samples=4), PIECES, OptionError, "softmax_samples is 4, and music has no softmax"),
        (settings(metric="perplexity"), PIECES, OptionError, "training.metric is 'perplexity'"),
        (
            settings(data={"min_count": 2}),
            PIECES,
            OptionError,
            "sequences of music have no vocabulary to limit",
        ),
        (
            settings(data={"kind": None}),
            ["abc"],
            OptionError,
            "frames_per_quarter is 1, and sequences of charact",
        ),
    ],
)
def test_what_does_not_go_with_music(
    of: Settings, pieces: list[Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        prepared(of, pieces)


@pytest.fixture(scope="module")
def model() -> Model:
    """A model that learned to go on with scales, saved and loaded."""
    of = settings({"cell": "gru", "hidden_size": 24}, epochs=120, batch_size=2, learning_rate=0.03)
    return from_bytes(*to_bytes(train(prepared(of), of)))


def test_what_was_learned_is_composed(model: Model) -> None:
    roll = model.compose(piece(2, 8), opening=3, length=4, temperature=0)
    assert roll.dtype == bool
    assert model.encoder.decode(roll).tolist() == [  # type: ignore[attr-defined]
        [0, 7, 48], [0, 1, 64], [1, 2, 65], [2, 3, 67], [3, 4, 69], [4, 5, 71], [5, 6, 72], [6, 7, 60],
    ]  # fmt: skip


class Listening(FrameSampler):
    """Draws as ever, and keeps what it was told about the keys."""

    told: list[np.ndarray]

    def draw(self, scores: np.ndarray) -> np.ndarray:
        self.told.append(scores)
        return super().draw(scores)


@pytest.mark.parametrize("opening", [0, 3])
def test_it_hears_what_the_network_says_of_the_whole(model: Model, opening: int) -> None:
    network = without_noise(model.network)
    sampler = Listening(Sampling(), np.random.default_rng(0))
    sampler.told = []
    prompt = model.encoder.encode(piece(2, 8))[:opening]
    drawn = frames_after(Stream(network), prompt, sampler, 5)
    frames = jnp.asarray(np.concatenate([prompt, drawn]), jnp.float32)[:, None]
    posed = GenerateFrames.posed(network, frames, jnp.array([len(frames)], jnp.int32), frames)
    expected = np.asarray(apply(posed.network, posed.inputs))[opening:, 0]
    np.testing.assert_allclose(sampler.told, expected, atol=1e-4, rtol=1e-4)


def test_compositions_are_those_of_their_seed(model: Model) -> None:
    one, other = (model.compose(length=30, seed=seed) for seed in (1, 2))
    assert one.shape == (30, KEYS)
    np.testing.assert_array_equal(model.compose(length=30, seed=1), one)
    assert (one != other).any()
    assert model.compose().shape == (64, KEYS)
    assert model.compose(PIECES[0], length=0).shape == (8, KEYS)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"prompt": []}, DataError, "the sequence is empty"),
        ({"prompt": [[0, 1, 3]]}, DataError, "no note of the piece sounds at any frame"),
        (
            {"prompt": PIECES[0], "opening": 9},
            OptionError,
            "opening is 9, and the prompt has 8 frames; choose 1 to 8",
        ),
        ({"prompt": PIECES[0], "opening": 0}, OptionError, "opening is 0, and the prompt has 8 frames"),
        ({"opening": 4}, OptionError, "opening is 4, and there is no prompt to take it of"),
        ({"length": -1}, OptionError, "length is -1; choose a whole number of at least 0"),
        ({"top_k": 3}, OptionError, "top_k is 3, which is for symbols"),
        ({"temperature": -1}, OptionError, "temperature is -1"),
    ],
)
def test_what_cannot_be_composed(
    model: Model, given: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        model.compose(**given)


def test_music_is_not_text(model: Model) -> None:
    with pytest.raises(UsageError, match="this model composes music and writes no text"):
        model.generate()


def test_the_estimator(model: Model, tmp_path: Path) -> None:
    estimator = SequenceGenerator(
        kind="music", frames_per_quarter=1, cell="elman", hidden_size=5, epochs=2, batch_size=8,
        validation=0.0, random_state=0,
    )  # fmt: skip
    estimator.fit(PIECES)
    found = estimator.model_
    assert isinstance(found.task, GenerateFrames)
    with prepared(settings()).train as data:
        tally = tallied(found.network, found.task, data, 8)
        np.testing.assert_allclose(estimator.score(PIECES), -found.task.scores(tally)["loss"], rtol=1e-6)
    estimator.save(tmp_path / "model")
    again = SequenceGenerator.load(tmp_path / "model")
    np.testing.assert_array_equal(
        again.compose(PIECES[0], opening=2, length=5), estimator.compose(PIECES[0], opening=2, length=5)
    )


def test_a_piece_can_be_classified_and_no_frame_labelled() -> None:
    data = {"kind": "music", "frames_per_quarter": 1}
    source = MemorySource(PIECES, ["low", "high", "low", "high", "low"])
    with prepared_for(source, Settings.parse({"task": "classify", "data": data})).train as found:
        assert isinstance(found, Encoded)
        assert found.store.gather(np.array([0]), 12).shape == (12, 1, KEYS)
    assert len(list(usable(source, Form("music")))) == len(PIECES)  # as a trained model reads it
    with pytest.raises(
        OptionError, match=r"X is read as music \(as set\), and the task 'label' answers to each elem"
    ):
        prepared_for(source, Settings.parse({"task": "label", "data": data}))
