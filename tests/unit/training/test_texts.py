"""A text is learned in lanes whose state goes on from step to step, as a plain loop over the text says, and a
run that stops in between goes on to the last bit."""

import itertools
import signal
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from throughtime.core.errors import DataError, InterruptedFit, OptionError, UsageError
from throughtime.core.noise import without_noise
from throughtime.data.continuous import Continuous
from throughtime.data.memory import MemorySource
from throughtime.training import epochs
from throughtime.training.checkpoint_writer import CheckpointFile
from throughtime.training.judging import judge, mean_loss
from throughtime.training.loop import Fitted, fit
from throughtime.training.model import Model
from throughtime.training.model_folder import build_network, from_bytes, to_bytes
from throughtime.training.preparation import Prepared
from throughtime.training.runs import prepared_for, train
from throughtime.training.settings import Settings

VERSES = ["the cat sat on the mat", "the hat sat on the cat", "that cat ate the oats", "a cat hates hats"]
LANES, CHUNK, EPOCHS = 2, 7, 3


def settings(network: dict[str, Any] | None = None, **training: Any) -> Settings:
    return Settings.parse(
        {
            "task": "generate",
            "network": {"cell": "elman", "hidden_size": 5, "embedding_size": 4} | (network or {}),
            "training": {"batch_size": LANES, "chunk_size": CHUNK, "epochs": EPOCHS, "patience": 0}
            | training,
        }
    )


