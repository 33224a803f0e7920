"""A run has a checkpoint after each epoch, from each of which it goes on to the same end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest

from throughtime.core.errors import InterruptedFit
from throughtime.data.batching import batches
from throughtime.data.memory import MemorySource
from throughtime.training import checkpoint_writer, epochs
from throughtime.training.checkpoint import Position, Run
from throughtime.training.checkpoint_writer import CheckpointFile, CheckpointWriter
from throughtime.training.epochs import batches_ahead
from throughtime.training.loop import Fitted, fit
from throughtime.training.model_folder import build_network
from throughtime.training.preparation import Prepared, prepare
from throughtime.training.progress import SILENT
from throughtime.training.settings import Settings

EPOCHS, BATCHES = 3, 7
SETTINGS = Settings.parse(
    {
        "task": "classify",
        "network": {"cell": "elman", "hidden_size": 3, "dropout": 0.3},
        "training": {"epochs": EPOCHS, "batch_size": 4, "validation": 0, "patience": 0, "schedule": "cosine"},
    }
)


@pytest.fixture(scope="module")
def data() -> Iterator[Prepared]:
    generator = np.random.default_rng(0)
    sequences = [generator.normal(size=(6, 2)) for _ in range(4 * BATCHES - 1)]
    prepared = prepare(
        MemorySource(sequences, ["ab"[index % 2] for index in range(len(sequences))]), SETTINGS
    )
    yield prepared
    prepared.close()


def trained(data: Prepared, file: CheckpointFile | None = None) -> Fitted:
    network = build_network(SETTINGS, data.encoder, data.task)
    return fit(network, data.task, data.train, None, SETTINGS.training, seed=3, checkpoint=file)


def same(one: Fitted, other: Fitted) -> bool:
    pairs = zip(jax.tree.leaves(one.network), jax.tree.leaves(other.network), strict=True)
    losses = [[row["train_loss"] for row in fitted.history] for fitted in (one, other)]
    return losses[0] == losses[1] and all(
        np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in pairs
    )


def test_there_is_a_checkpoint_of_each_epoch_and_each_goes_on_to_the_same_end(
    data: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes] = []
    take = CheckpointWriter.take

    def take_and_finish(writer: CheckpointWriter, run: Run, *, at_once: bool) -> None:
        take(writer, run, at_once=at_once)
        writer.finish()

    monkeypatch.setattr(checkpoint_writer, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(checkpoint_writer, "write_file", lambda path, content: kept.append(content))
    monkeypatch.setattr(CheckpointWriter, "take", take_and_finish)
    whole = trained(data, CheckpointFile(tmp_path / "run", "print"))
    assert len(kept) == EPOCHS
    assert len(set(kept)) == EPOCHS
    for content in list(kept):
        (tmp_path / "run").write_bytes(content)
        assert same(trained(data, CheckpointFile(tmp_path / "run", "print", resume=True)), whole)
    assert same(trained(data), whole)


def test_the_first_and_the_last_epoch_have_a_checkpoint_however_short(
    data: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes] = []
    monkeypatch.setattr(checkpoint_writer, "SECONDS_BETWEEN", 1000)
    monkeypatch.setattr(checkpoint_writer, "write_file", lambda path, content: kept.append(content))
    whole = trained(data, CheckpointFile(tmp_path / "run", "print"))
    assert 1 <= len(kept) <= 2  # the first gives way to the last if the thread has not come to it
    (tmp_path / "run").write_bytes(kept[-1])
    monkeypatch.setattr(epochs, "training_step", lambda *_, **__: pytest.fail("trained again"))
    assert same(trained(data, CheckpointFile(tmp_path / "run", "print", resume=True)), whole)


@pytest.mark.parametrize("batch", [1, 5, BATCHES])
def test_ctrl_c_leaves_a_checkpoint_that_goes_on_to_the_same_end(
    batch: int, data: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, file, steps = trained(data), tmp_path / "run", 0
    step = epochs.training_step

    def pressed(*arguments: object, **options: object) -> object:
        nonlocal steps
        steps += 1
        if steps == BATCHES + batch:
            signal.raise_signal(signal.SIGINT)
        return step(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(epochs, "training_step", pressed)
        with pytest.raises(InterruptedFit, match=rf"interrupted in epoch \d after {batch % BATCHES} batches"):
            trained(data, CheckpointFile(file, "print"))
    assert same(trained(data, CheckpointFile(file, "print", resume=True)), whole)


@pytest.mark.parametrize("steps_under_way", [0, 1, 100])
def test_how_many_steps_are_under_way_changes_nothing(
    steps_under_way: int, data: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = trained(data)
    monkeypatch.setattr(epochs, "STEPS_UNDER_WAY", steps_under_way)
    assert same(trained(data), usual)


def test_a_watcher_hears_of_each_batch_once(data: Prepared) -> None:
    heard: list[Position] = []

    class Listening(type(SILENT)):  # type: ignore[misc]
        def batch_done(self, position: Position) -> None:
            heard.append(position)

    network = build_network(SETTINGS, data.encoder, data.task)
    fit(network, data.task, data.train, None, SETTINGS.training, seed=3, watcher=Listening())
    assert [(position.epoch, position.batch) for position in heard] == [
        (epoch, batch) for epoch in range(EPOCHS) for batch in range(1, BATCHES + 1)
    ]
    assert [position.weight_sum for position in heard[:BATCHES]][-1] == len(data.train)


@pytest.mark.parametrize(("epoch", "batch"), [(0, 0), (1, 2), (1, BATCHES), (EPOCHS, 0)])
def test_batches_ahead_begin_where_a_run_stands(epoch: int, batch: int, data: Prepared) -> None:
    settings = SETTINGS.training
    expected = []
    for number in range(EPOCHS):
        plan = data.train.plan(settings.batch_size, seed=3, epoch=number)
        expected += zip(plan, batches(data.train, plan, settings.batch_size), strict=True)
    ahead = list(batches_ahead(data.train, settings, 3, Position(epoch=epoch, batch=batch), EPOCHS))
    left = expected[epoch * BATCHES + batch :]
    assert len(ahead) == len(left)
    for ready, (piece, one) in zip(ahead, left, strict=True):
        assert ready.weight == len(piece.indices) == one.weights.sum()
        assert all(map(np.array_equal, ready.batch, one))
