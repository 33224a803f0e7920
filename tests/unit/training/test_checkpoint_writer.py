"""Checkpoints reach the disk in order, the newest always, and a disk that fails is not passed over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from throughtime.core.errors import DivergedError, UsageError
from throughtime.networks import Linear
from throughtime.training import checkpoint_writer
from throughtime.training.checkpoint import Position, Run, load_checkpoint
from throughtime.training.checkpoint_writer import CheckpointFile, CheckpointWriter

LINEAR = Linear(2, 3, key=jax.random.key(0))


def run_at(epoch: int) -> Run:
    return Run(LINEAR, {"count": jnp.array(epoch)}, LINEAR, Position(epoch=epoch, step=epoch))


def take_and_write(writer: CheckpointWriter, run: Run) -> None:
    writer.take(run, at_once=True)
    writer.write()


class Disk:
    """Writes files when it is let, and remembers the epochs in them."""

    def __init__(self, path: Path):
        self.path = path
        self.open = threading.Event()
        self.open.set()
        self.begun = threading.Event()
        self.full = False
        self.epochs: list[int] = []

    def write_file(self, path: Path, content: bytes) -> None:
        self.begun.set()
        assert self.open.wait(30)
        if self.full:
            raise UsageError(f"{path}: cannot be written")
        path.write_bytes(content)
        self.epochs.append(load_checkpoint(path, run_at(0), "print").position.epoch)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(tmp_path / "run.safetensors")
    monkeypatch.setattr(checkpoint_writer, "write_file", disk.write_file)
    yield disk
    disk.open.set()


def file(disk: Disk) -> CheckpointFile:
    return CheckpointFile(disk.path, "print")


def test_each_is_written_when_the_disk_keeps_up(disk: Disk) -> None:
    with CheckpointWriter(file(disk)) as writer:
        for epoch in range(1, 5):
            take_and_write(writer, run_at(epoch))
            writer.finish()
            assert disk.epochs == list(range(1, epoch + 1))


def test_nobody_waits_for_a_slow_disk_and_the_newest_is_written_next(disk: Disk) -> None:
    disk.open.clear()
    with CheckpointWriter(file(disk)) as writer:
        take_and_write(writer, run_at(1))
        assert disk.begun.wait(30)
        for epoch in (2, 3, 4):
            take_and_write(writer, run_at(epoch))
        assert disk.epochs == []
        disk.open.set()
    assert disk.epochs == [1, 4]


def test_epochs_too_short_for_one_each_share_it(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(checkpoint_writer.time, "monotonic", lambda: now)
    with CheckpointWriter(file(disk)) as writer:
        for epoch, seconds in enumerate([0, 0.03, 0.05, 0.03, 0.2, 0.02], start=1):
            now += seconds
            writer.take(run_at(epoch))
            writer.finish()
        assert disk.epochs == [1, 4, 5]
        writer.take(run_at(6), at_once=True)
    assert disk.epochs == [1, 4, 5, 6]


def test_the_end_waits_for_the_disk(disk: Disk) -> None:
    disk.open.clear()
    threading.Timer(0.05, disk.open.set).start()
    with CheckpointWriter(file(disk)) as writer:
        take_and_write(writer, run_at(7))
    assert disk.epochs == [7]


def test_a_full_disk_is_said_at_the_next_checkpoint(disk: Disk) -> None:
    with CheckpointWriter(file(disk)) as writer:
        take_and_write(writer, run_at(1))
        writer.finish()
        disk.full = True
        take_and_write(writer, run_at(2))
        writer._thread.submit(len, ()).result()
        writer.take(run_at(3), at_once=True)
        with pytest.raises(UsageError, match="cannot be written"):
            writer.write()
        disk.full = False
    assert disk.epochs == [1, 3]


def test_a_full_disk_is_said_at_the_end_even_if_something_newer_waited(disk: Disk) -> None:
    def write_three() -> None:
        with CheckpointWriter(file(disk)) as writer:
            take_and_write(writer, run_at(1))
            assert disk.begun.wait(30)
            take_and_write(writer, run_at(2))
            take_and_write(writer, run_at(3))
            disk.open.set()

    disk.full = True
    disk.open.clear()
    with pytest.raises(UsageError, match="cannot be written"):
        write_three()
    assert disk.epochs == []


def test_what_ends_the_run_is_said_before_a_full_disk(disk: Disk) -> None:
    def diverge() -> None:
        with CheckpointWriter(file(disk)) as writer:
            take_and_write(writer, run_at(1))
            raise DivergedError("the loss is nan")

    disk.full = True
    with pytest.raises(DivergedError, match="the loss is nan"):
        diverge()


def test_nothing_is_written_without_a_file(disk: Disk) -> None:
    with CheckpointWriter(None) as writer:
        take_and_write(writer, run_at(1))
        writer.finish()
    assert disk.epochs == []
    assert not disk.begun.is_set()