def prepared(of: Settings, **others: Any) -> Prepared[Continuous]:
    found = prepared_for(MemorySource(VERSES), of, **others)
    assert isinstance(found.train, Continuous)
    return found  # type: ignore[return-value]


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def plain_run(network: Any, ids: np.ndarray, rate: float) -> tuple[dict[str, np.ndarray], list[float]]:
    """Return weights and losses after one epoch of gradient descent on an Elman network, in float64: a lane
    is read by hand, chunk by chunk, and errors go back to the beginning of a chunk and no further."""
    embedding, elman, readout = network.cells
    w = {
        "E": embedding.weight, "W": elman.input_weight, "U": elman.recurrent_weight, "b": elman.bias,
        "R": readout.weight, "r": readout.bias,
    }  # fmt: skip
    w = {name: np.asarray(value, np.float64) for name, value in w.items()}
    ends = [lane * (len(ids) - 1) // LANES for lane in range(LANES + 1)]
    h = np.zeros((LANES, len(w["b"])))
    losses = []
    for start in range(0, max(b - a for a, b in itertools.pairwise(ends)), CHUNK):
        gradient = {name: np.zeros_like(value) for name, value in w.items()}
        loss = count = 0.0
        for lane in range(LANES):
            first, end = ends[lane] + start, min(ends[lane] + start + CHUNK, ends[lane + 1])
            steps = []
            for place in range(first, end):
                x = w["E"][ids[place]]
                new = np.tanh(w["W"] @ x + w["U"] @ h[lane] + w["b"])
                p = softmax(w["R"] @ new + w["r"])
                loss -= np.log(p[ids[place + 1]])
                p[ids[place + 1]] -= 1
                steps.append((ids[place], h[lane].copy(), new, p))
                h[lane] = new
            count += end - first
            back = np.zeros_like(h[lane])
            for symbol, before, new, error in reversed(steps):
                gradient["R"] += np.outer(error, new)
                gradient["r"] += error
                summed = (w["R"].T @ error + back) * (1 - new**2)
                gradient["W"] += np.outer(summed, w["E"][symbol])
                gradient["U"] += np.outer(summed, before)
                gradient["b"] += summed
                gradient["E"][symbol] += w["W"].T @ summed
                back = w["U"].T @ summed
        for name in w:
            w[name] = w[name] - rate * gradient[name] / count
        losses.append(loss / count)
    return w, losses


def test_an_epoch_is_that_of_a_plain_loop_that_carries_the_state() -> None:
    of = settings(
        optimizer="sgd",
        learning_rate=0.5,
        clip_norm=0,
        weight_decay=0,
        epochs=1,
        validation=0,
        batch_size=LANES,
    )
    data = prepared(of)
    network = build_network(of, data.encoder, data.task)
    expected, losses = plain_run(network, data.train.ids.astype(int), 0.5)
    assert len(losses) == data.train.batch_count(LANES, CHUNK) > 4
    fitted = fit(network, data.task, data.train, None, of.training, seed=0)
    embedding, elman, readout = fitted.network.cells
    for name, found in {
        "E": embedding.weight, "W": elman.input_weight, "U": elman.recurrent_weight, "b": elman.bias,
        "R": readout.weight, "r": readout.bias,
    }.items():  # fmt: skip
        np.testing.assert_allclose(found, expected[name], rtol=0, atol=2e-6, err_msg=name)
    assert np.abs(expected["U"] - np.asarray(network.cells[1].recurrent_weight)).max() > 0.05
    sizes = [batch.lengths.sum() for batch in data.train.chunks(LANES, CHUNK)]
    assert fitted.history[0]["train_loss"] == pytest.approx(np.average(losses, weights=sizes), rel=1e-6)
    assert fitted.history[0]["symbols_per_second"] > 0


def test_a_held_out_text_is_read_to_its_end_with_the_state_carried_on() -> None:
    of = settings()
    data = prepared(of)
    network = build_network(of, data.encoder, data.task)
    embedding, elman, readout = network.cells
    ids, h, losses = data.train.ids, np.zeros(5), []
    for symbol, following in itertools.pairwise(ids):
        h = np.tanh(elman.input_weight @ embedding.weight[symbol] + elman.recurrent_weight @ h + elman.bias)
        losses.append(-np.log(softmax(np.asarray(readout.weight @ h + readout.bias))[following]))
    for chunk in (5, 64):
        assert mean_loss(network, data.task, data.train, 1, chunk) == pytest.approx(np.mean(losses), rel=1e-5)
    scores = judge(network, data.task, data.train, 1, 16)
    assert scores["perplexity"] == pytest.approx(np.exp(np.mean(losses)), rel=1e-5)
    # Of characters, each symbol is one.
    assert scores["bits_per_character"] == pytest.approx(np.mean(losses) / np.log(2), rel=1e-5)


def trained(of: Settings, data: Prepared[Continuous], file: CheckpointFile | None = None) -> Fitted:
    network = build_network(of, data.encoder, data.task)
    return fit(network, data.task, data.train, data.validation, of.training, seed=3, checkpoint=file)


def test_a_run_goes_on_in_the_middle_of_a_text_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = settings({"dropout": 0.3, "cell": "lstm"}, schedule="cosine")
    data, steps = prepared(of), 0
    whole, step = trained(of, data), epochs.training_step

    def pressed(*arguments: Any, **options: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == data.train.batch_count(LANES, CHUNK) + 3:
            signal.raise_signal(signal.SIGINT)
        return step(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(epochs, "training_step", pressed)
        with pytest.raises(InterruptedFit, match="interrupted in epoch 2 after 3 batches"):
            trained(of, data, CheckpointFile(tmp_path / "run", "print"))
    again = trained(of, data, CheckpointFile(tmp_path / "run", "print", resume=True))
    assert [row["loss"] for row in again.history] == [row["loss"] for row in whole.history]
    for one, other in zip(jax.tree.leaves(again.network), jax.tree.leaves(whole.network), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.parametrize(
    "training",
    [{"rule": "rtrl", "chunk_size": 1}, {"softmax_samples": 4}],
    ids=["an online rule", "a softmax over candidates"],
)
def test_other_ways_to_learn_a_text(training: dict[str, Any]) -> None:
    of = settings({"tied_readout": "softmax_samples" in training}, epochs=2, **training)
    history = trained(of, prepared(of)).history
    assert history[-1]["loss"] < history[0]["loss"] < np.log(20)


@pytest.fixture(scope="module")
def model() -> Model:
    """A model of verses that was trained for a moment, saved and loaded."""
    of = settings({"cell": "gru", "hidden_size": 8}, epochs=2)
    return from_bytes(*to_bytes(train(prepared(of), of)))


def test_what_is_likeliest_is_written_as_the_whole_text_is_read(model: Model) -> None:
    from throughtime import apply

    text = "the cat"
    for _ in range(9):
        ids = jnp.zeros((16, 1), jnp.int32).at[: len(text), 0].set(model.encoder.encode(text))
        scores = np.array(apply(without_noise(model.network), ids))[len(text) - 1, 0]
        scores[0] = -np.inf  # the unknown symbol is never written
        text += model.encoder.symbols[int(scores.argmax())]  # type: ignore[union-attr]
    assert model.generate("the cat", length=9, temperature=0) == text[len("the cat") :]


def test_texts_are_those_of_their_seed_and_end_where_they_should(model: Model) -> None:
    text = model.generate(length=60, seed=4)
    assert len(text) == 60
    assert text == model.generate(length=60, seed=4) != model.generate(length=60, seed=5)
    assert "".join(model.write(length=60, seed=4)) == text
    middle = text[20:23]
    assert model.generate(length=60, seed=4, stop=middle) == text[: text.index(middle)]
    assert model.generate(length=60, seed=4, stop=["not there", text[:1]]) == ""
    assert model.generate(length=60, seed=4, stop="not there") == text
    assert model.generate(length=0) == ""
    endless = model.write(seed=4)
    assert "".join(next(endless) for _ in range(60)) == text


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"prompt": ""}, OptionError, "the prompt is empty; give at least one symbol, or leave it out"),
        ({"prompt": "thé cät"}, UsageError, "the prompt has 'é', 'ä', which the model never saw in training"),
        ({"length": -1}, OptionError, "length is -1; choose a whole number of at least 0"),
        ({"stop": ""}, OptionError, "stop holds an empty text, which is everywhere"),
        ({"temperature": -1}, OptionError, "temperature is -1; it has to be greater than or equal to 0"),
        ({"seed": -1}, OptionError, "seed is -1; choose a whole number from 0"),
    ],
)
def test_what_cannot_be_written_is_refused(
    model: Model, given: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        model.generate(**given)


def test_a_model_that_writes_does_not_answer(model: Model) -> None:
    with pytest.raises(UsageError, match=r"the task 'generate' has no answer to a sequence, and writes on"):
        model.predict(["the cat"])


def test_a_text_of_words_and_a_part_to_validate_on() -> None:
    of = settings().model_copy(update={"data": settings().data.model_copy(update={"kind": "words"})})
    data = prepared(of, held_out=MemorySource(["the dog sat on the mat"]))
    assert data.validation is not None
    assert data.validation.predicted == 6
    assert data.notes[-1] == (
        "1 of the 7 symbols of the part for validation are not in the training part and count as one unknown "
        "symbol"
    )
    assert data.task.counts.seen(1)
    # Seven symbols stand for 23 characters.
    assert data.task.scores(1.0, data.validation)["bits_per_character"] == pytest.approx(7 / 23 / np.log(2))


@pytest.mark.parametrize(
    ("network", "training", "message"),
    [
        (
            {"direction": "both"},
            {"chunk_size": None},
            "network.direction is 'both', and a text is read from its",
        ),
        ({"pooling": "mean"}, {}, "network.pooling is 'mean', and each symbol follows from the last step"),
        (
            {},
            {"optimizer": "hessian_free", "chunk_size": None},
            "'hessian_free', which needs whole sequences",
        ),
        ({}, {"optimizer": "ridge", "chunk_size": None}, "'ridge', which needs whole sequences"),
        ({}, {"softmax_samples": 5, "rule": "rtrl"}, "softmax_samples is 5 and training.rule is 'rtrl'"),
    ],
)
def test_settings_that_are_of_no_use_for_a_text(
    network: dict[str, Any], training: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        settings(network, **training)


def test_settings_that_are_of_use_for_a_text_alone() -> None:
    with pytest.raises(OptionError, match="softmax_samples is 5, and the task 'classify' has no use for it"):
        Settings.parse({"task": "classify", "training": {"softmax_samples": 5}})


def test_texts_that_cannot_be_learned() -> None:
    with pytest.raises(
        OptionError, match=r"symbols to train on, and batch_size=2 lanes of one chunk of chunk"
    ):
        prepared(settings(chunk_size=500))
    of = settings()
    with pytest.raises(
        OptionError, match=r"is read as numbers .* a text is made of one symbol after another"
    ):
        prepared_for(MemorySource([[0.5, 1.0], [2.0]]), of)
    with pytest.raises(DataError, match=r"\(the part for validation\): holds 1 symbols, too few"):
        prepared_for(MemorySource(VERSES), settings(validation=0.01))
